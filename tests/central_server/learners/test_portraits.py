"""Portraits become sealed templates of learners whose consent holds, and of nobody else."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import Session, select

from central_server.accounts.administering import Details, change_details
from central_server.accounts.permission import Grant
from central_server.learners.consent_text import VERSION
from central_server.learners.portraits_child import by_learner, code_of
from central_server.learners.sealing import Purpose, SealError, SealingKey, sealing_key
from central_server.learners.tables import FaceTemplate, Learner
from tests.central_server.enrolment.test_enrolling import course_id, prove
from tests.central_server.learners.desk import PAPER
from tests.central_server.running import Running, running, write_course


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_course(tmp_path / "course.toml"))
        yield one


def packed(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return out.getvalue()


def learner(server: Running, code: str) -> str:
    with Session(server.services.engine) as db:
        return db.exec(select(Learner.id).where(Learner.code == code)).one()


def sign(server: Running, *codes: str) -> None:
    form = {"learner": [learner(server, code) for code in codes]} | PAPER
    answer = server.manager().post(f"/courses/{course_id(server)}/consents", data=form)
    assert "Đã nhập phiếu đồng ý" in answer.text


def send(server: Running, data: bytes) -> str:
    path = f"/courses/{course_id(server)}/portraits"
    return server.manager().post(path, files={"file": ("anh.zip", data)}, timeout=90).text


def test_a_picture_is_found_by_the_code_in_its_name() -> None:
    assert code_of("HV001.jpg") == ("hv001",)
    assert code_of("anh/HV001_2.JPEG") == ("hv001_2", "hv001", "anh")
    assert code_of("HV001/chinh dien.png")[-1] == "hv001"
    assert code_of("__MACOSX/HV001.jpg") == code_of("HV001.gif") == code_of(".HV001.jpg") == ()
    found, others = by_learner(
        ["HV001.jpg", "HV001 (2).jpg", "HV002/a.jpg", "ai.jpg"], {"hv001": "l-1", "hv002": "l-2"}
    )
    assert found == {"hv001": ["HV001 (2).jpg", "HV001.jpg"], "hv002": ["HV002/a.jpg"]}
    assert others == ["ai.jpg"]


def test_only_whoever_consented_gets_a_template_and_the_others_are_named(
    server: Running, shared: Path, weights: Path
) -> None:
    pictures = [(shared / "pictures" / "london" / f"00{n}_neutral.jpg").read_bytes() for n in (1, 2, 3)]
    sign(server, "HV000", "HV002")
    page = send(
        server,
        packed(HV000_dot_jpg=pictures[0], HV000_2_dot_jpg=pictures[0], HV001_dot_jpg=pictures[1],
               HV002_dot_jpg=b"no picture", khac_dot_jpg=pictures[2]),
    )  # fmt: skip
    assert "<b>1</b> học viên. Ảnh đã được bỏ." in page
    assert "Nguyễn Văn B1" in page and "ảnh không được mở" in page and "khac.jpg" in page and "HV002.jpg" in page
    with Session(server.services.engine) as db:
        (row,) = db.exec(select(FaceTemplate)).all()
    assert (row.learner, row.portraits) == (learner(server, "HV000"), 2)
    template = server.services.sealing.open("template", f"{row.learner}\n{row.encoder}", row.sealed)
    vector = np.frombuffer(template, "<f4")
    assert vector.size == 256 and abs(float(np.linalg.norm(vector)) - 1) < 1e-3
    assert prove(server) == []
    folder = server.services.config.data_folder
    whole = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert template not in whole and template[:32] not in whole and pictures[0][2_000:2_400] not in whole
    client = server.manager()
    client.post(f"/learners/{row.learner}/consent/withdrawn")
    with Session(server.services.engine) as db:
        assert db.exec(select(FaceTemplate)).all() == []
    assert prove(server) == []


def test_without_any_consent_no_picture_is_opened(server: Running) -> None:
    page = send(server, packed(HV000_dot_jpg=b"x", HV001_dot_jpg=b"y"))
    assert "<b>0</b> học viên" in page and "Nguyễn Văn A0" in page and "Nguyễn Văn B1" in page


def test_a_file_that_is_no_zip_gets_a_sentence(server: Running) -> None:
    assert "Không mở được tệp zip" in send(server, b"PK\x03\x04 no zip")
    assert not list(server.services.config.data_folder.glob("portraits-*"))


def test_a_signed_form_needs_its_day_the_paper_and_the_text_on_it(server: Running) -> None:
    who, client = learner(server, "HV000"), server.manager()
    without = [{name: value for name, value in PAPER.items() if name != lacks} for lacks in PAPER]
    for form in (*without, PAPER | {"signed_on": "25/11/2027"}, PAPER | {"version": "2027"}):
        assert client.post(f"/learners/{who}/consent/signed", data={"x": "1"} | form).status_code == 422
    answer = client.post(f"/learners/{who}/consent/signed", data=PAPER)
    assert "Đồng ý ngày 20/11/2026, phiếu giấy có chữ ký" in answer.text


def test_a_learner_consents_and_withdraws_on_screen(server: Running) -> None:
    who = learner(server, "HV000")
    account = server.account("hoc-vien", Grant("learner"))
    details = Details("Học viên", "", "HV000")
    server.do(lambda connection: change_details(connection, account, details, account, server.clock()))
    client = server.signed_in("hoc-vien")
    assert "Tôi đồng ý" in client.get(f"/learners/{who}/own").text
    assert "trên màn hình" in client.post(f"/learners/{who}/consent?version={VERSION}").text
    assert "rút lại ngày" in client.post(f"/learners/{who}/consent/withdraw").text
    assert client.post(f"/learners/{who}/consent").status_code == 409, "to which text?"
    other = learner(server, "HV001")
    assert client.post(f"/learners/{other}/consent").status_code == 404
    assert prove(server) == []


def test_a_sealed_value_opens_only_for_its_owner_and_key(tmp_path: Path) -> None:
    key = sealing_key(tmp_path)
    sealed = key.seal("ethnicity", "l-1", b"Kinh")
    assert sealing_key(tmp_path).open("ethnicity", "l-1", sealed) == b"Kinh"
    assert (tmp_path / "sealing-key").stat().st_mode & 0o077 == 0
    tries: list[tuple[SealingKey, Purpose, str, bytes]] = [
        (key, "ethnicity", "l-2", sealed),
        (key, "template", "l-1", sealed),
        (key, "ethnicity", "l-1", sealed[:-1]),
        (SealingKey(bytes(32)), "ethnicity", "l-1", sealed),
    ]
    for other, purpose, owner, value in tries:
        with pytest.raises(SealError):
            other.open(purpose, owner, value)
