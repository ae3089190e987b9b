"""Log lines are JSON and hold no names, not even those that an error's message holds."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from pathlib import Path

import pytest

from central_server.log_lines import JsonLine
from tests.central_server.running import Running

PERSON = "Trần Thị Mai"


def line(message: str, *facts: object, error: BaseException | None = None) -> dict[str, object]:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("central_server.media.media", logging.WARNING, "", 0, message, facts, info)
    told: dict[str, object] = json.loads(JsonLine().format(record))
    return told


def test_a_line_is_an_event_and_its_facts() -> None:
    told = line("background_failed work=%r thing=%s count=%d", "closing classrooms", "K1.1", 3)
    del told["at"]
    assert told == {
        "level": "warning", "room": "media.media", "event": "background_failed", "work": "closing classrooms",
        "thing": "K1.1", "count": "3",
    }  # fmt: skip
    assert line("the live page could not be computed")["event"] == "the live page could not be computed"


def test_of_an_error_its_kind_and_place_are_written_and_never_its_message() -> None:
    try:
        try:
            sqlite3.connect(":memory:").execute("INSERT INTO [Trần Thị Mai] VALUES (1)")
        except sqlite3.Error as cause:
            raise ValueError(PERSON) from cause
    except ValueError as error:
        told = line("not kept", error=error)
    assert PERSON not in json.dumps(told, ensure_ascii=False)
    found = told["error"]
    assert isinstance(found, dict)
    assert (found["kind"], found["cause"]["kind"]) == ("ValueError", "OperationalError")
    assert found["places"][-1].startswith("test_log_lines.py:")


def test_a_refused_request_is_told_by_its_route_alone(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert server.manager().get(f"/sessions/{PERSON}").status_code == 404
    (told,) = [one for one in caplog.messages if one.startswith("refused")]
    assert told == "refused path=/sessions/{session} status=404 error=NotFoundError"


def test_no_source_file_of_the_server_writes_a_name_into_its_log() -> None:
    """What is logged beside fixed words: these facts, which are ids, counts, kinds and places."""
    known = {
        "at", "bridge_point", "by", "count", "after_days", "device", "generation", "head", "kind", "log", "reason",
        "error", "first", "lookalikes", "path", "records", "version",
         "seq", "session", "status", "thing", "way", "what", "why", "work", "learner", "account",
    }  # fmt: skip

    root = Path(__file__).parents[2] / "central_server"
    for path in root.rglob("*.py"):
        for call in re.findall(r"\blog\.\w+\(\s*(?:f?\"([^\"]*)\")", path.read_text("utf-8").replace("_log.", "log.")):
            assert set(re.findall(r"([a-z_]+)=%", call)) <= known, f"{path.name}: {call}"
