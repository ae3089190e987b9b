from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bridge_agent.check_in.enrolling import Enrolling, resembling
from bridge_agent.check_in.gallery_store import GalleryStore, Waiting
from bridge_agent.check_in.sealed_file import SealedFileError, SealedFiles
from bridge_agent.key_store import KeyStore
from bridge_agent.recognition.events import TemplateMade
from models.sealed_box import SealedBoxError, open_sealed
from models.wire import EnrolmentAnswer, GalleryAnswer, RosterLearner
from tests.bridge_agent.check_in.office import ENCODER, END, EPOCH, HOUR, START, Office, hidden, people
from tests.receipts import SERVER_KEY


class Pc:
    """A data folder, and the office that fills it."""

    def __init__(self, folder: Path, retention_hours: int = 24) -> None:
        self.folder = folder
        self.key = Ed25519PrivateKey.generate()
        self.office = Office(people(2, 2), self.key.public_key(), retention_hours=retention_hours)
        self.store = self.opened()

    def opened(self) -> GalleryStore:
        files = SealedFiles(KeyStore(), self.folder / "gallery.key")
        return GalleryStore(files, self.folder / "gallery.sealed", self.folder / "enrolments.sealed")

    def contact(self, now: int = START) -> bool:
        news = self.store.today(self.office.today(now), now)
        return self.store.take(self.office.gallery(), self.key, now) or news

    def again(self, now: int = START) -> GalleryStore:
        self.store = self.opened()
        self.store.load(now)
        return self.store

    def shown(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.folder.iterdir())


@pytest.fixture
def pc(tmp_path: Path) -> Pc:
    return Pc(tmp_path)


def waiting(learner: str, vector: bytes) -> Waiting:
    roster = RosterLearner(id=learner, code="HV00", name="A", unit="", birth_year=None)
    made = TemplateMade(learner, 5, vector, ENCODER, 3, ())
    return Enrolling(roster, "v1", EPOCH, "kt1").waiting(made, SERVER_KEY.public_key())


def test_what_the_server_told_is_there_after_a_restart_without_it_and_no_file_shows_it(pc: Pc) -> None:
    assert pc.contact()
    assert not pc.contact()
    store = pc.again()
    faces = {one.id: one.face for one in pc.office.learners if one.face}
    assert {one.learner: one.vector for one in store.templates()} == faces
    assert [one.learner for one in store.templates(["p2", "p0"])] == ["p2"]
    assert store.holder("c-77 0001", ["p0", "p1"]) == "p1"
    assert store.holder("C-770001", ["p0"]) is None  # of the roster only
    assert store.holder("", ["p0"]) is None
    assert (store.pin("p0") or "").startswith("$argon2id$")
    assert store.witnesses[0].account == "kt1"
    assert store.consent is not None
    for one in pc.office.learners:
        for secret in (one.pin.encode(), b"argon2id", *hidden(one.card.encode()), *hidden(one.face or b"\0" * 99)):
            assert secret not in pc.shown()
    if os.name == "posix":
        assert all(path.stat().st_mode & 0o077 == 0 for path in pc.folder.iterdir())


def test_a_learner_is_forgotten_after_the_retention_of_the_last_session(pc: Pc) -> None:
    pc.contact()
    over = END + 24 * HOUR
    assert len(pc.again(over - 1).templates()) == 2
    pc.store.forget(over)
    assert pc.store.templates() == ()
    assert pc.store.pin("p0") is None
    assert pc.again(over).pin("p0") is None
    assert pc.folder / "gallery.sealed" in list(pc.folder.iterdir())  # the witnesses and the consent's text
    pc.store.today(pc.office.today(over), over)
    assert pc.again(over).templates() == ()


def test_what_the_office_ends_goes_at_once(pc: Pc) -> None:
    pc.contact()
    version = pc.store.version
    pc.office.learners[2].face = None
    pc.contact()
    assert [one.learner for one in pc.store.templates()] == ["p3"]
    assert pc.store.version > version
    assert pc.store.take(GalleryAnswer(learners=()), pc.key, START)
    assert pc.store.templates() == ()


