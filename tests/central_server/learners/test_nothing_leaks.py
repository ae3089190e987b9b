"""No template, portrait, PIN or card can be read from what a server that runs leaves on its disk and in its log."""

from __future__ import annotations

import logging
import re
import sqlite3
from base64 import b64encode
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import Session

from central_server.learners.consent_text import keeping_version
from central_server.learners.kept_portraits import kept_of
from models.sealed_box import seal_to
from tests.central_server.enrolment.files import HEAD, people, xlsx
from tests.central_server.enrolment.test_enrolling import course_id, prove
from tests.central_server.learners.desk import content, enrol, face, gallery, learner, opened, technician
from tests.central_server.learners.test_means import cards, make, slips
from tests.central_server.running import MINUTE, Agent, Running, join, running, write_course

TECHNICIANS_PIN = "270514"
PORTRAIT = b"\xff\xd8\xff" + np.random.default_rng(7).bytes(4093)
CARD, ROSTER_CARD = "KA-77120934", "KB-90417255"


def forms(secret: bytes) -> list[bytes]:
    """A secret as it is, in hex and in base64: at each of the three places where base64 may begin."""
    base = [b64encode(b"\0" * shift + secret)[4 * (shift > 0) : -4] for shift in range(3)]
    url = [one.replace(b"+", b"-").replace(b"/", b"_") for one in base]
    return [secret, secret.hex().encode(), secret.hex().upper().encode(), *base, *url]


def template_forms(vector: bytes) -> list[bytes]:
    """Any sixteen numbers in a row would be found: pieces of the template, each in all forms."""
    pieces = [vector[at : at + 64] for at in range(0, len(vector), 64)]
    return [one for piece in pieces for one in forms(piece)]


def on_disk(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def found(needles: dict[str, list[bytes]], places: dict[str, bytes]) -> list[tuple[str, str]]:
    """Which secret stands where."""
    return [
        (name, place)
        for name, some in needles.items()
        for place, content in places.items()
        if any(needle in content for needle in some)
    ]


def pins_in(pins: list[str], places: dict[str, bytes]) -> list[tuple[str, str]]:
    """Which PIN stands where: six digits that are no part of a longer number or of hex, where they stand by chance."""
    shapes = {pin: re.compile(rb"(?<![0-9a-fA-F])" + pin.encode() + rb"(?![0-9a-fA-F])") for pin in pins}
    return [(pin, place) for pin, shape in shapes.items() for place, held in places.items() if shape.search(held)]


def values(database: Path) -> set[bytes]:
    """Every value of every table, as bytes."""
    with closing(sqlite3.connect(database)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for name in tables for row in db.execute(f'SELECT * FROM "{name}"')]  # noqa: S608 - our own names
    return {one if isinstance(one, bytes) else str(one).encode() for row in rows for one in row if one is not None}


def test_neither_the_disk_nor_the_log_tells_a_template_a_portrait_a_pin_or_a_card(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    folder = tmp_path / "data"
    with running(folder) as server:
        server.load(write_course(tmp_path / "course.toml"))
        agent = join(server)
        vectors = [content(face(1)), content(face(2)), content(face(3, like=face(1)))]
        pins = act(server, agent, vectors)
        needles = {f"template {n}": template_forms(vector) for n, vector in enumerate(vectors)}
        needles["portrait"] = template_forms(PORTRAIT[64:])
        pins.append(TECHNICIANS_PIN)
        needles |= {f"card {card}": forms(card.encode()) for card in (CARD, ROSTER_CARD)}
        while_it_runs = on_disk(folder)
        assert {"diemdanh.db", "diemdanh.db-wal"} <= set(while_it_runs)
    said = caplog.text.encode() + "".join(capfd.readouterr()).encode()
    assert b"enrolled learner=" in said, "the log is looked at"
    places = while_it_runs | {f"after {name}": held for name, held in on_disk(folder).items()} | {"log": said}
    assert found(needles, places) == [] and pins_in(pins, places) == []
    kept = values(folder / "diemdanh.db")
    assert not kept & {pin.encode() for pin in pins} and not kept & set(vectors) and CARD.encode() not in kept
    planted = {"a": b"x" + vectors[0].hex().encode(), "b": b"zz" + b64encode(b"12" + vectors[1]), "c": CARD.encode()}
    assert {place for _, place in found(needles, planted)} == set(planted), "what is there would be found"

    assert pins_in(pins, {"d": b'{"pin":"' + pins[0].encode() + b'"}'}) == [(pins[0], "d")]


def act(server: Running, agent: Agent, vectors: list[bytes]) -> list[str]:
    """Everything that touches them: enrolments, a refused one, galleries, PINs, cards, a roster; the learners' PINs."""
    witness, who, other = technician(server), learner(server, "HV000"), learner(server, "HV001")
    course, manager = course_id(server), server.manager()
    keep = {"version": "0", "keep": "yes", "days": "30", "reason": "Đối chiếu khi có nghi vấn"}
    manager.post(f"/courses/{course}/keeping", data=keep)
    sealed = (seal_to(agent.server_key, PORTRAIT),)
    enrol(agent, who, face(1), witness, text_version=keeping_version(30), pictures=sealed)
    with Session(server.services.engine) as db:
        (kept,) = kept_of(db, who)
    assert server.services.sealing.open("portrait", f"{course}\n{who}\n1", kept.sealed) == PORTRAIT
    enrol(agent, other, face(2), witness)
    enrol(agent, other, face(3, like=face(1)), witness, consented_at=server.clock() - MINUTE)
    pins = list(slips(make(server)).values())
    cards(server, HV000=CARD)
    cards(server, HV001=CARD)  # refused
    client = server.signed_in("ky-thuat")
    client.post("/account/pin", data={"pin": TECHNICIANS_PIN, "again": TECHNICIANS_PIN})
    rows = [[*row, ROSTER_CARD] for row in people(1)]
    page = manager.post(f"/courses/{course}/roster", files={"file": ("ds.xlsx", xlsx(rows, (*HEAD, "Số thẻ")))})
    manager.post(page.url.path, data={"x": "1"})
    told = gallery(agent)
    assert opened(agent, told[who].template) == vectors[0] and opened(agent, told[who].card) == CARD.encode()
    assert len(agent.today().witnesses) == 1 and prove(server) == []
    server.administrator().get("/admin/audit")
    manager.post(f"/learners/{other}/consent/withdrawn")
    return pins
