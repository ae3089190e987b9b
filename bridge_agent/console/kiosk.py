"""What the learners' page is told: a pure reading of the desk's view, without a name that nobody has proved.

A face in doubt resembles somebody, and who that is must not be told to whoever stands there: an outcome that is neither
`admitted` nor `again` carries no name, no id and no unit. The page answers a doubt by its number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bridge_agent.check_in.desk import DeskView, Guidance, Outcome, Row
from bridge_agent.console.words import Words
from models.codes import meant
from models.language import Language

DOUBT_LIFE_MS = 60_000
"""A doubt can be settled by a PIN for so long; then whoever stands there begins anew."""


def state(view: DeskView, lang: Language, closed: tuple[str, str] | None) -> dict[str, Any]:
    """As JSON for the page. `closed`: why the camera can't be used for check-in now."""
    words = Words(lang)
    return {
        "session": view.session is not None,
        "purpose": view.purpose,
        "enrolling": view.enrolling is not None,
        "closed": None if closed is None else words.say(closed),
        "duty": None if view.on_duty is None else view.on_duty.name,
        "guidance": guidance(view, words) if view.purpose == "check_in" else None,
        "outcome": None if view.outcome is None else outcome(view.outcome, view.now, words),
        "card": view.card_read,
    }


def guidance(view: DeskView, words: Words) -> dict[str, Any] | None:
    """What the person before the camera is told; `left_ms`: for so long, None without a limit."""
    told: Guidance | None = view.guidance
    if told is None:
        return None
    return {
        "stage": told.stage,
        "sentence": words.t(told.vi, told.en),
        "box": told.box,
        "prompt": told.prompt,
        "step": told.step,
        "steps": told.steps,
        "left_ms": None if told.until is None else max(0, told.until - view.now),
    }


def outcome(came: Outcome, now: int, words: Words) -> dict[str, Any]:
    """An outcome; who it is only when that was proved."""
    proved = came.kind in ("admitted", "again")
    who = came.learner if proved else None
    return {
        "number": came.number,
        "age_ms": max(0, now - came.at),
        "kind": came.kind,
        "good": proved,
        "sentence": words.t(came.vi, came.en),
        "name": "" if who is None else who.name,
        "unit": "" if who is None else who.unit,
        "year": "" if who is None or who.birth_year is None else str(who.birth_year),
        "resembles": came.kind == "doubt" and came.learner is not None,
    }


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed or scanned: a learner's code whose PIN is asked for next, or perhaps a card's number."""

    kind: Literal["code", "card", "several"]
    learner: str = ""


def read(text: str, rows: Sequence[Row]) -> Typed:
    """Of whom `text` is the code: as it is written, or by its figures alone (a number pad has no letters).

    Anything else is taken for a card's number; so is the code of a learner who has a card and no PIN, for some offices
    print the code on the card.
    """
    by_id = {row.learner: row for row in rows}
    found = meant(text, {who: row.code for who, row in by_id.items()})
    if not found:
        return Typed("card")
    if len(found) > 1:
        return Typed("several")
    row = by_id[found[0]]
    return Typed("card") if row.card and not row.pin else Typed("code", row.learner)


def doubted(view: DeskView, number: int) -> str | None:
    """The learner whom the face of a doubt resembled, while it is the newest outcome and not too old."""
    came = view.outcome
    if came is None or came.kind != "doubt" or came.number != number or view.now - came.at > DOUBT_LIFE_MS:
        return None
    return None if came.learner is None else came.learner.learner