def test_a_learner_of_yesterday_stays_for_the_retention_and_no_longer(pc: Pc) -> None:
    pc.contact()
    after = END + HOUR
    assert pc.office.today(after).sessions == ()
    pc.store.today(pc.office.today(after), after)
    pc.store.take(GalleryAnswer(learners=()), pc.key, after)
    assert len(pc.store.templates()) == 2


def test_an_enrolment_is_used_at_once_and_waits_for_the_server_over_a_restart(pc: Pc) -> None:
    pc.contact()
    vector = os.urandom(1024)
    pc.store.enrolled(waiting("p0", os.urandom(1024)))
    pc.store.enrolled(waiting("p0", vector))  # taken again: the second counts
    store = pc.again()
    assert {one.learner: one.vector for one in store.templates()}["p0"] == vector
    assert store.has_template("p0")
    (kept,) = store.outbox
    assert open_sealed(SERVER_KEY, kept.request.template) == vector
    assert vector not in pc.shown()
    pc.contact()  # the server does not know it yet
    assert {one.learner: one.vector for one in pc.store.templates()}["p0"] == vector
    pc.store.sent(kept, EnrolmentAnswer(learner="p0", version=1, lookalikes=()), START)
    store = pc.again()
    assert store.outbox == ()
    assert {one.learner: one.vector for one in store.templates()}["p0"] == vector
    assert store.pin("p0")
    assert not (pc.folder / "enrolments.sealed").exists()


def test_an_enrolment_that_the_server_never_gets_goes_after_the_retention_but_not_within_a_week(
    pc: Pc, tmp_path: Path
) -> None:
    pc.contact()
    pc.store.enrolled(waiting("p0", os.urandom(1024)))
    week = EPOCH + 7 * 24 * HOUR
    assert week > END + 24 * HOUR
    assert pc.again(week - 1).forget(week - 1) == 0 and pc.store.has_template("p0")
    version = pc.store.version
    assert pc.store.forget(week) == 1
    assert not pc.store.has_template("p0") and pc.store.outbox == () and pc.store.version > version
    assert not (pc.folder / "enrolments.sealed").exists()
    assert pc.store.forget(week) == 0
    (tmp_path / "long").mkdir()
    long = Pc(tmp_path / "long", retention_hours=720)
    long.contact()
    long.store.enrolled(waiting("p0", os.urandom(1024)))
    over = END + 720 * HOUR
    assert long.again(over - 1).forget(over - 1) == 0
    assert long.store.forget(over) == 1


def test_a_refused_enrolment_is_gone(pc: Pc) -> None:
    pc.contact()
    pc.store.enrolled(waiting("p0", os.urandom(1024)))
    pc.store.sent(pc.store.outbox[0], None, START)
    assert not pc.store.has_template("p0")


def test_a_lost_key_or_a_changed_file_costs_what_is_in_it_and_is_told(pc: Pc) -> None:
    pc.contact()
    path = pc.folder / "gallery.sealed"
    sealed = bytearray(path.read_bytes())
    sealed[50] ^= 1
    path.write_bytes(bytes(sealed))
    with pytest.raises(SealedFileError, match="Không mở được"):
        pc.again()
    assert pc.contact()  # fetched again
    assert len(pc.again().templates()) == 2
    (pc.folder / "gallery.key").unlink()
    with pytest.raises(SealedFileError):
        pc.again()
    pc.contact()
    assert len(pc.again().templates()) == 2


def test_a_template_sealed_to_another_key_is_refused(pc: Pc) -> None:
    pc.store.today(pc.office.today(START), START)
    with pytest.raises(SealedBoxError):
        pc.store.take(pc.office.gallery(), Ed25519PrivateKey.generate(), START)


def test_whom_a_new_template_resembles_is_named() -> None:
    learners = {"p1": RosterLearner(id="p1", code="HV01", name="Lê B", unit="", birth_year=None)}
    made = TemplateMade("p0", 5, b"", ENCODER, 3, (("p1", 0.7), ("x", 0.6)))
    vi, en = resembling(made, learners)
    assert "Lê B (HV01)" in vi
    assert "Lê B (HV01)" in en
    assert resembling(TemplateMade("p0", 5, b"", ENCODER, 3, ()), learners) == ("", "")
