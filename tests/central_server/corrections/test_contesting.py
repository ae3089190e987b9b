"""A learner's own page over HTTP: minutes and what they are known by, contests with their answers, own data."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.central_server.corrections.making import MINUTE, PDF, S1, School, school

MINE = 2
DAY = 24 * 60 * MINUTE


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with school(tmp_path_factory.mktemp("school")) as one:
        yield one


def own(here: School, page: str = "") -> str:
    return f"/learners/{here.learners[MINE]}/own{page}"


def test_the_page_says_minutes_and_share_against_the_need(here: School) -> None:
    page = here.learner.get(own(here, f"/courses/{here.course}")).text
    it = [here.figures(MINE, f"K1.{n}") for n in (1, 2)]
    seen = sum(one["seen_ms"] for one in it) // MINUTE
    said = re.search(
        r"Đồng chí đã tham gia <b>(\d+) giờ (\d\d) phút</b>, <b>[\d,]+ %</b> <span class=.need.>\(cần 80,0 %\)", page
    )
    assert said and int(said[1]) * 60 + int(said[2]) == seen
    assert page.count('class="bar"') == 2 and "Buổi 3" not in page


def test_nobody_sees_anothers(here: School) -> None:
    other = f"/learners/{here.learners[0]}/own"
    for page in (f"/courses/{here.course}", "/sessions/K1.1/contest", "/data", "/data.json"):
        assert here.learner.get(other + page).status_code == 404
        assert here.manager.get(own(here, page)).status_code == 403
    assert here.learner.get(own(here, "/courses/c-none")).status_code == 404
    assert here.learner.post(other + "/sessions/K1.1/contest", data={"words": "x"}).status_code == 404


def test_a_contest_is_sent_and_waits(here: School) -> None:
    address = own(here, "/sessions/K1.1/contest")
    assert here.learner.post(address, data={"words": " "}).status_code == 422
    got = here.learner.post(address, data={"words": "Tôi ngồi ở góc sau cả buổi"}, files={"file": ("a.pdf", PDF)})
    assert "chờ trả lời" in got.text and "Tôi ngồi ở góc sau cả buổi" in got.text
    twice = here.learner.post(address, data={"words": "Nữa"})
    assert twice.status_code == 422 and "đang chờ trả lời" in twice.text
    course = here.manager.get(f"/courses/{here.course}").text
    assert "1 ý kiến của học viên chờ trả lời, cũ nhất về Buổi 1" in course
    english = here.manager.get(f"/courses/{here.course}", headers={"Accept-Language": "en"}).text
    assert "1 contest waits for an answer, the oldest about" in english
    assert here.proved().findings == []


def test_a_course_that_is_not_published_is_not_contested(here: School) -> None:
    address = own(here, "/sessions/K1.2/contest")
    publish = f"/courses/{here.course}/publish"
    here.manager.post(publish, data={"published": "no"})
    assert here.learner.get(address).status_code == 404
    assert here.learner.post(address, data={"words": "x"}).status_code == 404
    here.manager.post(publish, data={"published": "yes"})
    assert here.learner.get(address).status_code == 200
    assert len(here.rows("SELECT * FROM contest")) == 1


def contest_id(here: School) -> str:
    return str(here.rows("SELECT id FROM contest ORDER BY at DESC, rowid DESC")[0].id)


def test_a_manager_accepts_by_a_correction(here: School) -> None:
    contest = contest_id(here)
    page = here.manager.get(f"{S1}/contests/{contest}").text
    form = f"{S1}/learners/{here.learners[MINE]}/correction?contest={contest}"
    assert form in page.replace("&amp;", "&")
    assert "Tôi ngồi ở góc sau cả buổi" in here.manager.get(form).text
    other = f"{S1}/learners/{here.learners[0]}/correction?contest={contest}"
    assert here.manager.get(other).status_code == 404
    here.correct(MINE, whole="yes", words="Giảng viên xác nhận", contest=contest)
    assert here.minutes(MINE) == (195, 0, 0)
    page = here.learner.get(own(here, f"/courses/{here.course}")).text
    assert "đã chấp nhận, lập điều chỉnh" in page and "Giảng viên xác nhận" in page
    assert "điều chỉnh (máy quay hoặc máy tính hỏng), người lập: Người dùng quan-ly" in page
    assert "ý kiến của học viên chờ trả lời" not in here.manager.get(f"/courses/{here.course}").text
    assert here.correct(MINE, whole="yes", contest=contest).status_code == 422


def test_an_undone_correction_is_told_where_the_contest_was_answered(here: School) -> None:
    [correction] = here.rows("SELECT correction FROM contest_answer")
    page = own(here, f"/courses/{here.course}")
    here.manager.post(f"{S1}/corrections/{correction.correction}/undo", data={"words": "Nhầm người"})
    told = here.learner.get(page).text
    assert "đã lập điều chỉnh, sau đó điều chỉnh được hoàn tác" in told and "Nhầm người" in told
    assert "đã chấp nhận, lập điều chỉnh" not in told
    assert "sau đó điều chỉnh được hoàn tác" in here.manager.get(f"{S1}/corrections").text
    assert own(here, "/sessions/K1.1/contest") in told, "and it may be contested again"
    here.correct(MINE, whole="yes", words="Giảng viên xác nhận lại")
    assert here.minutes(MINE) == (195, 0, 0)


def test_a_manager_refuses_with_a_reason(here: School) -> None:
    here.learner.post(own(here, "/sessions/K1.2/contest"), data={"words": "Tôi về lúc 11 giờ"})
    contest, address = contest_id(here), "/sessions/K1.2/contests/"
    assert here.manager.post(f"{address}{contest}/refuse", data={"words": ""}).status_code == 422
    assert here.technician.post(f"{address}{contest}/refuse", data={"words": "x"}).status_code == 403
    assert (
        here.manager.post(f"{address}{contest}/refuse", data={"words": "Máy ghi rõ đến 11 giờ 30"}).status_code == 200
    )
    page = here.learner.get(own(here, f"/courses/{here.course}")).text
    assert "không chấp nhận" in page and "Máy ghi rõ đến 11 giờ 30" in page
    assert here.proved().findings == []


def test_own_data_is_a_file_and_a_page(here: School) -> None:
    data = here.learner.get(own(here, "/data.json")).json()
    assert data["code"] == "HV002" and [one["title"] for one in data["courses"][0]["sessions"]] == ["Buổi 1", "Buổi 2"]
    first = data["courses"][0]["sessions"][0]
    assert first["seen_s"] == 195 * 60 and any("điều chỉnh" in one["known_by"] for one in first["stretches"])
    assert [one["answer"] for one in data["contests"]] == ["Giảng viên xác nhận", "Máy ghi rõ đến 11 giờ 30"]
    [undone, second] = data["corrections"]
    assert (undone["standing"], undone["against"], second["standing"], second["made_by"]) == (
        "undone", "Nhầm người", "holds", "Người dùng quan-ly"
    )  # fmt: skip
    assert [(one["standing"], one["against"]) for one in data["contests"]] == [("undone", "Nhầm người"), (None, None)]
    assert data["contests"][0]["file"].startswith("e-")
    page = here.learner.get(own(here, "/data")).text
    assert "HV002" in page and "08:00:00" in page and "Không có dữ liệu khuôn mặt." in page


def test_own_data_has_leave_signatures_and_results_with_who_and_when(here: School) -> None:
    leave = {"leave": "permitted", "words": "Họp ở Sở", "approver": "Bà Lan"}
    here.manager.post(f"{S1}/learners/{here.learners[MINE]}/leave", data=leave)
    before = here.learner.get(own(here, "/data.json")).json()
    assert [(one["words"], one["approver"], one["file"]) for one in before["leaves"]] == [("Họp ở Sở", "Bà Lan", None)]
    assert before["signatures"] == before["results"] == []
    page = here.manager.get(f"{S1}/corrections").text
    digest = re.search(r'value="class_manager"><input type="hidden" name="figures" value="([0-9a-f]{64})"', page)
    assert digest
    here.manager.post(f"{S1}/seal", data={"as": "class_manager", "figures": digest[1]})
    result = {f"outcome-{here.learners[MINE]}": "completed", f"certificate-{here.learners[MINE]}": "CC-7"}
    here.manager.post(f"/courses/{here.course}/completion", data=result)
    data = here.learner.get(own(here, "/data.json")).json()
    [signed], [got] = data["signatures"], data["results"]
    assert (signed["session"], signed["signer"], signed["signed_by"], signed["seen_s"], signed["leave"]) == (
        "K1.1", "class_manager", "Người dùng quan-ly", 195 * 60, "permitted"
    )  # fmt: skip
    assert (got["outcome"], got["certificate"], got["recognised_by"]) == ("completed", "CC-7", "Người dùng quan-ly")
    page = here.learner.get(own(here, "/data")).text
    for text in (
        "Họp ở Sở",
        "Bà Lan",
        "CC-7",
        "Cán bộ quản lý lớp Người dùng quan-ly",
        "<li>Buổi 1, 24/11/2026: có phép, Họp ở Sở",
        "<li>Buổi 1, 24/11/2026, bản số ",
        "có mặt 195,0",
        "Đã được hoàn tác",
    ):
        assert text in page
    assert "Nguyễn Văn A0" not in page


def test_a_correction_that_the_second_person_refuses_is_told_to_the_learner(here: School) -> None:
    rule = {"version": "0", "second_person": "yes", "contest_days": "5", "reason": "Quy chế lớp"}
    here.manager.post(f"/courses/{here.course}/correcting", data=rule)
    here.learner.post(own(here, "/sessions/K1.1/contest"), data={"words": "Lại thiếu"})
    here.correct(MINE, change="taken", start="8:00", end="9:00", words="Xem lại", contest=contest_id(here))
    page = own(here, f"/courses/{here.course}")
    assert "đã chấp nhận, điều chỉnh chờ người thứ hai xác nhận" in here.learner.get(page).text
    [waiting] = here.rows("SELECT id FROM correction ORDER BY at DESC, rowid DESC LIMIT 1")
    here.other_manager.post(f"{S1}/corrections/{waiting.id}/refuse", data={"words": "Thiếu căn cứ"})
    told = here.learner.get(page).text
    assert "điều chỉnh không được người thứ hai xác nhận, nên không có hiệu lực" in told and "Thiếu căn cứ" in told
    assert here.minutes(MINE) == (195, 0, 0)
    last = here.learner.get(own(here, "/data.json")).json()["contests"][-1]
    assert (last["standing"], last["against"]) == ("refused", "Thiếu căn cứ")
    assert here.proved().findings == []


def test_the_audit_log_names_things_and_no_ids(here: School) -> None:
    page = here.server.administrator().get("/admin/audit?group=corrections").text
    assert "chấp nhận ý kiến về buổi K1.1 bằng một điều chỉnh" in page and "không chấp nhận ý kiến về buổi K1.2" in page
    assert not re.search(r"\b[ye]-[0-9a-f]{16}|điều chỉnh d-", page)


def test_a_contest_comes_too_late_after_the_days_that_the_course_gives(here: School) -> None:
    rule = {"version": "1", "contest_days": "1", "reason": "Theo quy chế"}
    assert here.manager.post(f"/courses/{here.course}/correcting", data=rule).status_code == 200
    assert here.learner.get(own(here, "/sessions/K1.2/contest")).status_code == 200
    here.server.clock.ms += DAY - 10 * MINUTE
    late = here.learner.get(own(here, "/sessions/K1.2/contest"))
    assert late.status_code == 409 and "hết hạn nêu ý kiến" in late.text
    assert here.learner.post(own(here, "/sessions/K1.2/contest"), data={"words": "Muộn"}).status_code == 422
    assert (
        "Nêu ý kiến về buổi này" not in here.learner.get(own(here, f"/courses/{here.course}")).text.split("Buổi 2")[1]
    )
