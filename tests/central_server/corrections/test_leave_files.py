"""The file that comes with a leave or a contest is read by whom it concerns, and by nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.central_server.corrections.making import PDF, S1, School, school

MINE = 2


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with school(tmp_path_factory.mktemp("school")) as one:
        yield one


def own(here: School, evidence: str, learner: int = MINE) -> str:
    return f"/learners/{here.learners[learner]}/own{S1}/evidence/{evidence}"


def enter(here: School, learner: int, words: str, **files: tuple[str, bytes]) -> str:
    form = {"leave": "permitted", "words": words, "approver": "Bà Lan"}
    got = here.manager.post(f"{S1}/learners/{here.learners[learner]}/leave", data=form, files=files or None)
    assert got.status_code == 200
    rows = here.rows("SELECT evidence FROM leave ORDER BY at, rowid")
    return str(rows[-1].evidence)


def test_a_leaves_file_is_read_by_class_managers_and_the_learner_alone(here: School) -> None:
    file = enter(here, MINE, "Họp ở Sở", file=("don.pdf", PDF))
    for client, address in ((here.manager, f"{S1}/evidence/{file}"), (here.learner, own(here, file))):
        got = client.get(address)
        assert got.content == PDF and "attachment" in got.headers["content-disposition"]
    assert here.technician.get(f"{S1}/evidence/{file}").status_code == 404
    assert here.lecturer.get(f"{S1}/evidence/{file}").status_code == 403
    assert here.learner.get(f"{S1}/evidence/{file}").status_code == 403
    assert here.learner.get(own(here, file, 0)).status_code == 404
    assert here.learner.get(own(here, file).replace("K1.1", "K1.2")).status_code == 404
    assert f"{S1}/evidence/{file}" in here.manager.get(f"{S1}/corrections").text
    assert f"{S1}/evidence/{file}" in here.manager.get(f"{S1}/learners/{here.learners[MINE]}/leave").text
    assert f"{S1}/evidence/{file}" not in here.technician.get(f"{S1}/corrections").text
    page = here.learner.get(f"/learners/{here.learners[MINE]}/own/courses/{here.course}").text
    assert own(here, file) in page


def test_another_learners_file_is_not_given(here: School) -> None:
    file = enter(here, 3, "Ốm", file=("don.pdf", PDF))
    assert here.learner.get(own(here, file)).status_code == 404
    assert here.manager.get(f"{S1}/evidence/{file}").status_code == 200


def test_an_entry_that_is_changed_without_a_file_keeps_the_one_it_had(here: School) -> None:
    file = enter(here, MINE, "Họp ở Sở, cả buổi")
    assert here.learner.get(own(here, file)).content == PDF
    here.manager.post(f"{S1}/learners/{here.learners[MINE]}/leave", data={"leave": "none", "words": "Nhầm"})
    assert enter(here, MINE, "Lại có phép") == "None"
    assert here.proved().findings == []


def test_the_learner_reads_what_he_sent_with_a_contest(here: School) -> None:
    address = f"/learners/{here.learners[MINE]}/own{S1}/contest"
    here.learner.post(address, data={"words": "Tôi có mặt"}, files={"file": ("a.pdf", PDF)})
    [file] = here.rows("SELECT evidence FROM contest")
    page = here.learner.get(f"/learners/{here.learners[MINE]}/own/courses/{here.course}").text
    assert own(here, file.evidence) in page
    assert here.learner.get(own(here, file.evidence)).content == PDF
    assert here.technician.get(f"{S1}/evidence/{file.evidence}").status_code == 404


def test_a_signed_sheet_with_other_names_is_not_given_to_a_learner(here: School) -> None:
    form = {"start": "8:00", "end": "9:00", "why": "camera", "words": "x", "learner": [here.learners[MINE]]}
    here.technician.post(f"{S1}/signed-sheet", data=form, files={"file": ("bang.pdf", PDF)})
    [sheet] = here.rows("SELECT evidence FROM correction WHERE way = 'sheet'")
    assert here.learner.get(own(here, sheet.evidence)).status_code == 404
    data = {"change": "added", "start": "8:00", "end": "9:00", "why": "camera", "words": "y"}
    address = f"{S1}/learners/{here.learners[MINE]}/correction"
    here.manager.post(address, data=data, files={"file": ("b.pdf", PDF)})
    [single] = here.rows("SELECT evidence FROM correction WHERE way = 'single'")
    assert here.learner.get(own(here, single.evidence)).content == PDF
