"""Corrections, the signed sheet, the seal and a contest in a real browser, by role; forbidden ways too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.central_server.corrections.making import PDF, S1, School, school
from tests.end_to_end.test_session_page import browser, check_accessibility

__all__ = ["browser"]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with school(tmp_path_factory.mktemp("school")) as one:
        yield one


@asynccontextmanager
async def as_(browser: Browser, here: School, login: str, width: int = 1440) -> AsyncIterator[Page]:
    """A page of somebody who has signed in."""
    context = await browser.new_context(locale="vi-VN", viewport={"width": width, "height": 900})
    page = await context.new_page()
    await page.goto(f"{here.server.address}/sign-in/link?key={here.server.link(login)}")
    await page.get_by_role("button").last.click()
    yield page
    await context.close()


async def fits(page: Page, width: int, folder: Path, name: str) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth") == width, name
    await check_accessibility(page)
    await page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)


async def test_a_learner_contests_a_manager_corrects_and_another_confirms(
    here: School, browser: Browser, tmp_path: Path
) -> None:
    name, address = "Trần Thị C2", here.server.address
    async with as_(browser, here, "quan-ly") as manager:
        await manager.goto(f"{address}/courses/{here.course}")
        await manager.get_by_role("link", name="Quy định điều chỉnh").click()
        await manager.get_by_label("cần một đồng chí khác xác nhận").check()
        await manager.get_by_label("Lý do thay đổi").fill("Quy chế lớp")
        await fits(manager, 1440, tmp_path, "correcting")
        await manager.get_by_role("button", name="Lưu", exact=True).click()
        await expect(manager.locator("#versions")).to_contain_text("cần người thứ hai")
        async with as_(browser, here, "hoc-vien", 360) as learner:
            await learner.get_by_role("link", name="Việc học của tôi").click()
            await learner.get_by_role("link", name="Từng buổi, căn cứ từng phút").click()
            await expect(learner.locator(".attended")).to_contain_text("Đồng chí đã tham gia")
            await fits(learner, 360, tmp_path, "own-course")
            await learner.locator("[id='s-K1.1'] svg.bar").focus()
            await learner.keyboard.press("End")
            await expect(learner.locator("#evidence")).to_contain_text("không xác định: hình quá tối")
            await learner.get_by_role("link", name="Nêu ý kiến về buổi này Buổi 1").click()
            await learner.get_by_label("Số liệu nào chưa đúng").fill("Tôi ngồi góc sau từ 9 giờ 45")
            await learner.get_by_label("Tệp kèm theo").set_input_files(
                {"name": "anh.pdf", "mimeType": "application/pdf", "buffer": PDF}
            )
            await fits(learner, 360, tmp_path, "own-contest")
            await learner.get_by_role("button", name="Gửi ý kiến").click()
            await expect(learner.locator("[id='s-K1.1']")).to_contain_text("chờ trả lời")
            await manager.goto(f"{address}/courses/{here.course}")
            await manager.get_by_role("link", name="1 ý kiến của học viên chờ trả lời").click()
            await manager.get_by_role("link", name=f"Xem và trả lời {name}").click()
            await fits(manager, 1440, tmp_path, "contest")
            await manager.get_by_role("button", name="Chấp nhận và điều chỉnh").click()
            await manager.get_by_role("button", name="Lưu điều chỉnh").click()
            await expect(manager.locator("#why-error")).to_have_text("Hãy chọn một lý do.")
            await manager.get_by_label("Từ", exact=True).fill("9h45")
            await manager.get_by_label("Lý do", exact=True).select_option("off_camera")
            await manager.get_by_label("Giải thích").fill("Giảng viên xác nhận")
            await fits(manager, 1440, tmp_path, "correction")
            await manager.get_by_role("button", name="Lưu điều chỉnh").click()
            await expect(manager.locator("#corrections")).to_contain_text("chờ người thứ hai xác nhận")
            await expect(manager.get_by_role("button", name="Xác nhận", exact=True)).to_have_count(0)
            await learner.reload()
            await expect(learner.locator("[id='s-K1.1']")).to_contain_text("chờ người thứ hai xác nhận")
            async with as_(browser, here, "chu-nhiem-2") as other:
                await other.goto(f"{address}{S1}/corrections")
                await other.get_by_role("button", name="Xác nhận", exact=True).click()
                await expect(other.locator("#corrections")).to_contain_text("có hiệu lực")
                await expect(other.locator(f"[id='l-{here.learners[2]}']")).to_contain_text("195")
                await fits(other, 1440, tmp_path, "session")
            await learner.reload()
            await expect(learner.locator("[id='s-K1.1']")).to_contain_text("đã chấp nhận, lập điều chỉnh")
            await learner.goto(f"{address}/learners/{here.learners[2]}/own/data")
            await fits(learner, 360, tmp_path, "own-data")


async def test_two_people_enter_a_signed_sheet_and_seal(here: School, browser: Browser, tmp_path: Path) -> None:
    address = here.server.address
    async with as_(browser, here, "ky-thuat", 360) as technician, as_(browser, here, "quan-ly") as manager:
        await technician.goto(f"{address}/sessions/K1.2")
        await technician.get_by_role("link", name="Điều chỉnh, niêm phong").click()
        await expect(technician.get_by_role("link", name="Điều chỉnh", exact=False)).to_have_count(0)
        await technician.get_by_role("link", name="Nhập bảng giấy có chữ ký").click()
        await technician.get_by_label("Bản chụp hoặc quét").set_input_files(
            {"name": "bang.pdf", "mimeType": "application/pdf", "buffer": PDF}
        )
        await technician.get_by_label("Giải thích").fill("Máy quay hỏng")
        await technician.get_by_role("checkbox", name="Trần Thị Đ5").check()
        await fits(technician, 360, tmp_path, "signed-sheet")
        await technician.get_by_role("button", name="Lưu, chờ người thứ hai xác nhận").click()
        await expect(technician.locator("#corrections")).to_contain_text("chờ người thứ hai xác nhận")
        await fits(technician, 360, tmp_path, "technician")
        await manager.goto(f"{address}/sessions/K1.2/corrections")
        await manager.get_by_role("button", name="Xác nhận", exact=True).click()
        await manager.get_by_role("button", name="Ký với vai trò cán bộ quản lý lớp").click()
        await technician.reload()
        await technician.get_by_role("button", name="Ký với vai trò cán bộ kỹ thuật").click()
        await expect(technician.locator("#seal-head")).to_contain_text("đã niêm phong")
        await manager.goto(f"{address}/sessions/K1.2/learners/{here.learners[5]}/leave")
        await manager.get_by_label("Lý do").fill("Họp ở Sở")
        await manager.get_by_label("Người cho phép").fill("Bà Lan, Phó Giám đốc")
        await fits(manager, 1440, tmp_path, "leave")
        await manager.get_by_role("button", name="Lưu").click()
        await expect(manager.locator("#seal-head")).to_contain_text("có bản sửa đổi chưa ký")
        await manager.get_by_role("link", name="Bản sửa đổi 1").click()
        await fits(manager, 1440, tmp_path, "revision")
        await manager.emulate_media(media="print")
        assert await manager.evaluate("document.documentElement.scrollWidth") <= 1440
        await manager.pdf(path=tmp_path / "revision.pdf", prefer_css_page_size=True)
        await manager.emulate_media(media="screen")
    assert here.proved().findings == []


@pytest.mark.parametrize(
    ("login", "path", "sentence"),
    [
        ("ky-thuat", "/sessions/K1.1/learners/{learner}/correction", "không có quyền"),
        ("ky-thuat", "/courses/{course}/correcting", "không có quyền"),
        ("giang-vien", "/sessions/K1.1/corrections", "không có quyền"),
        ("giang-vien", "/sessions/K1.1/signed-sheet", "không có quyền"),
        ("hoc-vien", "/sessions/K1.1/corrections", "không có quyền"),
        ("hoc-vien", "/learners/{learner}/own/courses/{course}", "không được giao mục này"),
        ("quan-ly", "/learners/{learner}/own/courses/{course}", "không có quyền"),
    ],
)
async def test_the_forbidden_ways_are_closed(
    here: School, browser: Browser, login: str, path: str, sentence: str
) -> None:
    async with as_(browser, here, login) as page:
        where = path.format(learner=here.learners[0], course=here.course)
        answer = await page.goto(here.server.address + where)
        assert answer is not None and answer.status in (403, 404)
        await expect(page.locator("main")).to_contain_text(sentence)
