"""What a classroom's page shows: its live parts, rendered, and what its scripts have to know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from markupsafe import Markup

from central_server.classroom.classrooms import State
from central_server.classroom.plan import ClassPlan
from central_server.web.figures import second_time
from central_server.web.rendering import Pages
from models.language import Language

PARTS = ("stage_now", "floor_now", "hands", "questions")


def parts_of(state: State, pages: Pages, lang: Language, leads: bool) -> dict[str, Markup]:
    """The parts by their ids; the same for all who lead, and for all who do not."""
    context = {"state": state, "plan": state.plan, "floor": state.floor, "leads": leads}
    parts = {name.replace("_", "-"): pages.part(f"class_{name}.html", lang, **context) for name in PARTS}
    for room in state.plan.rooms:
        parts[f"room-{room.id}"] = pages.part("class_room.html", lang, room=room, **context)
    return parts


def plan_mark(plan: ClassPlan) -> str:
    """Another word when the page must be loaded anew: other rooms, or another main one."""
    return " ".join([plan.main or "-", *(room.id for room in plan.rooms)])


def facts_of(state: State, pictures: Mapping[str, int], now: int) -> dict[str, Any]:
    """What the page's scripts have to know. pictures: when each room's still came. now: server time, ms."""
    floor = state.floor
    return {
        "plan": plan_mark(state.plan),
        "generation": state.generation,
        "open": state.open,
        "main": state.plan.main,
        "floor": floor.turn.room if floor.turn and state.plan.has(floor.turn.room) else None,
        "heard": sorted(state.heard) if state.open else [],
        "screen": floor.screen,
        "hands": [hand.room for hand in floor.hands],
        "microphones": state.microphones,
        "deviceMicrophones": sorted(state.device_microphones),
        "rooms": {room: {"up": dict(media.sources), "speaking": media.speaking} for room, media in state.media.items()},
        "pictures": pictures,
        "clock": second_time(now),
    }


class Messages:
    """The messages of one viewer: what changed since its last one."""

    def __init__(self, pages: Pages, lang: Language, leads: bool) -> None:
        self._pages = pages
        self._lang = lang
        self._leads = leads
        self._sent: dict[str, Markup] = {}
        self._version = -1

    def next(self, state: State, pictures: Mapping[str, int], now: int) -> bytes:
        """The next one, as a server-sent event; also when nothing changed: the page sees that it is live."""
        new: dict[str, Markup] = {}
        if state.version != self._version:
            parts = parts_of(state, self._pages, self._lang, self._leads)
            new = {id_: html for id_, html in parts.items() if self._sent.get(id_) != html}
            self._sent |= new
            self._version = state.version
        message = {"parts": {id_: str(html) for id_, html in new.items()}, "state": facts_of(state, pictures, now)}
        return b"data: " + msgspec.json.encode(message) + b"\n\n"
