"""Corrections and leave over HTTP, by role: what they do to the figures, and that `verify` proves them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.central_server.corrections.making import PDF, S1, School, school


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with school(tmp_path_factory.mktemp("school")) as one:
        yield one


def last_correction(here: School) -> str:
    return str(here.rows("SELECT id FROM correction ORDER BY at DESC, rowid DESC LIMIT 1")[0].id)


def test_time_is_added_exactly_and_the_records_stay(here: School) -> None:
    before, lines = here.minutes(2), here.rows("SELECT line FROM record ORDER BY device, log, seq")
    here.manager.get("/courses/" + here.course)  # settled now: the correction must be seen through it
    assert here.correct(2, start="10:00", end="10:30").url.path == f"{S1}/corrections"
    after = here.minutes(2)
    assert after[0] - before[0] == 30 and before[1] - after[1] == 30 and after[2] == before[2]
    assert here.rows("SELECT line FROM record ORDER BY device, log, seq") == lines
    [said] = here.figures(2)["corrected"]
    assert (said["added"], said["way"], said["why"]) == (True, "single", "camera")
    assert here.proved().findings == []


def test_the_course_page_counts_it_as_the_session_does(here: School) -> None:
    page = here.manager.get(f"/courses/{here.course}/participation.csv").text
    total = sum(here.figures(2, f"K1.{n}")["seen_ms"] for n in (1, 2))
    counted = sum(here.figures(2, f"K1.{n}")["seen_ms"] + here.figures(2, f"K1.{n}")["not_seen_ms"] for n in (1, 2))
    row = next(line for line in page.splitlines() if "HV002" in line)
    assert f";{total / counted * 100:.1f} %;" in row.replace(",", "."), row


def test_time_that_is_taken_away_is_an_absence_only_where_it_was_seen(here: School) -> None:
    before = here.minutes(1)
    assert here.correct(1, change="taken", whole="yes", why="taken_for_another").status_code == 200
    seen, not_seen, not_observed = here.minutes(1)
    assert (seen, not_seen, not_observed) == (0, before[0] + before[1], before[2])
    assert not_observed == 21  # the last tenth was dark, and stays what it was


def test_a_correction_is_undone_by_another_and_both_stay(here: School) -> None:
    correction = last_correction(here)
    assert here.manager.post(f"{S1}/corrections/{correction}/undo", data={"words": ""}).status_code == 422
    long = here.manager.post(f"{S1}/corrections/{correction}/undo", data={"words": "x" * 501})
    assert long.status_code == 422 and "Dài quá 500 ký tự" in long.text
    got = here.manager.post(f"{S1}/corrections/{correction}/undo", data={"words": "Nhầm buổi"})
    assert "đã hoàn tác" in got.text and "Nhầm buổi" in got.text
    assert here.minutes(1)[1] == 0
    assert here.manager.post(f"{S1}/corrections/{correction}/undo", data={"words": "Lại"}).status_code == 409
    assert here.proved().findings == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"words": ""}, "Hãy điền ô này."),
        ({"why": ""}, "Hãy chọn một lý do."),
        ({"change": ""}, "Hãy điền ô này."),
        ({"start": "7:00"}, "nằm trong buổi học 08:00–11:30"),
        ({"start": "10:00", "end": "9:00"}, "nằm trong buổi học 08:00–11:30"),
        ({"end": "tối"}, "Không hiểu giờ"),
    ],
)
def test_what_can_not_be_is_said_at_its_field_and_nothing_is_kept(
    here: School, fields: dict[str, str], sentence: str
) -> None:
    before = here.rows("SELECT count(*) FROM own_record")
    got = here.correct(1, None, **fields)
    assert got.status_code == 422 and sentence in got.text
    assert here.rows("SELECT count(*) FROM own_record") == before


def test_a_session_to_come_is_not_corrected(here: School) -> None:
    got = here.correct(1, session="K1.4")
    assert got.status_code == 422 and "Chỉ điều chỉnh được thời gian đã qua." in got.text


def test_a_file_of_evidence_is_sealed_and_given_to_those_who_correct(here: School) -> None:
    address = f"{S1}/learners/{here.learners[1]}/correction"
    form = {"change": "added", "whole": "yes", "why": "off_camera", "words": "Ngồi ở bàn kỹ thuật"}
    bad = here.manager.post(address, data=form, files={"file": ("don.docx", b"PK\x03\x04 word")})
    assert bad.status_code == 422 and "ảnh (JPEG, PNG) hoặc PDF" in bad.text
    big = here.manager.post(address, data=form, files={"file": ("a.pdf", PDF + b" " * 9 * 1024**2)})
    assert big.status_code == 422 and "lớn quá 8 MB" in big.text
    page = here.manager.post(address, data=form, files={"file": ("don.pdf", PDF)})
    [file] = here.rows("SELECT id, sealed FROM evidence_file")
    assert f"{S1}/evidence/{file.id}" in page.text and PDF not in file.sealed
    got = here.manager.get(f"{S1}/evidence/{file.id}")
    assert got.content == PDF and got.headers["content-type"] == "application/pdf"
    assert "attachment" in got.headers["content-disposition"]
    assert here.technician.get(f"{S1}/evidence/{file.id}").status_code == 200  # of his own bridge point alone
    assert here.lecturer.get(f"{S1}/evidence/{file.id}").status_code == 403
    assert here.proved().findings == []


def test_a_second_person_confirms_where_the_course_says_so(here: School) -> None:
    rule = {"version": "0", "second_person": "yes", "contest_days": "5", "reason": "Quy chế lớp"}
    assert here.manager.post(f"/courses/{here.course}/correcting", data=rule).status_code == 200
    again = here.manager.post(f"/courses/{here.course}/correcting", data=rule | {"reason": "Cũ"})
    assert again.status_code == 422 and "phiên bản 1" in again.text
    before = here.minutes(3)
    page = here.correct(3, whole="yes")
    assert "chờ người thứ hai xác nhận" in page.text and here.minutes(3) == before
    correction = last_correction(here)
    own = here.manager.post(f"{S1}/corrections/{correction}/confirm")
    assert own.status_code == 409 and "phải khác người lập" in own.text
    assert here.technician.post(f"{S1}/corrections/{correction}/confirm").status_code == 403
    assert here.minutes(3) == before
    done = here.other_manager.post(f"{S1}/corrections/{correction}/confirm")
    assert done.status_code == 200 and here.minutes(3) == (195, 0, 0)
    assert here.other_manager.post(f"{S1}/corrections/{correction}/confirm").status_code == 409
    here.correct(3, change="taken", start="8:00", end="9:00")
    refused = last_correction(here)
    assert here.other_manager.post(f"{S1}/corrections/{refused}/refuse").status_code == 422
    page = here.other_manager.post(f"{S1}/corrections/{refused}/refuse", data={"words": "Không có căn cứ"})
    assert "Không có căn cứ" in page.text and here.minutes(3) == (195, 0, 0)
    assert here.proved().findings == []


def test_leave_stands_beside_presence_and_changes_no_minute(here: School) -> None:
    before = here.minutes(2)
    address = f"{S1}/learners/{here.learners[2]}/leave"
    form = {"leave": "permitted", "words": "Họp ở Sở", "approver": ""}
    assert here.manager.post(address, data=form).status_code == 422
    page = here.manager.post(address, data=form | {"approver": "Bà Lan, Phó Giám đốc"})
    assert "có phép" in page.text and here.minutes(2) == before
    page = here.manager.post(address, data={"leave": "none", "words": "Ghi nhầm"})
    assert "có phép" not in page.text
    assert [row.leave for row in here.rows("SELECT leave FROM leave ORDER BY number")] == ["permitted", "none"]
    assert here.proved().findings == []


def test_a_signed_sheet_needs_two_signers_and_is_an_evidence_of_its_own(here: School) -> None:
    address = "/sessions/K1.2/signed-sheet"
    form = {"start": "8:00", "end": "11:30", "why": "camera", "words": "Máy quay hỏng từ đầu buổi",
            "learner": [here.learners[5], here.learners[4]], f"start-{here.learners[4]}": "9:00",
            f"end-{here.learners[4]}": "10:00"}  # fmt: skip
    without = here.technician.post(address, data=form)
    assert without.status_code == 422 and "Hãy điền ô này." in without.text
    page = here.technician.post(address, data=form, files={"file": ("bang.pdf", PDF)})
    assert page.status_code == 200 and "bảng giấy có chữ ký" in page.text
    assert here.minutes(5, "K1.2")[0] == 0
    sheet = last_correction(here)
    assert here.technician.post(f"/sessions/K1.2/corrections/{sheet}/confirm").status_code == 409
    assert here.manager.post(f"/sessions/K1.2/corrections/{sheet}/confirm").status_code == 200
    assert here.minutes(5, "K1.2") == (195, 0, 0)
    assert {one["way"] for one in here.figures(4, "K1.2")["corrected"]} == {"sheet"}
    assert "bảng giấy có chữ ký" in here.manager.get("/sessions/K1.2/sheet.csv").text
    here.manager.post(f"/sessions/K1.2/corrections/{sheet}/undo", data={"words": "Nhập nhầm buổi"})
    assert here.minutes(5, "K1.2") == (195, 0, 0)  # the undoing needs two as well
    undoing = last_correction(here)
    assert here.manager.post(f"/sessions/K1.2/corrections/{undoing}/confirm").status_code == 409
    assert here.technician.post(f"/sessions/K1.2/corrections/{undoing}/confirm").status_code == 200
    assert here.minutes(5, "K1.2")[0] == 0
    assert here.proved().findings == []


def test_those_who_may_not_are_refused(here: School) -> None:
    before = here.rows("SELECT count(*) FROM correction")
    for client in (here.technician, here.lecturer, here.learner):
        assert here.correct(1, client).status_code == 403
        leave = {"leave": "permitted", "words": "x", "approver": "y"}
        assert client.post(f"{S1}/learners/{here.learners[1]}/leave", data=leave).status_code == 403
    for client in (here.lecturer, here.learner):
        assert client.get(f"{S1}/corrections").status_code == 403
        assert client.get(f"{S1}/signed-sheet").status_code == 403
    assert here.rows("SELECT count(*) FROM correction") == before
