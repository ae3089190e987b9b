"""How much rooms took part: live on the session's page, and in its Excel file beside participation."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from openpyxl import load_workbook

from central_server.classroom.floor import By
from central_server.classroom.interaction import speaking_cut
from central_server.classroom.keeping import doing
from central_server.media.rooms import Voice
from tests.central_server.classroom.lesson import SESSION, Lesson, lesson
from tests.central_server.running import MINUTE, START


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Lesson]:
    with lesson(tmp_path) as one:
        yield one


def rows_in(html: str) -> dict[str, list[str]]:
    """The table's rows, by the name of the bridge point."""
    section = html.partition('<section id="interaction"')[2].partition("</section>")[0]
    found = re.findall(r'<tr><th scope="row">([^<]+)</th>(.*?)</tr>', section)
    return {name: re.findall(r"<td>([^<]*)</td>", cells) for name, cells in found}


def live(here: Lesson, client: httpx.Client, wanted: str) -> str:
    """The first message of the page's stream that says `wanted`."""
    told = ""
    with client.stream("GET", f"/sessions/{SESSION}/events") as stream:
        for line in stream.iter_lines():
            told += line.removeprefix("data: ")
            if not line:  # a message is whole
                if wanted in told:
                    break
                told = ""
    return told


def teach(here: Lesson) -> None:
    """BC asks and has the floor for three minutes, in which it speaks for 90 s; DA raises a hand and asks."""
    technician, both, lecturer = (here.signed_in(who) for who in ("technician", "both", "lecturer"))
    assert here.act(lecturer, "floor", room=here.rooms["BC"]).status_code == 200
    here.server.clock.ms += 3 * MINUTE
    assert here.act(technician, "give-back").status_code == 200
    spoken = speaking_cut(By(SESSION, here.server.clock()), START, {here.rooms["BC"]: 90_000})
    here.server.do(doing(SESSION, lambda floor: spoken))
    assert here.act(both, "hand", "DA", raised="yes").status_code == 200
    assert here.act(both, "questions", "DA", text="Bao giờ nộp bài?").status_code == 200
    assert here.act(lecturer, "questions/1/answered").status_code == 200  # last: who sees this sees all the rest


def test_the_sessions_page_shows_interaction_as_it_happens_and_to_each_what_he_may_see(here: Lesson) -> None:
    manager, technician = here.signed_in("manager"), here.signed_in("technician")
    page = manager.get(f"/sessions/{SESSION}").text
    assert '<section id="interaction" class="card" aria-labelledby="spoken-title" hidden>' in page
    teach(here)
    told = rows_in(live(here, manager, "1 (1)"))
    assert told == {"Bến Cát": ["1:30", "1", "0:00", "0", "0 (0)"], "Dĩ An": ["0:00", "0", "0:00", "1", "1 (1)"]}
    assert rows_in(manager.get(f"/sessions/{SESSION}").text) == told
    assert rows_in(technician.get(f"/sessions/{SESSION}").text).keys() == {"Bến Cát"}
    assert here.act(here.signed_in("both"), "questions", "DA", text="Và ở đâu?").status_code == 200
    assert rows_in(live(here, manager, "2 (1)"))["Dĩ An"][-1] == "2 (1)"


def test_what_is_spoken_now_is_shown_before_it_is_on_record_and_counted_once_when_it_is(here: Lesson) -> None:
    manager, room, of = here.signed_in("manager"), here.rooms["BC"], here.server.services
    here.page(manager)  # somebody has the classroom open
    classroom, task = of.classrooms._open[SESSION]
    begun = here.server.clock()
    of.media._voices[SESSION, room] = voice = Voice()  # what the relay tells of a microphone, tests/…/media shows
    voice.add(begun, begun + 85_000)
    here.server.clock.ms += 2 * MINUTE
    assert rows_in(live(here, manager, "1:20"))["Bến Cát"][0] == "1:20", "in steps of ten seconds"
    asyncio.run_coroutine_threadsafe(classroom._cut(), task.get_loop()).result(60)
    assert rows_in(live(here, manager, "1:25"))["Bến Cát"][0] == "1:25"
    assert rows_in(manager.get(f"/sessions/{SESSION}").text).keys() == {"Bến Cát"}


def test_interaction_is_a_page_of_its_own_in_the_sessions_excel_file(here: Lesson) -> None:
    def book(who: str) -> dict[str, list[tuple[object, ...]]]:
        got = here.signed_in(who).get(f"/sessions/{SESSION}/sheet.xlsx")
        pages = load_workbook(io.BytesIO(got.content)).worksheets
        return {page.title: list(page.iter_rows(values_only=True)) for page in pages}

    before = book("manager")
    assert len(before) == 1
    teach(here)
    attendance, interaction = book("manager").values()
    learners = [row[:3] for row in next(iter(before.values())) if isinstance(row[0], int)]
    assert [row[:3] for row in attendance if isinstance(row[0], int)] == learners
    rows = {row[1]: row[2:] for row in interaction if isinstance(row[0], int)}
    assert rows == {
        "Thủ Dầu Một": (0, 0, 0, 0, 0, 0, 0), "Bến Cát": (1.5, 3, 0, 1, 0, 0, 0), "Dĩ An": (0, 0, 0, 0, 1, 1, 1)
    }  # fmt: skip
    assert "TRAO ĐỔI TRONG LỚP" in book("manager")
    said = [str(cell) for row in interaction for cell in row if cell]
    assert any("đã ghi vào sổ, tính đến 08:03 24/11/2026" in one for one in said), "the live page may be ahead of it"
    assert [row[1] for row in book("technician")["TRAO ĐỔI TRONG LỚP"] if isinstance(row[0], int)] == ["Bến Cát"]
    for ending in ("csv", "pdf"):
        assert here.signed_in("manager").get(f"/sessions/{SESSION}/sheet.{ending}").status_code == 200
