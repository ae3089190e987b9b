"""Agents and servers of different versions understand what the other tells; what changes something is strict."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from models import health, wire
from models.health import Health, Light
from models.records import Presence, RecordError, decode, encode
from models.wire import JoinRequest, LiveStatus, Refusal, ServerTime, SessionPlan, Today

STATUS: dict[str, Any] = {
    "session": "K1.1", "at": 5, "watching_from": 1, "watching_to": 5,
    "present": [{"learner": "a", "start": 1, "last": 5}], "unknown": 0, "waiting": 0,
    "detector": "yunet", "encoder": "intel", "alarms": [],
    "unobserved": [{"learner": "b", "start": 1, "last": 5, "why": "behind_a_pillar"}], "stream": {"up_since": None},
}  # fmt: skip
MACHINE = {"disk_free": 1, "cpu": 0, "pc_cpu": 0, "memory": 1, "memory_free": 1, "memory_total": 1}
HEALTH: dict[str, Any] = {
    "at": 5, "version": "9.0", "system": "Linux", "up_ms": 1, "session": None, "waiting": 0, "oldest_ms": 0,
    "lights": [{"part": "camera", "state": "good"}, {"part": "robot", "state": "on_fire"}], "machine": MACHINE,
    "restarts": [{"process": "robot", "count": 1, "last_at": 1, "reason": "fire"}],
}  # fmt: skip
TODAY: dict[str, Any] = {
    "sessions": [{
        "session": "K1.1", "course": "K1", "title": "Buổi 1", "start": 1, "end": 2, "breaks": [],
        "learners": [{"id": "a", "code": "HV1", "name": "A", "unit": "", "birth_year": None}],
    }],
    "witnesses": [{"account": "x", "name": "X", "pin": None}],
}  # fmt: skip


def newer(message: Any) -> Any:
    """The message with a field in each object that this version does not know."""
    if isinstance(message, dict):
        return {key: newer(value) for key, value in message.items()} | {"new_in_9": {"x": [1]}}
    return [newer(one) for one in message] if isinstance(message, list) else message


@pytest.mark.parametrize(("kind", "told"), [(LiveStatus, STATUS), (Health, HEALTH), (Today, TODAY)])
def test_what_a_newer_side_tells_besides_is_passed_over(kind: type, told: dict[str, Any]) -> None:
    known: object = msgspec.convert(told, kind)
    assert msgspec.json.decode(msgspec.json.encode(newer(told)), type=kind) == known


def test_every_message_that_is_told_is_open_and_all_of_its_parts() -> None:
    kinds = [one for room in (wire, health) for one in vars(room).values() if isinstance(one, type)]
    told = {one for one in kinds if issubclass(one, wire.Told)}
    assert {LiveStatus, Health, Today, SessionPlan, ServerTime, Refusal} < told
    for one in told:
        assert one.__struct_config__.forbid_unknown_fields is False
        for field in msgspec.structs.fields(one):
            assert not any(strict.__name__ in str(field.type) for strict in kinds if _strict(strict)), (one, field.name)


def _strict(one: type) -> bool:
    return issubclass(one, wire.Message) and not issubclass(one, wire.Told)


def test_a_state_that_is_not_known_needs_attention_and_never_hides_a_fault() -> None:
    report = msgspec.convert(HEALTH, Health)
    assert [one.severity for one in report.lights] == ["good", "attention"]
    assert report.worst == "attention"
    assert Light(part="camera", state="bad").severity == "bad"


def test_what_an_older_agent_does_not_tell_has_a_default() -> None:
    least = {name: STATUS[name] for name in (
        "session", "at", "watching_from", "watching_to", "present", "unknown", "waiting", "detector", "encoder",
        "alarms",
    )}  # fmt: skip
    assert msgspec.convert(least, LiveStatus).stream is None
    assert msgspec.convert({k: v for k, v in HEALTH.items() if k != "restarts"}, Health).restarts == ()


def test_what_changes_something_is_refused_when_it_is_not_understood() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"token": "t", "public_key": "0" * 64, "new_in_9": 1}, JoinRequest)
    record = Presence(
        device="d", log="l", seq=1, session="s", wall=1, boot_id="b", boot=1, offset=0, uncertainty=0,
        learner="a", start=0, end=1, sightings=1, best_score=0.5, encoder="intel",
    )  # fmt: skip
    line = encode(record)
    with pytest.raises(RecordError):
        decode(line.replace(b'{"', b'{"new_in_9":1,"', 1))


def test_a_refusal_of_a_newer_server_is_a_refusal() -> None:
    told = msgspec.json.decode(b'{"reason":"tired","vi":"a","en":"b","until":5}', type=Refusal)
    assert told.reason == "tired"
