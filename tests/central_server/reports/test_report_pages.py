"""Entering what reports rest on through the pages: letterhead, units, targets, what courses count as, results."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook
from sqlmodel import Session

from central_server.courses.changes import changing
from central_server.courses.planning import put_programme
from central_server.proof.pack import PackEvidence
from central_server.proof.verifying import verify
from central_server.reports.reading import units_at
from tests.central_server.courses.making import course_id
from tests.central_server.reports.opening import pdf_text
from tests.central_server.running import MINUTE, START, Agent, Running

END = START + 210 * MINUTE


@pytest.fixture
def held(server: Running, agent: Agent) -> Running:
    """K1's session is over; two of three learners were there, one nearly all of the time."""
    people = [who.id for who in agent.today().sessions[0].learners]
    server.clock.ms = END + 60 * MINUTE
    agent.coverage("K1.1", START, END)
    agent.presence("K1.1", people[0], START + 2 * MINUTE, END)
    agent.presence("K1.1", people[1], START, START + 60 * MINUTE)
    agent.send_all()
    return server


def plain(got: httpx.Response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", got.text).split())


def test_a_year_with_one_course_from_an_empty_office_to_a_signed_report(held: Running, tmp_path: Path) -> None:
    manager, course = held.manager(), course_id(held)
    held.services.writer.submit(changing(lambda changes: put_programme(changes, "CV", "Chuyên viên", 32), END)).result()
    with Session(held.services.engine) as db:
        programme = db.connection().exec_driver_sql("SELECT id FROM programme").scalar_one()
    edited = {"title": "Bồi dưỡng ngạch chuyên viên", "programme": programme, "period_minutes": "45"}
    assert manager.post(f"/courses/{course}/edit", data=edited).status_code == 200
    assert "chưa có chỉ tiêu" in manager.get("/reports").text

    assert manager.post("/reports/units", data={"name": "Xã An Bình", "since": "01/01/2020"}).status_code == 200
    unit = re.findall(r'<option value="(u-[0-9a-f]+)"', manager.get("/reports/units").text)[0]
    target = {"number": "12/QĐ-UBND", "day": "05/01/2026", "period": "2026", "lines": "Xã An Bình; CV; 2; 4"}
    assert manager.post("/reports/targets", data=target).status_code == 200
    counting = {"unit": unit, "audience": "chuyên viên", "held": "online", "planned": "yes"}
    assert manager.post(f"/courses/{course}/counting", data=counting).status_code == 200
    said = plain(manager.get("/reports?period=2026"))
    assert "1/2 lớp, 50,0 %" in said
    assert "3/4 lượt học viên, 75,0 %" in said

    page = manager.get(f"/courses/{course}/completion").text
    ids = re.findall(r'name="outcome-(l-[0-9a-f]+)"', page)
    assert "cần người xem xét" in page, "the other bridge point was not watched"
    codes = re.findall(r"<small>(HV\d+),", page)
    pasted = {"list": f"{codes[0]}; Giỏi; CC-001; 01/2026\n{codes[1]}; ; ; ; không hoàn thành"}
    looked = manager.post(f"/courses/{course}/completion/list", data=pasted)
    assert looked.status_code == 200
    assert "Đã điền 2 dòng" in looked.text
    assert 'value="CC-001"' in looked.text
    assert "Đã công nhận 0 /" in plain(manager.get(f"/courses/{course}/completion")), "nothing is saved by looking"
    form = dict(re.findall(r'<input name="((?:grade|certificate|book)-[^"]+)"[^>]*?value="([^"]*)"', looked.text))
    form |= {f"outcome-{ids[0]}": "completed", f"outcome-{ids[1]}": "not_completed"}
    saved = manager.post(f"/courses/{course}/completion", data=form)
    assert "Đã công nhận 2 kết quả" in saved.text

    twice = {f"outcome-{ids[2]}": "completed", f"certificate-{ids[2]}": "CC-001"}
    refused = manager.post(f"/courses/{course}/completion", data=twice)
    assert refused.status_code == 409
    assert "CC-001 đã cấp cho một học viên khác" in refused.text
    assert "1 lượt hoàn thành" in plain(manager.get("/reports?period=2026"))

    filled = manager.get(f"/courses/{course}/completion.xlsx?everybody=yes").content
    assert load_workbook(io.BytesIO(filled)).active is not None
    again = manager.post(
        f"/courses/{course}/completion/list", files={"file": ("ket-qua.xlsx", filled)}, data={"list": ""}
    )
    assert again.status_code == 200, plain(again)
    assert "Đã điền" in again.text

    admin = held.administrator()
    told = plain(admin.get("/admin/audit?group=reports"))
    for words in ("đặt tên đơn vị Xã An Bình từ 01/01/2020", "nhập quyết định giao chỉ tiêu 12/QĐ-UBND, kỳ 2026",
                  "chỉ tiêu theo 12/QĐ-UBND, Xã An Bình, Chuyên viên: 2 lớp, 4 lượt"):  # fmt: skip
        assert words in told
    assert not re.search(r"\b[uqg]-[0-9a-f]{16}", told + plain(admin.get("/admin/audit"))), "names, no ids"
    head = {"superior": "ỦY BAN NHÂN DÂN TỈNH", "office": "TRƯỜNG CHÍNH TRỊ TỈNH", "place": "Bình Lãng",
            "signers-attendance": "GIẢNG VIÊN", "signers-completion": "HIỆU TRƯỞNG; Đỗ Thị Ẩn",
            "signers-plan": "NGƯỜI LẬP\nHIỆU TRƯỞNG", "grades": "Giỏi\nĐạt"}  # fmt: skip
    assert admin.post("/admin/letterhead", data=head).status_code == 200
    said = pdf_text(manager.get(f"/courses/{course}/completion.pdf").content)
    for text in ("TRƯỜNG CHÍNH TRỊ TỈNH", "DANH SÁCH HỌC VIÊN HOÀN THÀNH", "CC-001", "01/2026", "Giỏi", "Đỗ Thị Ẩn"):
        assert text in said
    assert said.count("HV0") == 1, "only who completed is listed"

    lying = {one.name for one in held.services.config.data_folder.iterdir()}
    got = manager.get("/reports/proof.zip", timeout=60)
    (tmp_path / "pack.zip").write_bytes(got.content)
    with zipfile.ZipFile(tmp_path / "pack.zip") as pack:
        assert "Nguyễn".encode() not in b"".join(pack.read(name) for name in pack.namelist())
    with PackEvidence(tmp_path / "pack.zip") as evidence:
        report = verify(evidence, evidence.receipts())
        assert report.findings == []
        assert evidence.signed_by(report.servers) == []
        assert len(evidence.plan().results) == 2
    assert {one.name for one in held.services.config.data_folder.iterdir()} == lying, "no file stays"


def test_two_who_save_results_at_once_do_not_undo_one_another(held: Running) -> None:
    manager, course = held.manager(), course_id(held)
    address = f"/courses/{course}/completion"
    fields = dict(re.findall(r'<input type="hidden" name="(version-[^"]+)" value="(\d+)"', manager.get(address).text))
    one, other = (name.removeprefix("version-") for name in list(fields)[:2])
    first = manager.post(address, data=fields | {f"outcome-{one}": "completed", f"grade-{one}": "Giỏi"})
    assert first.status_code == 200
    late = fields | {f"outcome-{one}": "not_completed", f"outcome-{other}": "completed", f"certificate-{other}": "C2"}
    refused = manager.post(address, data=late)
    assert refused.status_code == 409
    assert "Chưa lưu gì: trong lúc đồng chí nhập, người khác đã lưu kết quả khác của Nguyễn Văn A0" in refused.text
    assert 'value="C2"' in refused.text, "what was typed stays"
    rows = "SELECT learner, version, outcome, grade FROM course_result"
    with Session(held.services.engine) as db:
        assert [tuple(row) for row in db.connection().exec_driver_sql(rows)] == [(one, 1, "completed", "Giỏi")]
        told = "SELECT count(*) FROM own_record WHERE kind = 'result_recognised'"
        assert db.connection().exec_driver_sql(told).scalar_one() == 1
    same = fields | {f"outcome-{one}": "completed", f"grade-{one}": "Giỏi", f"outcome-{other}": "completed"}
    assert "Đã công nhận 1 kết quả" in manager.post(address, data=same).text, "who says the same undoes nothing"
    seen = dict(re.findall(r'name="(version-[^"]+)" value="(\d+)"', manager.get(address).text))
    assert sorted(seen.values()) == ["0", "1", "1"]
    again = manager.post(address, data=seen | {f"outcome-{one}": "not_completed"})
    assert "Đã công nhận 1 kết quả" in again.text


def test_what_is_too_long_is_said_and_never_cut(held: Running) -> None:
    manager, course = held.manager(), course_id(held)
    address = f"/courses/{course}/completion"
    [one, *_] = re.findall(r'name="outcome-([^"]+)"', manager.get(address).text)
    for field in ("grade", "certificate", "book"):
        got = manager.post(address, data={f"outcome-{one}": "completed", f"{field}-{one}": "x" * 61})
        assert got.status_code == 422
        assert f'id="{field}-{one}-error">Dài quá 60 ký tự' in got.text
    counting = {"unit": "", "held": "online", "planned": "yes"}
    for wrong, said in (({"audience": "y" * 121}, "Dài quá 120 ký tự"), ({"unit": "u-none"}, "Không có đơn vị này"),
                        ({"held": "by-mail"}, "Hãy điền ô này")):  # fmt: skip
        got = manager.post(f"/courses/{course}/counting", data=counting | wrong)
        assert got.status_code == 422 and said in got.text
    listed = manager.post(f"{address}/list", data={"list": "HV000;Giỏi\n" * 5001})
    assert listed.status_code == 422 and "dài quá 5000 dòng" in listed.text
    listed = manager.post(f"{address}/list", data={"list": "HV000;Giỏi" + " " * 200_000 + ";"})
    assert listed.status_code == 422 and "Dài quá 200000 ký tự" in listed.text
    with Session(held.services.engine) as db:
        for table in ("course_result", "course_count"):
            assert db.connection().exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0  # noqa: S608


@pytest.mark.parametrize(
    ("path", "data", "said"),
    [
        (
            "/reports/targets",
            {"number": "1", "day": "1/1/2026", "period": "2026", "lines": "Xã Lạ;CV;1;1"},
            "Dòng 1: chưa có",
        ),
        ("/reports/targets", {"number": "", "day": "x", "period": "2026-Q9", "lines": ""}, "Không hiểu ngày"),
        ("/reports/units", {"name": "", "since": "01/01/2026"}, "Hãy điền tên đơn vị"),
        ("/reports/units", {"name": "A", "since": "01/01/2026", "into": "u-none"}, "Hãy chọn đơn vị bị nhập"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(server: Running, path: str, data: dict[str, str], said: str) -> None:
    got = server.manager().post(path, data=data)
    assert got.status_code == 422
    assert said in got.text
    with Session(server.services.engine) as db:
        for table in ("target_decision", "unit_version"):
            assert db.connection().exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 0  # noqa: S608


@pytest.mark.parametrize("query", ["period=2026-Q7", "as_of=32/13/2026", "as_of=24/11/1200"])
def test_a_report_of_no_period_or_day_is_refused(server: Running, query: str) -> None:
    assert server.get(f"/reports?{query}").status_code == 422


def test_a_period_outside_the_years_that_reports_are_about_is_refused(server: Running) -> None:
    for code in ("9999", "9999-12", "9999-Q4", "9999-H2", "0000", "0001-01", "1999", "2101"):
        for page in ("/reports", "/reports/trends", "/reports/trends.csv", "/reports/plan.csv"):
            assert server.get(f"{page}?period={code}").status_code == 422, (page, code)
    for code in ("2000", "2100-12"):
        assert server.get(f"/reports/trends?period={code}").status_code == 200


def test_units_are_not_merged_in_a_circle(server: Running) -> None:
    manager = server.manager()
    for name in ("Xã A", "Xã B"):
        manager.post("/reports/units", data={"name": name, "since": "01/01/2020"})
    first, second = dict.fromkeys(re.findall(r'<option value="(u-[0-9a-f]+)"', manager.get("/reports/units").text))
    merge = {"unit": first, "into": second, "since": "01/07/2026", "decision": "80/NQ"}
    assert "Xã A (nhập vào Xã B từ 01/07/2026)" in manager.post("/reports/units", data=merge).text
    back = manager.post("/reports/units", data={"unit": second, "into": first, "since": "02/07/2026"})
    assert back.status_code == 409
    assert "không thể nhập vào nhau" in back.text


def test_what_is_not_there_is_no_empty_page(held: Running) -> None:
    manager = held.manager()
    page = manager.get("/sessions/K1.1/sheet").text
    [point, *_] = re.findall(r'<option value="(p-[^"]+)"', page)
    for file in ("", ".csv", ".pdf", ".xlsx"):
        assert manager.get(f"/sessions/K1.1/sheet{file}?point={point}").status_code == 200
        got = manager.get(f"/sessions/K1.1/sheet{file}?point=p-none")
        assert got.status_code == 404 and "Không có mục này" in got.text
    for asked in ("unit=u-none", "programme=g-none"):
        for address in ("/reports/courses", "/reports/learners.csv"):
            assert manager.get(f"{address}?{asked}").status_code == 404
    assert manager.get("/reports/courses?unit=-&programme=-").status_code == 200
    assert manager.get("/reports/courses?which=other").status_code == 422


def units(server: Running) -> dict[str, str]:
    """Units by the names that the page shows."""
    found = re.findall(r'<option value="(u-[0-9a-f]+)"[^>]*>([^<]+)<', server.manager().get("/reports/units").text)
    return {name: unit for unit, name in found}


def test_a_merge_is_refused_for_the_day_on_which_it_would_be_a_circle(server: Running) -> None:
    manager = server.manager()
    for name in ("Xã A", "Xã B", "Xã C"):
        manager.post("/reports/units", data={"name": name, "since": "01/01/2020"})
    a, b, c = (units(server)[name] for name in ("Xã A", "Xã B", "Xã C"))

    def merge(unit: str, into: str, since: str) -> httpx.Response:
        return manager.post("/reports/units", data={"unit": unit, "into": into, "since": since})

    assert merge(a, b, "01/07/2026").status_code == 200
    renamed = manager.post("/reports/units", data={"unit": a, "name": "Xã A cũ", "since": "01/06/2025"})
    assert renamed.status_code == 200, "entered later, it holds before the merge"
    told = "SELECT count(*) FROM own_record WHERE kind = 'unit_named'"
    with Session(server.services.engine) as db:
        before = db.connection().exec_driver_sql(told).scalar_one()
    for unit, into, since in ((b, a, "01/08/2026"), (b, a, "01/01/2026")):
        refused = merge(unit, into, since)
        assert refused.status_code == 409, since
        assert "không thể nhập vào nhau" in refused.text
    assert merge(b, c, "01/09/2026").status_code == 200
    assert merge(c, a, "02/09/2026").status_code == 409, "over two steps"
    with Session(server.services.engine) as db:
        assert db.connection().exec_driver_sql(told).scalar_one() == before + 1, "what was refused is nowhere"
        by_day = {day: units_at(db, server.clock(), day) for day in (date(2026, 6, 30), date(2026, 7, 1))}
    assert [one.said(a) for one in by_day.values()] == ["Xã A cũ", "Xã A (nhập vào Xã B từ 01/07/2026)"]


def test_units_of_one_name_are_told_apart(server: Running) -> None:
    manager = server.manager()
    server.services.writer.submit(
        changing(lambda changes: put_programme(changes, "CV", "Chuyên viên", 32), END)
    ).result()
    for name in ("Phòng Nội vụ", "phòng  nội vụ", "Phòng Y tế"):
        server.clock.ms += 1
        manager.post("/reports/units", data={"name": name, "since": "01/01/2020"})
    named = units(server)
    assert sorted(named) == ["Phòng Nội vụ (1)", "Phòng Y tế", "phòng nội vụ (2)"]
    target = {"number": "12/QĐ", "day": "05/01/2026", "period": "2026"}
    unclear = manager.post("/reports/targets", data=target | {"lines": "Phòng Nội vụ; CV; 1; 2"})
    assert unclear.status_code == 422
    assert "có nhiều mục tên “Phòng Nội vụ”" in unclear.text
    lines = "Phòng Nội vụ (1); CV; 1; 2\nPhòng Nội vụ (2); CV; 3; 4"
    assert manager.post("/reports/targets", data=target | {"lines": lines}).status_code == 200
    found = manager.get("/reports/plan.csv?period=2026").text.splitlines()
    planned = {row.split(";")[0]: row.split(";")[5] for row in found[1:3]}
    assert planned == {"Phòng Nội vụ (1)": "1", "phòng nội vụ (2)": "3"}
    merge = {"unit": named["phòng nội vụ (2)"], "into": named["Phòng Y tế"], "since": "01/07/2026"}
    assert manager.post("/reports/units", data=merge).status_code == 200
    with Session(server.services.engine) as db:
        names = db.connection().exec_driver_sql("SELECT DISTINCT name FROM unit_version").scalars().all()
    assert sorted(names) == ["Phòng Nội vụ", "Phòng Y tế", "phòng nội vụ"], "numbers are shown, not kept"


def test_a_course_without_learners_or_sessions_has_its_pages_too(server: Running) -> None:
    manager = server.manager()
    made = manager.post("/courses/new", data={"title": "Lớp trống"})
    course = made.url.path.rsplit("/", 1)[-1]
    assert manager.get(f"/courses/{course}/completion").status_code == 200
    for ending in ("xlsx", "pdf", "csv"):
        assert manager.get(f"/courses/{course}/completion.{ending}").status_code == 200
        assert manager.get(f"/reports/trends.{ending}").status_code == 200
        assert manager.get(f"/reports/plan.{ending}").status_code == 200
