"""Reads the page of the day off the running agent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge_agent.alarms import Alarms
from bridge_agent.check_in.gallery_store import GalleryStore
from bridge_agent.contact import Contact
from bridge_agent.courier import Courier
from bridge_agent.health.acts import Acts
from bridge_agent.health.checklist import Facts, Tried, checklist
from bridge_agent.health.day import DayView, Planned, faults_of
from bridge_agent.health.keeping import HealthWatch
from bridge_agent.health.lights import Situation, lights
from bridge_agent.plan import Plan, planned
from bridge_agent.recordings import Recordings
from bridge_agent.server_clock import ClockSample
from bridge_agent.setup.progress import Progress
from models.clock_trust import clock_trust
from models.wire import SessionPlan

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Day:
    """The agent's parts of which the page tells."""

    alarms: Alarms
    sample: Callable[[], ClockSample]
    recordings: Recordings
    plan: Plan
    courier: Courier
    gallery: GalleryStore
    streams: bool
    situation: Callable[[], Situation]
    health: Callable[[], HealthWatch | None]
    blind: Callable[[], tuple[str, str] | None]
    contact: Contact
    acts: Acts
    progress: Callable[[], Progress]
    """How far the wizard has come, where microphone and speaker are tried."""

    def view(self, on_duty: str | None, pictured: int | None) -> DayView:
        """How this bridge point stands. pictured: server time of the newest picture of the room."""
        now, sample, situation = self.recordings.now(), self.sample(), self.situation()
        shining, health, acts = lights(situation), self.health(), self.acts
        plan = self._next(now)
        faces, nothing = self._known(plan)
        machine = None if health is None else health.machine
        heard, progress = self.contact.heard_at, self.progress()
        facts = Facts(
            now=now,
            lights={light.part: light for light in shining},
            watching=situation.watching,
            pictured=pictured,
            blind=self.blind(),
            learners=len(plan.learners) if plan else 0,
            faces=faces,
            nothing=nothing,
            streams=self.streams,
            stream=situation.stream,
            stream_tried=acts.stream_tried,
            offset_ms=sample.offset,
            trust=clock_trust(sample.offset, sample.uncertainty),
            machine=machine,
            waiting=situation.waiting,
            awake=None if health is None else health.awake,
            on_duty=on_duty,
            consent=self.gallery.consent is not None,
            sound=_sound(progress, sample.offset or 0),
            sound_elsewhere=progress.sound_elsewhere,
        )
        return DayView(
            lights=shining,
            faults=faults_of(self.alarms.shown(sample), shining),
            sessions=(*self._over(), *(planned(one) for one in self._coming())),
            checks=checklist(facts),
            waiting=situation.waiting,
            oldest_at=self.courier.oldest(),
            machine=machine,
            heard_at=None if heard is None else heard - heard % MINUTE_MS,
            faces=faces,
        )

    def _next(self, now: int) -> SessionPlan | None:
        recording = self.recordings.current
        return (self.plan.of(recording.session) if recording else None) or self.plan.soonest(now)

    def _coming(self) -> list[SessionPlan]:
        return sorted(self.plan.sessions, key=lambda one: one.start)

    def _over(self) -> list[Planned]:
        held = self.courier.held
        return [
            one.over(kept, max(0, min(kept.records, kept.seq - held)) if kept else 0)
            for one in self.plan.over
            for kept in (self.recordings.kept.get(one.session),)
        ]

    def _known(self, plan: SessionPlan | None) -> tuple[int, int]:
        """Of how many learners a face is known, and of how many nothing is."""
        recording = self.recordings.current
        seen = recording.attendance.camera_knows if recording else frozenset[str]()
        faces = nothing = 0
        for one in plan.learners if plan else ():
            face = one.id in seen or self.gallery.has_template(one.id)
            faces += face
            nothing += not (face or self.gallery.has_card(one.id) or self.gallery.pin(one.id) is not None)
        return faces, nothing


def _sound(progress: Progress, offset: int) -> Tried | None:
    """When microphone and speaker had both been tried. offset: server time minus this PC's wall clock, ms."""
    tried = [progress.results.get(step) for step in ("sound", "speaker")]
    known = [one for one in tried if one is not None]
    if len(known) < len(tried):
        return None
    return Tried(min(one.at for one in known) + offset, all(one.light == "good" for one in known))
