"""Who is on duty at the desk: one person at a time, by PIN; nobody after a restart of the agent."""

from __future__ import annotations

from bridge_agent.check_in.desk import DeskError, DutyPerson
from bridge_agent.check_in.expected import Expected, Surroundings
from bridge_agent.check_in.pins import Pins
from bridge_agent.session import Recording


class Duty:
    """Takes and gives up duty, and names deputies. `person`: who is on duty."""

    def __init__(self, around: Surroundings, expected: Expected, pins: Pins) -> None:
        self.person: DutyPerson | None = None
        self._around = around
        self._expected = expected
        self._pins = pins

    def people(self) -> dict[str, DutyPerson]:
        """Who may be on duty, by id: the technicians' accounts, and the deputies named for the session."""
        people = {
            one.account: DutyPerson(one.account, one.name, False, one.pin is not None)
            for one in self._around.gallery.witnesses
        }
        if recording := self._around.recording():
            for learner in recording.attendance.deputies:
                if (one := self._expected.find(learner)) is not None:
                    people[learner] = DutyPerson(learner, one.name, True, True)
        return people

    def witness(self, beside: str | None = None) -> str:
        """The id of whoever is on duty. beside: the learner to be witnessed, who can't be the witness.

        Raises DeskError when nobody is, or the learner would be.
        """
        if self.person is None:
            raise DeskError(
                "Chưa có ai trực. Cán bộ kỹ thuật hãy nhận trực bằng mã PIN trước.",
                "Nobody is on duty. The technician takes duty by PIN first.",
            )
        if self.person.id == beside:
            raise DeskError(
                "Người đang trực không tự xác nhận cho mình. Hãy nhờ người khác nhận trực.",
                "Who is on duty can't be his or her own witness. Somebody else takes duty.",
            )
        return self.person.id

    def technician(self, beside: str) -> str:
        """As `witness`, but no deputy. Raises DeskError."""
        witness = self.witness(beside)
        if self.person is not None and self.person.deputy:
            raise DeskError(
                "Chỉ cán bộ kỹ thuật được chứng kiến việc đồng ý; người trực thay thì không.",
                "Only a technician may witness a consent, not a deputy.",
            )
        return witness

    async def take(self, who: str, pin: str) -> None:
        """Be on duty from now on. Raises DeskError."""
        if who not in self.people():
            raise DeskError(
                "Người này không có trong danh sách trực của điểm cầu. Hãy nhờ quản trị hệ thống thêm vào.",
                "This person may not be on duty at this bridge point. Ask the administrator.",
            )
        await self._check(who, pin)
        self.person = self.people().get(who)
        if recording := self._around.recording():
            self.session_began(recording)
            self._around.wrote()

    async def prove(self, pin: str) -> None:
        """The PIN is that of whoever is on duty. Raises DeskError."""
        who = self.witness()
        await self._check(who, pin)
        if self.witness() != who:
            raise DeskError("Người trực vừa đổi. Hãy làm lại.", "Somebody else is on duty now. Do it again.")

    async def _check(self, who: str, pin: str) -> None:
        witness = next((one for one in self._around.gallery.witnesses if one.account == who), None)
        phc = witness.pin if witness else self._around.gallery.pin(who)
        await self._pins.check(who, pin, phc, self._around.boot)

    def session_began(self, recording: Recording) -> None:
        """Write down who is on duty in this session."""
        if self.person is not None:
            recording.attendance.on_duty(self.person.id, self._around.boot)

    async def name_deputy(self, learner: str, pin: str) -> None:
        """A learner who is checked in and has a PIN may be on duty for this session, by the word and the PIN of the
        technician on duty. Raises DeskError."""
        self.technician(learner)
        await self.prove(pin)
        by = self.technician(learner)
        recording, one = self._expected.recording(), self._expected.known(learner)
        if self._around.gallery.pin(learner) is None or learner not in recording.attendance.admitted:
            raise DeskError(
                f"{one.name} cần điểm danh và có mã PIN trước khi làm người trực thay.",
                f"{one.name} needs to be checked in and to have a PIN before standing in.",
            )
        recording.attendance.name_deputy(learner, by)
        self._around.wrote()

    def tick(self) -> None:
        """The session of a deputy may be over, or an account be no more."""
        if self.person is not None and self.person.id not in self.people():
            self.person = None
