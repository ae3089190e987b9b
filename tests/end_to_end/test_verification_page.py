"""A session's page with learners by card, a far seat, an alarm and strangers, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from central_server.accounts.permission import Grant
from models.records import CheckIn, Headcount, OnDuty, ProfileUsed, SpotCheck, Unobserved, Vouched
from tests.central_server.running import MINUTE, START, Agent, Running, join, running, write_course
from tests.end_to_end.test_session_page import SESSION, browser, check_accessibility, roster, signed_in

__all__ = ["browser"]
NOW = START + 60 * MINUTE


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path / "data") as one:
        one.load(write_course(tmp_path / "course.toml", learners=9))
        yield one


@pytest.fixture
def agent(server: Running) -> Agent:
    """At TDM until 09:00: the first learner by card, the second in a far seat, the third also seen at BC."""
    one, other = join(server), join(server, "BC")
    card, far, third, *_ = roster(one)
    technician = server.account("ky-thuat", Grant("technician", bridge_point=one.bridge_point))
    told: dict[str, Any] = {"session": SESSION, "learner": card}
    server.clock.ms = NOW
    one.add(OnDuty, session=SESSION, at=START, witness=technician, named_by=None)
    one.add(ProfileUsed, session=SESSION, at=START, profile=None, state="missing", encoder="intel", threshold=0.5)
    flags = ("lookalike", "second_factor")
    one.add(CheckIn, **told, at=START, method="pin", score=0.4, encoder="intel", witness=technician, flags=flags)
    one.add(SpotCheck, **told, asked=START + 19 * MINUTE, at=START + 20 * MINUTE, answered=True, method="pin")
    one.add(Vouched, **told, start=START, end=START + 20 * MINUTE, method="pin", witness=technician)
    one.add(SpotCheck, **told, asked=START + 40 * MINUTE, at=START + 45 * MINUTE, answered=False, method=None)
    one.presence(SESSION, far, START, START + 15 * MINUTE)
    one.add(
        Unobserved, session=SESSION, learner=far, start=START + 15 * MINUTE, end=START + 50 * MINUTE, why="far_seat"
    )
    one.presence(SESSION, third, START, START + 50 * MINUTE)
    one.coverage(SESSION, START, START + 50 * MINUTE)
    for minute in range(46, 50):
        one.add(
            Headcount, session=SESSION, start=START + minute * MINUTE, end=START + (minute + 1) * MINUTE, people=4,
            known=1, unknown=3, vouched=1, roster=6,
        )  # fmt: skip
    other.coverage(SESSION, START, START + 50 * MINUTE)
    other.presence(SESSION, third, START + 10 * MINUTE, START + 12 * MINUTE)
    one.send_all()
    other.send_all()
    now: dict[str, Any] = {"watching_from": START + 50 * MINUTE, "people": 4, "unknown": 3, "sweep_ms": 1_000}
    now |= {"vouched": (card,), "unobserved": {card: START + 20 * MINUTE}}
    assert one.status(SESSION, {third: START + 50 * MINUTE}, **now).status_code == 200
    return one


@pytest.mark.parametrize(
    ("width", "scheme", "lang"),
    [
        pytest.param(360, "light", "vi", marks=pytest.mark.nightly),
        (360, "dark", "en"),
        pytest.param(1440, "light", "en", marks=pytest.mark.nightly),
        (1440, "dark", "vi"),
    ],
)
async def test_the_page_is_accessible_and_fits(
    server: Running, agent: Agent, browser: Browser, width: int, scheme: str, lang: str, tmp_path: Path
) -> None:
    async with signed_in(browser, server, width, scheme) as page:
        course = server.services.books.of(SESSION).state(server.clock()).facts.course
        for path in (f"/sessions/{SESSION}", f"/courses/{course}"):
            await page.goto(f"{server.address}{path}?lang={lang}")
            assert await page.evaluate("document.documentElement.scrollWidth") == width
            await check_accessibility(page)
            shot = await page.screenshot(
                path=tmp_path / f"{path.count('s')}-{width}-{scheme}-{lang}.png", full_page=True
            )
            assert len(shot) > 10_000


async def test_what_each_minute_is_known_by_is_read_by_pointer_and_keyboard(
    server: Running, agent: Agent, browser: Browser
) -> None:
    card, far, *_ = roster(agent)
    async with signed_in(browser, server) as page:
        await page.goto(f"{server.address}/sessions/{SESSION}")
        row = page.locator(f"#learner-{card}")
        await expect(row.locator(".now")).to_contain_text("có mặt từ 08:00")
        await expect(row.locator(".now")).to_contain_text("mã PIN 08:00, người trực: Người dùng ky-thuat")
        await expect(row.locator(".now")).to_contain_text("kiểm tra ngẫu nhiên: 1 lần trả lời, 1 lần không")
        await expect(row.locator(".doubt")).to_have_text(
            ["giống một học viên khác", "khuôn mặt chưa chắc chắn, xác nhận thêm bằng thẻ hoặc mã PIN"]
        )
        await expect(row.locator(".figure.not_seen")).to_contain_text("0 phút")
        evidence = page.locator("#evidence")
        await row.locator(".spot-check.missed").hover()
        await expect(evidence).to_contain_text("08:45:00 kiểm tra ngẫu nhiên: được hỏi lúc 08:40:00, không trả lời")
        await row.locator("svg.bar").focus()
        await page.keyboard.press("Home")
        told = [await evidence.inner_text()]
        for _ in range(10):
            await page.keyboard.press("ArrowRight")
            told.append(await evidence.inner_text())
        for wanted in (
            "xác nhận bằng mã PIN, người trực: Người dùng ky-thuat",
            "chờ xác nhận tiếp theo",
            "đã xác nhận",
        ):
            assert any(wanted in one for one in told), wanted
        await page.locator(f"#learner-{far} .piece.not_observed").first.hover()
        await expect(evidence).to_contain_text("ngồi xa, máy quay không nhận ra được khuôn mặt ở chỗ này")
        head = page.locator(f"#point-{agent.bridge_point}")
        await expect(head).to_contain_text("4 người, 2 đã biết (có 1 bằng thẻ hoặc mã PIN), 2 không quen; danh sách 6.")
        await expect(head).to_contain_text("Có người không quen trong phòng từ 08:46.")
        await expect(head).to_contain_text("Không có hồ sơ hiệu chỉnh")
        await expect(page.locator(".alarms li", has_text="trong cùng một phút")).to_have_count(2)
