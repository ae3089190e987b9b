"""Check-in by card or PIN before a witness, and spot checks answered: as quick as by the face, on the same screen."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bridge_agent.check_in.desk import DeskError, Outcome, Row
from bridge_agent.check_in.duty import Duty
from bridge_agent.check_in.expected import Expected, Surroundings
from bridge_agent.check_in.outcomes import Outcomes
from bridge_agent.check_in.pins import Pins
from bridge_agent.errors import AgentError, RefusedError
from bridge_agent.session import Recording
from models.codes import meant
from models.records import CheckInMethod, Vouch
from models.wire import RosterLearner

CARD_MS = 120_000
"""So long a card that was read waits for the witness's word."""
CARDS = "cards"
"""Wrong numbers of cards are counted for the desk, not for a person; an id of the server is never this short."""
_AGAIN = "Hãy đọc lại thẻ của học viên này.", "Read this learner's card again."


@dataclass(frozen=True, slots=True)
class _Card:
    """A card of `holder` was read at `at`; proved: the witness's PIN came after it."""

    holder: str
    at: int
    number: int
    proved: bool = False


class WithoutFace:
    """What people do at the desk who need no camera for it."""

    def __init__(self, around: Surroundings, expected: Expected, duty: Duty, outcomes: Outcomes, pins: Pins) -> None:
        self._around = around
        self._expected = expected
        self._duty = duty
        self._outcomes = outcomes
        self._pins = pins
        self._card: _Card | None = None
        self._cards = 0

    @property
    def card_read(self) -> int:
        """Which card waits for the witness's word, as a count of those that were read; 0: none."""
        if self._card is None or self._around.boot - self._card.at > CARD_MS:
            return 0
        return self._card.number

    @property
    def card_shown(self) -> RosterLearner | None:
        """Whose card waits: told only once the witness's PIN has shown that a witness is there to look."""
        if not self.card_read or self._card is None or not self._card.proved:
            return None
        return self._expected.find(self._card.holder)

    async def by_pin(self, who: str, pin: str) -> Outcome:
        """By the learner's code or id, and PIN. Raises DeskError."""
        self._expected.recording()
        learner = self._expected.by_code(who)
        self._duty.witness(learner.id)
        await self._check(learner.id, pin)
        return self._admit(learner, "pin")

    def show_card(self, number: str) -> None:
        """A card was read, or a number typed; wrong ones count, and whose it is is not told yet. Raises DeskError."""
        self._expected.recording()
        self._duty.witness()
        self._pins.lockout.begin(CARDS, self._around.boot)
        holder = self._around.gallery.holder(number, [one.id for one in self._expected.learners()])
        if holder is None:
            raise DeskError(
                "Thẻ này không phải của học viên nào trong buổi học. Hãy dùng mã PIN, hoặc nhờ cán bộ kỹ thuật.",
                "This card belongs to no learner of this session. Use the PIN, or ask the technician.",
            )
        self._cards += 1
        self._card = _Card(self._expected.known(holder).id, self._around.boot, self._cards)

    async def prove_card(self, pin: str) -> Row:
        """The PIN of whoever is on duty: whose card it is, to be looked at. Raises DeskError."""
        self._expected.recording()
        waiting = self._waiting()
        await self._duty.prove(pin)
        if self._waiting() is not waiting:
            raise DeskError(*_AGAIN)  # another was read meanwhile
        self._duty.witness(waiting.holder)
        self._card = replace(waiting, proved=True)
        return self._expected.row(self._expected.known(waiting.holder))

    def confirm_card(self, learner: str) -> Outcome:
        """The card is this person's, by the word of whoever is on duty and just typed the PIN. Raises DeskError."""
        self._expected.recording()
        shown = self.card_shown
        if shown is None or shown.id != learner:
            raise DeskError(*_AGAIN)
        self._duty.witness(learner)
        self._card = None
        self._pins.lockout.right(CARDS)
        return self._admit(shown, "card")

    def _waiting(self) -> _Card:
        if not self.card_read or self._card is None:
            raise DeskError(*_AGAIN)
        return self._card

    def put_card_away(self) -> None:
        """The card is forgotten."""
        self._card = None

    async def answer(self, learner: str, pin: str) -> None:
        """A learner who is asked confirms by PIN. Raises DeskError."""
        self._asked(learner)
        self._duty.witness()
        await self._check(learner, pin)
        self._confirm(learner, "pin", self._duty.witness())

    async def vouch(self, learner: str, pin: str) -> None:
        """The witness sees a learner who is asked, and types the PIN: anyone could press a button. Raises DeskError."""
        self._asked(learner)
        witness = self._duty.witness(learner)
        await self._duty.prove(pin)
        self._confirm(learner, "technician", witness)

    async def own_page(self, who: str, pin: str) -> str:
        """The address that opens a learner's own pages; the server looks at the PIN, too. Raises DeskError.

        Of a learner who is expected here wrong PINs are counted together with those of check-in. Others of this bridge
        point are known to the server alone, which counts theirs.
        """
        named = meant(who, {one.id: one.code for one in self._expected.learners()})
        if len(named) == 1 and self._around.gallery.pin(named[0]) is not None:
            await self._check(named[0], pin)
        try:
            return await self._around.own_page(who.strip(), pin.strip())
        except RefusedError as error:
            raise DeskError(error.vi, error.en) from error
        except AgentError as error:
            raise DeskError(
                "Máy này đang mất kết nối với máy chủ nên chưa mở được trang của đồng chí. Điểm danh vẫn hoạt động; "
                "mời đồng chí xem lại sau, hoặc báo cán bộ kỹ thuật.",
                "This PC has no connection to the server, so your page can't be opened now. Check-in goes on working; "
                "try again later, or tell the technician.",
            ) from error

    async def _check(self, learner: str, pin: str) -> None:
        await self._pins.check(learner, pin, self._around.gallery.pin(learner), self._around.boot)

    def _asked(self, learner: str) -> Recording:
        recording = self._expected.recording()
        if learner not in recording.attendance.checks.asked:
            raise DeskError(
                "Học viên này không (còn) được gọi xác nhận.", "This learner is not being asked to confirm (any more)."
            )
        return recording

    def _confirm(self, learner: str, method: Vouch, witness: str) -> None:
        self._asked(learner).attendance.answered(learner, self._around.boot, method, witness)
        self._around.wrote()

    def _admit(self, learner: RosterLearner, method: CheckInMethod) -> Outcome:
        """Check in: also what answers a spot check, or settles a doubt."""
        attendance, at = self._expected.recording().attendance, self._around.boot
        witness = self._duty.witness(learner.id)
        flags, unsure = self._outcomes.settled(learner.id)
        if learner.id in attendance.checks.asked:
            attendance.answered(learner.id, at, "card" if method == "card" else "pin", witness)
        new = attendance.admit(learner.id, method, at=at, witness=witness, flags=flags, unsure=unsure)
        return self._outcomes.checked_in(learner, method, new=new, flags=flags)
