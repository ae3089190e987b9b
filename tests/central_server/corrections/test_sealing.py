"""The seal of a session's sheet: two signatures, revisions with what changed and why; `verify` sees each."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.central_server.corrections.making import MINUTE, S1, START, School, school
from tests.central_server.reports.opening import pdf_text


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with school(tmp_path_factory.mktemp("school")) as one:
        yield one


def sign(here: School, by: httpx.Client, as_: str, point: str = "", page: str = "") -> httpx.Response:
    """Sign what the page shows (or showed)."""
    page = page or by.get(f"{S1}/corrections").text
    form = re.search(
        rf'name="as" value="{as_}">(?:<input type="hidden" name="point" value="{point}">)?'
        r'<input type="hidden" name="figures" value="([0-9a-f]{64})"', page,
    )  # fmt: skip
    data = {"as": as_, "point": point, "figures": form[1] if form else "0" * 64}
    return by.post(f"{S1}/seal", data=data)


def state(here: School) -> str:
    page = here.manager.get(f"{S1}/corrections").text
    found = re.search(r'id="seal-head">.*?<span class="state[^"]*">([^<]+)<', page, re.DOTALL)
    assert found
    return found[1]


def test_two_people_seal_a_sheet(here: School) -> None:
    assert "2 buổi chưa niêm phong bảng điểm danh" in here.manager.get(f"/courses/{here.course}").text
    assert state(here) == "chưa niêm phong"
    assert sign(here, here.technician, "technician", here.point).status_code == 200
    assert state(here) == "chưa đủ chữ ký"
    assert sign(here, here.technician, "technician", here.point).status_code == 409
    assert sign(here, here.manager, "class_manager").status_code == 200
    assert state(here) == "đã niêm phong"
    said = " ".join(pdf_text(here.manager.get(f"{S1}/sheet.pdf").content).split())
    assert "CÁN BỘ KỸ THUẬT CÁN BỘ QUẢN LÝ LỚP Người dùng ky-thuat Người dùng quan-ly" in said
    assert "Thủ Dầu Một: Cán bộ kỹ thuật Người dùng ky-thuat đã ký lúc" in said
    assert "1 buổi chưa niêm phong bảng điểm danh" in here.manager.get(f"/courses/{here.course}").text
    assert here.proved().findings == []


def test_nobody_signs_in_a_role_that_is_not_his(here: School) -> None:
    digest = "0" * 64
    for client, as_, point in (
        (here.technician, "class_manager", ""), (here.technician, "technician", ""),
        (here.technician, "technician", "p-other"), (here.manager, "technician", here.point),
        (here.lecturer, "technician", here.point), (here.learner, "class_manager", ""),
    ):  # fmt: skip
        got = client.post(f"{S1}/seal", data={"as": as_, "point": point, "figures": digest})
        assert got.status_code == 403, (as_, point)


def test_a_correction_after_the_seal_is_a_revision_that_can_be_printed(here: School) -> None:
    old = here.manager.get(f"{S1}/corrections").text
    here.correct(3, whole="yes", words="Ký tên trên bảng giấy")
    assert state(here) == "đã niêm phong, có bản sửa đổi chưa ký"
    assert "2 buổi chưa niêm phong bảng điểm danh" in here.manager.get(f"/courses/{here.course}").text
    page = here.technician.get(f"{S1}/revisions/1").text
    assert "Bản sửa đổi số 1" in page and "1 học viên" in page
    assert re.search(r"195,0 <del>.*?0,0</del>", page)
    assert here.manager.get(f"{S1}/revisions/2").status_code == 404
    stale = re.search(r'name="figures" value="([0-9a-f]{64})"', old)
    assert stale is None  # all had signed: the page before offered nothing to sign
    assert sign(here, here.manager, "class_manager").status_code == 200
    assert sign(here, here.technician, "technician", here.point).status_code == 200
    assert state(here) == "đã niêm phong"


def test_leave_is_part_of_what_is_sealed(here: School) -> None:
    form = {"leave": "not_permitted", "words": "Không báo", "approver": ""}
    here.manager.post(f"{S1}/learners/{here.learners[2]}/leave", data=form)
    page = here.manager.get(f"{S1}/revisions/2").text
    assert "không phép" in page and "Không báo" not in page


def test_what_was_written_of_a_learner_is_read_by_those_who_see_all_of_them(here: School) -> None:
    assert [row.words for row in here.rows("SELECT words FROM sheet_revision ORDER BY number")] == ["", "", ""]
    assert "Ký tên trên bảng giấy" in here.manager.get(f"{S1}/revisions/1").text
    assert "Ký tên trên bảng giấy" not in here.technician.get(f"{S1}/revisions/1").text
    for client in (here.manager, here.lecturer, here.technician):
        sheet = client.get(f"{S1}/sheet").text
        assert "Bản số liệu niêm phong số 2" in sheet
        assert "Không báo" not in sheet and "Ký tên trên bảng giấy" not in sheet
    assert here.proved().findings == []


def test_late_records_are_seen_and_made_a_revision_with_a_reason(here: School) -> None:
    here.agent.clock.ms = here.server.clock.ms
    here.agent.presence("K1.1", here.learners[2], START + 150 * MINUTE, START + 160 * MINUTE)
    here.agent.send_all()
    page = here.manager.get(f"{S1}/corrections").text
    assert "khác bản 2 đã ký" in page
    changed = "1 buổi có số liệu đã đổi sau khi ký"
    for path in ("", "/completion"):
        assert changed in here.manager.get(f"/courses/{here.course}{path}").text, path
    sheet = here.manager.get(f"{S1}/sheet").text
    assert "Số liệu nay khác bản niêm phong số 2; chưa ai ký số liệu này." in sheet
    assert "đã ký lúc" not in sheet
    english = here.manager.get(f"{S1}/sheet", headers={"Accept-Language": "en"}).text
    assert "<strong>Người dùng" not in sheet, "no name under the blocks"
    assert "nobody has signed them" in english and "signed at" not in english
    assert sign(here, here.manager, "class_manager").status_code == 409
    assert here.technician.post(f"{S1}/revise", data={"words": "x"}).status_code == 403
    assert here.manager.post(f"{S1}/revise", data={"words": ""}).status_code == 422
    assert here.manager.post(f"{S1}/revise", data={"words": "Máy gửi muộn"}).status_code == 200
    assert changed not in here.manager.get(f"/courses/{here.course}").text, "a revision, which is to be signed"
    assert "Máy gửi muộn" in here.manager.get(f"{S1}/revisions/3").text
    assert "Máy gửi muộn" not in here.technician.get(f"{S1}/revisions/3").text
    assert "Bản số liệu niêm phong số 3" in here.manager.get(f"{S1}/sheet").text
    assert here.manager.post(f"{S1}/revise", data={"words": "nữa"}).status_code == 409
    assert [row.cause for row in here.rows("SELECT cause FROM sheet_revision ORDER BY number")] == [
        "sealing", "correction", "leave", "records"
    ]  # fmt: skip
    assert here.proved().findings == []


def test_figures_that_changed_meanwhile_are_not_signed(here: School) -> None:
    page = here.manager.get(f"{S1}/corrections").text
    here.correct(2, start="8:00", end="8:10", change="taken", words="Đến 8 giờ 10")
    got = sign(here, here.manager, "class_manager", page=page)
    assert got.status_code == 409 and "đã thay đổi trong lúc đồng chí xem" in got.text
    assert len(here.rows("SELECT * FROM sheet_signature")) == 4


def test_a_session_that_runs_is_not_signed(here: School) -> None:
    here.server.clock.ms = START + 2 * 24 * 60 * MINUTE + 60 * MINUTE
    page = here.manager.get("/sessions/K1.3/corrections").text
    assert "Ký được khi buổi học kết thúc." in page
    got = here.manager.post("/sessions/K1.3/seal", data={"as": "class_manager", "figures": "0" * 64})
    assert got.status_code == 409
