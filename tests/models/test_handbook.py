"""The handbook's machinery: anchors, search with and without marks, sizes of pictures, the page for a stick."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.handbook.book import TECHNICIAN, Article, Handbook, folded
from models.handbook.pictures import size_of_webp
from models.handbook.searching import MOST, search
from models.handbook.single_page import single_page

TECHNICIANS = Handbook({"technician": TECHNICIAN})


@settings(deadline=None, max_examples=50)  # a busy machine is no failure
@given(st.text())
def test_folding_goes_letter_for_letter_so_that_a_piece_found_is_a_piece_of_the_text(text: str) -> None:
    assert len(folded(text)) <= len(unicodedata.normalize("NFC", text))
    assert folded("Điểm cầu: Mất hình ĐƯỜNG") == "diem cau: mat hinh duong"


@settings(deadline=None, max_examples=50)  # a busy machine is no failure
@given(st.text(max_size=40))
def test_every_hit_has_all_words_and_nothing_breaks_the_search(asked: str) -> None:
    hits = search(TECHNICIANS.articles("vi"), asked)
    assert len(hits) <= MOST
    for hit in hits:
        whole = folded(f"{hit.article.title} {hit.section.heading} {hit.section.text}")
        assert all(word in whole for word in folded(asked).split())


@pytest.mark.parametrize("asked", ["mất hình", "mat hinh", "MẤT HÌNH"])
def test_what_was_asked_is_found_with_and_without_marks(asked: str) -> None:
    first = search(TECHNICIANS.articles("vi"), asked)[0]
    assert (first.article.name, first.section.anchor) == ("faults", "fault-trouble-camera-gone")
    assert search(TECHNICIANS.articles("vi"), "") == []


def test_marks_that_were_typed_count() -> None:
    found = search(TECHNICIANS.articles("vi"), "mất điện")
    assert all("điện" in f"{one.article.title} {one.section.heading} {one.section.text}".lower() for one in found)
    assert len(found) < len(search(TECHNICIANS.articles("vi"), "mat dien"))


def article(folder: Path, text: str) -> Article:
    (folder / "vi").mkdir()
    (folder / "vi" / "10-one.md").write_text(text, encoding="utf-8")
    (one,) = Handbook({"part": folder}).articles("vi")
    return one


def test_an_article_has_its_title_lead_and_anchors_and_no_html_of_its_own(tmp_path: Path) -> None:
    one = article(
        tmp_path, "# Tên bài\n\nNói về điều này.\n\n## Mất điện {#power}\n\n<b>x</b> **nút**\n\n### Đèn đỏ\n\nTối.\n"
    )
    assert (one.title, one.lead) == ("Tên bài", "Nói về điều này.")
    assert [(s.anchor, s.heading, s.text) for s in one.sections[1:]] == [
        ("power", "Mất điện", "<b>x</b> nút"), ("den-do", "Đèn đỏ", "Tối."),
    ]  # fmt: skip
    assert '<h2 id="power">Mất điện</h2>' in one.html
    assert "&lt;b&gt;x" in one.html


@pytest.mark.parametrize("text", ["## Không có tên\n\nx\n", "# Tên\n\n## Chưa nói gì\n", "# T\n\nx\n\n## A\n\n## A\n"])
def test_an_article_without_title_or_lead_or_with_an_anchor_twice_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"title|twice"):
        article(tmp_path, text)


@pytest.mark.parametrize("quality", [101, 50])
def test_a_pictures_size_is_read_as_opencv_reads_it(quality: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (123, 457, 3)).astype(np.uint8)
    _, coded = cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, quality])
    assert size_of_webp(coded.tobytes()) == (457, 123)


@settings(deadline=None, max_examples=50)  # a busy machine is no failure
@given(st.binary(max_size=40))
def test_what_is_no_webp_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="WebP"):
        size_of_webp(data)


def test_the_page_for_the_stick_needs_nothing_but_itself() -> None:
    page = single_page("Sổ tay", TECHNICIANS.articles("vi"), TECHNICIAN)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    links = re.findall(r'href="([^"]+)"', page)
    assert len(links) > 10
    assert not {link for link in links if not link.startswith("#") or link[1:] not in ids}
    assert set(re.findall(r'src="([^",]+)', page)) == {"data:image/webp;base64"}
    assert not re.search(r"url\(|@import|<script|<iframe", page)


def test_a_link_to_a_part_that_is_not_shown_is_plain_words(tmp_path: Path) -> None:
    one = article(tmp_path, "# T\n\nXem [phần khác](/help/administrator/proof) và [phần này](two#x).\n")
    assert "Xem phần khác và" in one.html
    assert '<a href="two#x">phần này</a>' in one.html
    assert not re.search('href="/', "".join(one.html for one in TECHNICIANS.articles("vi")))
