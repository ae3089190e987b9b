"""By what somebody who tries the demo can use its desk: a technician's PIN, a learner's PIN and card, made on the
server's pages as people make them."""

from __future__ import annotations

import contextlib
import re
import secrets
from dataclasses import dataclass

import httpx

from central_server.accounts.passwords import check_pin
from central_server.errors import InputError
from central_server.learners.means import new_pin
from deploy.demo.page import ManagersView
from deploy.demo.programs import ProgramError


@dataclass(frozen=True, slots=True)
class DeskKeys:
    """What is to be typed at the bridge point's pages."""

    technician_pin: str
    learner: str
    code: str
    pin: str
    card: str


def make(manager: ManagersView, technician: ManagersView) -> DeskKeys:
    """Choose the technician's PIN, have one made for the first learner, and give the learner a card.

    Both are signed in. Raises ProgramError.
    """
    witness = _pin()
    technician.post("/account/pin", {"pin": witness, "again": witness})
    session = manager.participation()
    learner, course = session.learners[0], session.course_id
    slips = manager.post(f"/courses/{course}/pins", {"new": learner.id}, httpx.codes.OK)
    shown = re.search(r'class="slip-pin">.*?<b>([\d ]+)</b>', slips, re.DOTALL)
    if shown is None:
        raise ProgramError("Máy chủ không tạo được mã PIN.", "The server made no PIN.")
    card = str(secrets.randbelow(9 * 10**9) + 10**9)
    manager.post(f"/courses/{course}/cards", {f"card.{learner.id}": card})
    return DeskKeys(witness, learner.name, learner.code, shown[1].replace(" ", ""), card)


def _pin() -> str:
    """Six random figures that the server does not call too easy."""
    while True:
        pin = new_pin()
        with contextlib.suppress(InputError):
            check_pin(pin, pin)
            return pin
