"""Alarms: what is wrong now, each fault once, as a sentence; told when it comes and when it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bridge_agent.clock import boot_ms
from bridge_agent.errors import RetryableError
from bridge_agent.journal import Journal
from bridge_agent.recognition.events import Trouble
from bridge_agent.server_clock import ClockSample
from models.clock_trust import SKEW_UNTRUSTED_MS, clock_trust
from models.language import both

SENTENCE_LIMIT = 200
"""Characters: models.wire.Text."""
_NOT_FOR_MANAGER = frozenset({"server", "restarted", "camera_back", "portraits", "trouble portraits"})
"""The server sees by itself that an agent is away; that it or its camera is back is nobody's task; and a portrait's
name may be a learner's, which stays here."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault as people at this PC are shown it, with people's names. name: its kind. since: server time, ms."""

    name: str
    vi: str
    en: str
    since: int | None = None


@dataclass(frozen=True, slots=True)
class _Standing:
    vi: str
    en: str
    about: str | None
    """Names of people, which are said at this PC only; None: it is about nobody."""
    since: int = field(default=0, compare=False)
    """When it came, on the boot-time clock."""

    @property
    def here(self) -> tuple[str, str]:
        names = f" ({self.about})" if self.about else ""
        return self.vi + names, self.en + names


class Alarms:
    """The faults that stand now, by name. boot: the boot-time clock."""

    def __init__(self, journal: Journal, boot: Callable[[], int] = boot_ms) -> None:
        self._journal = journal
        self._boot = boot
        self._standing: dict[str, _Standing] = {}

    def set(self, name: str, vi: str, en: str, about: str | None = None) -> None:
        """The fault `name` stands, in these words; told only when the words are new.

        about: of what is suspected of people, their names, which the sentences leave out ("" where nobody is named).
        """
        before = self._standing.get(name)
        fault = _Standing(vi, en, about, before.since if before else self._boot())
        if before != fault:
            self._standing[name] = fault
            vi, en = fault.here
            self._journal.say("alarm", f"! {vi}", f"! {en}", name=_plain(name))

    def clear(self, name: str) -> None:
        """The fault has passed."""
        if known := self._standing.pop(name, None):
            vi, en = known.here
            self._journal.say("alarm_over", f"Đã hết: {vi}", f"Over: {en}", name=_plain(name))

    def troubles(self, troubles: Mapping[str, Trouble]) -> None:
        """Recognition's own troubles are these now and no others."""
        names = {f"trouble {name}" for name in troubles}
        for gone in [name for name in self._standing if name.startswith("trouble ") and name not in names]:
            self.clear(gone)
        for name, trouble in troubles.items():
            self.set(f"trouble {name}", trouble.vi, trouble.en)

    def clock(self, sample: ClockSample) -> None:
        """The PC's wall clock against the server's: from 2 s on it is told, from 60 s on its times need a person."""
        trust = clock_trust(sample.offset, sample.uncertainty)
        vague = (sample.uncertainty or 0) > SKEW_UNTRUSTED_MS
        if vague or trust in ("good", "unmeasured"):  # a server that is away has its own alarm
            self.clear("clock")
            return
        # A round number: the offset wanders by milliseconds, and each new sentence would be told anew.
        minutes, seconds = divmod(round(abs(sample.offset or 0) / 1_000), 60)
        ahead = (sample.offset or 0) < 0
        vi = f"Đồng hồ máy này {'nhanh' if ahead else 'chậm'} {minutes} phút {seconds} giây so với máy chủ."
        en = f"This PC's clock is {minutes} min {seconds} s {'ahead of' if ahead else 'behind'} the server's."
        if trust == "untrusted":
            vi += " Thời lượng vẫn đúng, nhưng cần người kiểm tra giờ của các bản ghi; hãy chỉnh lại đồng hồ."
            en += " Durations stay right, but a person must check the records' times; set the clock."
        else:
            vi += " Thời lượng không bị ảnh hưởng; hãy chỉnh lại đồng hồ."
            en += " Durations are not affected; set the clock."
        self.set("clock", vi, en)

    def tried(self, name: str, work: Callable[[], object]) -> bool:
        """Do the work: a RetryableError becomes the fault `name` (False), getting through ends it (True)."""
        try:
            work()
        except RetryableError as error:
            self.set(name, error.vi, error.en)
            return False
        self.clear(name)
        return True

    def for_manager(self) -> tuple[str, ...]:
        """The sentences that go to whoever sees the session at the server, in Vietnamese."""
        told = [(name, one) for name, one in self._standing.items() if one.about is None]
        return tuple(_short(one.vi) for name, one in told if _plain(name) not in _NOT_FOR_MANAGER)

    def suspicions(self) -> tuple[str, ...]:
        """What is suspected of people, without their names, in Vietnamese: for technicians and class managers."""
        return tuple(dict.fromkeys(_short(one.vi) for one in self._standing.values() if one.about is not None))

    def standing(self) -> tuple[tuple[str, str], ...]:
        """The sentences in both languages, with people's names."""
        return tuple(one.here for one in self._standing.values())

    def shown(self, sample: ClockSample) -> tuple[Fault, ...]:
        """The faults for people at this PC, the oldest first."""
        return tuple(
            Fault(_plain(name), *one.here, sample.server_time(one.since)) for name, one in self._standing.items()
        )

    def named(self) -> dict[str, tuple[str, str]]:
        """The sentences in both languages, without people's names, by the fault's; of several of a kind the newest."""
        return {_plain(name): (one.vi, one.en) for name, one in self._standing.items()}

    def here(self) -> tuple[str, ...]:
        """The sentences for people at this PC."""
        return tuple(both(vi, en) for vi, en in self.standing())


def _short(sentence: str) -> str:
    """The sentence, cut behind a word where it is longer than what may travel."""
    if len(sentence) <= SENTENCE_LIMIT:
        return sentence
    return f"{sentence[: SENTENCE_LIMIT - 1].rsplit(' ', 1)[0]}…"


def _plain(name: str) -> str:
    """A fault's name without what tells several of a kind apart, which may hold a learner's name."""
    return name.partition(":")[0]
