from __future__ import annotations

import io
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge_agent.alarms import SENTENCE_LIMIT, Alarms
from bridge_agent.errors import DiskFullError
from bridge_agent.journal import Journal
from bridge_agent.recognition.events import Trouble


class Here:
    """Alarms, what the terminal shows, and what the file holds."""

    def __init__(self, folder: Path) -> None:
        self.terminal = io.StringIO()
        self.path = folder / "agent.log"
        self.journal = Journal(self.path, lambda: 0, self.terminal)
        self.alarms = Alarms(self.journal)

    def lines(self) -> list[str]:
        return [line.split("  ", 1)[1] for line in self.terminal.getvalue().splitlines()]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    made = Here(tmp_path)
    yield made
    made.journal.close()


def test_a_fault_is_told_when_it_comes_and_when_it_goes(here: Here) -> None:
    for _ in range(3):
        here.alarms.set("log", "Đĩa đầy.", "Disk full.")
    assert here.alarms.for_manager() == ("Đĩa đầy.",)
    here.alarms.clear("log")
    here.alarms.clear("log")
    assert here.lines() == ["! Đĩa đầy.", "Đã hết: Đĩa đầy."]
    assert here.alarms.for_manager() == ()


def test_a_retryable_error_stands_until_the_work_succeeds(here: Here) -> None:
    def full() -> None:
        raise DiskFullError("Đĩa đầy.", "Disk full.")

    assert not here.alarms.tried("log", full)
    assert here.alarms.here() == ("Đĩa đầy.",)
    assert here.alarms.tried("log", lambda: None)
    assert here.alarms.here() == ()


@pytest.mark.skipif(os.name == "nt", reason="systemd is Linux's")
def test_what_systemd_takes_into_its_journal_are_events_without_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, given = socket.socketpair()
    with (
        taken,
        given,
        given.makefile("w", encoding="utf-8") as stream,
        (tmp_path / "out").open("w", encoding="utf-8") as by_hand,
    ):
        there = os.fstat(given.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{there.st_dev}:{there.st_ino}")  # as systemd sets it
        for out in (stream, by_hand):  # a shell that a service started hands the variable on: it is for `stream` alone
            journal = Journal(tmp_path / "agent.log", lambda: 0, out)
            Alarms(journal).set("lookalike", "Rất giống: Nguyễn Văn An.", "Very like: Nguyễn Văn An.")
            journal.close()
        told = json.loads(taken.recv(1_000))
    assert (told["event"], told["name"], len(told)) == ("alarm", "lookalike", 3)
    assert "Nguyễn Văn An" in (tmp_path / "out").read_text(encoding="utf-8")
    assert "Nguyễn Văn An" not in (tmp_path / "agent.log").read_text(encoding="utf-8")


def test_learners_names_stay_on_the_terminal(here: Here) -> None:
    wrong = Trouble("portraits", "Ảnh Nguyễn Văn An.jpg không có khuôn mặt.", "No face in Nguyễn Văn An.jpg.")
    here.alarms.troubles({f"portraits: {wrong.vi}": wrong, "dark": Trouble("dark", "Phòng tối.", "Dark.")})
    assert "Nguyễn Văn An" in here.terminal.getvalue()
    assert here.alarms.for_manager() == ("Phòng tối.",)
    text = here.path.read_text(encoding="utf-8")
    assert "Nguy" not in text
    assert [json.loads(line)["name"] for line in text.splitlines()] == ["trouble portraits", "trouble dark"]
    here.alarms.troubles({})
    assert here.alarms.here() == ()


def test_what_is_suspected_of_people_is_told_apart_and_without_their_names(here: Here) -> None:
    here.alarms.set("log", "Đĩa đầy.", "Disk full.")
    for who in ("Nguyễn Văn An", "Trần Thị Bình", ""):
        here.alarms.set(f"suspicion: {who}", "Hai người giống nhau.", "Two alike.", about=who)
    assert here.alarms.here()[1] == "Hai người giống nhau. (Nguyễn Văn An)"
    assert here.alarms.for_manager() == ("Đĩa đầy.",)
    assert here.alarms.suspicions() == ("Hai người giống nhau.",)


def test_a_long_sentence_is_cut_behind_a_word_to_what_may_travel(here: Here) -> None:
    here.alarms.set("x", "a" * 500, "a")
    here.alarms.set("y", "Nguyễn " * 40, "b")
    one, other = here.alarms.for_manager()
    assert len(one) == SENTENCE_LIMIT
    assert other == ("Nguyễn " * 28).rstrip() + "…"
