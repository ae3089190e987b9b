"""The desk: what the console's pages show and what can be done there. The console knows nothing else of the agent.

All times are server wall time, ms since 1970 UTC, as the agent reckons it. Pages render `Desk.view()`, wait with
`Desk.changed`, and act by the other methods, each of which raises DeskError with a sentence for whoever stands there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from bridge_agent.errors import RetryableError
from bridge_agent.health.day import DayView
from bridge_agent.health.remedies import Act
from bridge_agent.recognition.events import Prompt, Stage
from bridge_agent.streaming.showing import StreamView
from models.records import CheckInMethod, Flag
from models.wire import ConsentText

Purpose = Literal["check_in", "enrol"]
Presence = Literal["present", "away", "vouched", "not_yet", "unobserved"]
"""Seen now; seen before and not now; known by card, PIN or spot check; not checked in; where no camera can tell."""


class DeskError(RetryableError):
    """What was asked for can't be done now; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """A learner of the session."""

    learner: str
    code: str
    name: str
    unit: str
    birth_year: int | None
    presence: Presence
    since: int | None
    """Since when this presence is so."""
    checked_in_at: int | None
    method: CheckInMethod | None
    face: bool
    """The camera knows this learner."""
    card: bool
    pin: bool
    spot_check_until: int | None
    """The learner is asked to confirm until then."""


@dataclass(frozen=True, slots=True)
class Guidance:
    """What the person before the camera is told, and where the face is (shares of the picture), if any."""

    stage: Stage
    vi: str
    en: str
    box: tuple[float, float, float, float] | None
    prompt: Prompt | None
    step: int
    steps: int
    until: int | None
    """When the time for this step is up."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the last try to check in or to enrol came to; shown for some seconds, then the page starts anew."""

    number: int
    """Counts outcomes: a page tells a new one by it."""
    at: int
    kind: Literal["admitted", "again", "doubt", "refused", "enrolled"]
    """`doubt`: a card or PIN is asked for. `again`: had checked in before."""
    learner: Row | None
    method: CheckInMethod | None
    vi: str
    en: str
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class DutyPerson:
    """Somebody who is or may be on duty."""

    id: str
    name: str
    deputy: bool
    has_pin: bool


@dataclass(frozen=True, slots=True)
class SessionView:
    """The session that runs or comes next."""

    session: str
    course: str
    title: str
    start: int
    end: int
    watching: bool
    """The room is watched now."""
    people: int
    known: int
    unknown: int
    """Of the newest look at the room; `known` counts learners vouched for, too."""
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class DeskView:
    """Everything the pages show, as of `now`. `version` changes whenever anything does but the time."""

    version: int
    now: int
    bridge_point: str
    session: SessionView | None
    on_duty: DutyPerson | None
    may_be_on_duty: tuple[DutyPerson, ...]
    purpose: Purpose | None
    """What the camera at the desk is used for now."""
    guidance: Guidance | None
    outcome: Outcome | None
    card_read: int
    """Which card waits for the witness's PIN and word, counted; 0: none."""
    card_shown: Row | None
    """Whose it is, once the witness's PIN was right: the witness says whether it is this person."""
    consent: ConsentText | None
    """By which no portrait is kept."""
    enrolling: Row | None
    portraits: tuple[int, int]
    """Taken and needed."""
    day: DayView
    """The page of the day: lights, faults, sessions, what is left to do."""
    sweep_ms: int
    slowed: bool
    """The PC is too slow for the sweep rate that is set, so the room is looked at less often."""
    stream: StreamView | None = None
    """The room's stream; None between sessions."""
    keeping: Mapping[str, ConsentText] = field(default_factory=dict)
    """By learner, the text by which portraits are kept; whoever stands here is asked by that one first."""
    keeps: bool = False
    """Of whoever is being enrolled portraits are kept."""

    @property
    def alarms(self) -> tuple[tuple[str, str], ...]:
        """The sentences of all alarms that stand, Vietnamese and English."""
        return tuple((one.fault.vi, one.fault.en) for one in self.day.faults if not one.quiet)


@dataclass(frozen=True, slots=True)
class RoomView:
    """A picture of the room: JPEG, and when it was taken."""

    at: int
    jpeg: bytes


class Desk(Protocol):
    """What the console may ask of the agent."""

    def view(self) -> DeskView:
        """How things stand."""
        ...

    async def changed(self, version: int, timeout_s: float) -> int:
        """Wait until the view's version is another than `version`, or so many seconds; the version then."""
        ...

    def preview(self) -> bytes | None:
        """The newest picture of the desk as a JPEG, mirrored by the page; None when it is older than 2 s."""
        ...

    def room(self) -> RoomView | None:
        """The newest picture of the room, however old it is within ten minutes; a newer one is asked for."""
        ...

    async def do(self, act: Act) -> tuple[str, str]:
        """Do what was pressed on the page of the day; what came of it, in both languages."""
        ...

    def open(self, purpose: Purpose) -> None:
        """Use the camera for people before it, until `close` or until nobody asked for the view for a minute."""
        ...

    def close(self) -> None:
        """The room only."""
        ...

    async def take_duty(self, who: str, pin: str) -> None:
        """Be on duty from now on."""
        ...

    def end_duty(self) -> None:
        """Nobody is on duty."""
        ...

    async def name_deputy(self, learner: str, pin: str) -> None:
        """Whoever is on duty, and types the PIN, names a learner of this session (who has one) as deputy for it."""
        ...

    async def check_in_by_pin(self, who: str, pin: str) -> Outcome:
        """By the learner's code or id, and PIN. The witness on duty is written into the record."""
        ...

    def show_card(self, number: str) -> None:
        """A card was read, or its number typed. Whose it is nobody is told before the witness's PIN."""
        ...

    async def prove_card(self, pin: str) -> Row:
        """Whose card was read, for the witness on duty, who typed the PIN, to look whether it is this person's."""
        ...

    def confirm_card(self, learner: str) -> Outcome:
        """It is, says the witness who has just typed the PIN; checks the learner in."""
        ...

    def put_card_away(self) -> None:
        """It is not, or nobody answered: the card that is shown is forgotten."""
        ...

    async def answer_spot_check(self, learner: str, pin: str) -> None:
        """A learner who is asked confirms by PIN."""
        ...

    async def vouch(self, learner: str, pin: str) -> None:
        """The witness on duty sees a learner who is asked, and says so by the PIN."""
        ...

    async def enrol(self, learner: str, text_version: str, pin: str) -> None:
        """The learner agreed to this text before the witness on duty, who typed the PIN: take portraits."""
        ...

    def stop_enrolling(self) -> None:
        """Nothing is kept."""
        ...

    async def open_own_page(self, who: str, pin: str) -> str:
        """The address that opens a learner's own pages, by code and PIN, in a browser, once and within a minute."""
        ...

    async def open_classroom(self) -> str:
        """The address that opens the session's classroom for this room in a browser, once and within minutes."""
        ...
