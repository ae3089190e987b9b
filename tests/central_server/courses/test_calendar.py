"""The calendar: golden bytes, and another library than the one that writes it reads it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import vobject
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from central_server.courses.calendar import CalendarSession, calendar_key, calendar_text
from central_server.courses.series import VIETNAM
from tests.central_server.courses.making import course_id
from tests.central_server.running import MINUTE, START, Running

GOLDEN = Path(__file__).parents[2] / "vectors" / "calendar_v1.ics"
SESSION = CalendarSession(
    id="K1.2", title="Buổi 2: Nhà nước; kỹ năng, thực hành", start=START, end=START + 210 * MINUTE,
    breaks=((START + 90 * MINUTE, START + 105 * MINUTE),), points=("Thủ Dầu Một", "Bến Cát"), field_visit=False,
    lecturer="TS. Nguyễn Văn An", cancelled=False, sequence=2, changed_at=START - 60 * MINUTE,
    reason="mất điện,\nBến Cát",
)  # fmt: skip
VISIT = CalendarSession(
    id="K1.3", title="Đi thực tế", start=START + 1440 * MINUTE, end=START + 1860 * MINUTE, breaks=(), points=(),
    field_visit=True, lecturer="", cancelled=True, sequence=1, changed_at=START, reason="mưa bão",
)  # fmt: skip
TITLE = "Bồi dưỡng ngạch chuyên viên, khóa 3 năm 2026, dành cho cán bộ và công chức cấp xã"


def test_the_calendars_bytes_stay_as_they_are() -> None:
    assert calendar_text("c-01", TITLE, [SESSION, VISIT], START) == GOLDEN.read_bytes()


def test_another_reader_understands_times_escapes_folds_and_what_is_cancelled() -> None:
    text = calendar_text("c-01", TITLE, [SESSION, VISIT], START)
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))
    read = vobject.readOne(text.decode())
    held, visit = read.vevent_list
    assert held.dtstart.value == datetime(2026, 11, 24, 8, tzinfo=VIETNAM)
    assert held.dtstart.value.utcoffset() == timedelta(hours=7)
    assert held.dtend.value - held.dtstart.value == timedelta(minutes=210)
    assert held.summary.value == f"{SESSION.title} – {TITLE}"
    assert held.location.value == "Thủ Dầu Một, Bến Cát"
    assert "mất điện,\nBến Cát" in held.description.value and "Giải lao 09:30–09:45" in held.description.value
    assert (held.uid.value, held.sequence.value, held.status.value) == ("K1.2@c-01.diemdanh", "2", "CONFIRMED")
    assert (visit.uid.value, visit.status.value) == ("K1.3@c-01.diemdanh", "CANCELLED")
    assert visit.summary.value.startswith("ĐÃ HỦY")
    assert read.x_wr_calname.value == TITLE


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=200))
def test_any_title_comes_back_as_it_was(title: str) -> None:
    session = replace(SESSION, title=title, reason="")
    read = vobject.readOne(calendar_text("c-01", "Lớp", [session], START).decode())
    assert read.vevent.summary.value == f"{title} – Lớp"


def test_the_secret_is_its_servers_its_courses_and_its_numbers() -> None:
    one, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    keys = {calendar_key(key, course, n) for key in (one, other) for course in ("c-1", "c-2") for n in (1, 2)}
    assert len(keys) == 8
    assert calendar_key(one, "c-1", 1) in keys


def test_the_feed_is_open_to_its_address_alone_and_names_no_learner(server: Running) -> None:
    manager = server.manager()
    course = course_id(server)
    page = manager.get(f"/courses/{course}").text
    address = page.partition('id="calendar-address"')[2].partition('value="')[2].partition('"')[0].replace("&amp;", "&")
    got = httpx.get(address)
    assert (got.status_code, got.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert "Nguyễn" not in got.text and "HV00" not in got.text
    assert vobject.readOne(got.text).vevent.uid.value == f"K1.1@{course}.diemdanh"
    assert httpx.get(address[:-1] + ("0" if address[-1] != "0" else "1")).status_code == 404
    assert httpx.get(address.partition("?")[0]).status_code == 404
    assert manager.post(f"/courses/{course}/calendar").status_code == 200
    assert httpx.get(address).status_code == 404  # the address was changed
    assert httpx.get(address.replace(course, "c-0000000000000000")).status_code == 404
