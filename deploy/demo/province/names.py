"""Invented people: names with about the frequencies that Vietnamese names have, units, birth years. Pure, seeded."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

FAMILIES = {
    "Nguyễn": 38, "Trần": 11, "Lê": 10, "Phạm": 7, "Hoàng": 3, "Huỳnh": 3, "Phan": 5, "Vũ": 2, "Võ": 2, "Đặng": 2,
    "Bùi": 2, "Đỗ": 2, "Hồ": 1.5, "Ngô": 1.5, "Dương": 1, "Lý": 1, "Đinh": 1, "Trịnh": 1, "Mai": 1, "Tạ": 1,
}  # fmt: skip
WOMEN = {
    "Thị": 46, "Ngọc": 8, "Thị Thanh": 7, "Thị Thu": 7, "Thị Kim": 5, "Minh": 4, "Phương": 4, "Thị Bích": 4,
    "Hồng": 3, "Thị Mỹ": 3, "Khánh": 2,
}  # fmt: skip
MEN = {
    "Văn": 38, "Hữu": 8, "Đức": 8, "Minh": 8, "Quốc": 7, "Thanh": 6, "Xuân": 5, "Công": 5, "Ngọc": 4, "Trọng": 3,
    "Đình": 3, "Bá": 2,
}  # fmt: skip
WOMENS = """
Anh Ánh Bích Châu Chi Cúc Diễm Dung Duyên Giang Hà Hằng Hạnh Hiền Hoa Hòa Hồng Huệ Hương Hường Lan Liên Linh Loan
Mai My Nga Ngân Nhung Oanh Phương Phượng Quyên Sương Tâm Thanh Thảo Thoa Thu Thủy Thúy Trang Trâm Tuyết Vân Yến
"""
MENS = """
An Anh Bảo Bình Chiến Cường Dũng Duy Dương Đại Đạt Đức Giang Hà Hải Hậu Hiếu Hòa Hoàng Hùng Huy Khánh Khoa Kiên Lâm
Long Lộc Minh Nam Nghĩa Phong Phúc Quân Quang Quý Sơn Tài Tân Thành Thắng Thịnh Tiến Toàn Trung Tuấn Tùng Việt Vinh
"""
OFFICES = (
    "Văn phòng UBND tỉnh", "Sở Nội vụ", "Sở Tài chính", "Sở Xây dựng", "Sở Tư pháp", "Sở Y tế",
    "Sở Giáo dục và Đào tạo", "Sở Khoa học và Công nghệ", "Sở Nông nghiệp và Môi trường", "Thanh tra tỉnh",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person."""

    name: str
    unit: str
    birth_year: int


def _one(rng: random.Random, weights: Mapping[str, float]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def name(rng: random.Random) -> str:
    """A full name."""
    if rng.random() < 0.52:
        return f"{_one(rng, FAMILIES)} {_one(rng, WOMEN)} {rng.choice(WOMENS.split())}"
    return f"{_one(rng, FAMILIES)} {_one(rng, MEN)} {rng.choice(MENS.split())}"


def person(rng: random.Random, place: str) -> Person:
    """Somebody who works in or near a place."""
    unit = rng.choice(OFFICES) if rng.random() < 0.25 else f"UBND {place[0].lower()}{place[1:]}"
    return Person(name(rng), unit, round(rng.triangular(1968, 2001, 1986)))


def namesakes(rng: random.Random, who: Person, place: str) -> Person:
    """Another person of the same name: told apart by unit and birth year."""
    other = person(rng, place)
    born = who.birth_year + rng.choice((-9, -4, 3, 7)) if other.birth_year == who.birth_year else other.birth_year
    return Person(who.name, other.unit, min(born, 2003))
