"""The words for corrections, leave and seals."""

from __future__ import annotations

from collections.abc import Mapping

from central_server.corrections.effect import Segment
from central_server.corrections.reading import Standing
from models.correction_records import Cause, Change, Leave, Signer, Way, Why
from models.language import Language

Words = tuple[str, str]
"""Vietnamese, English."""
CHANGES: dict[Change, Words] = {
    "added": ("Thêm thời gian có mặt", "Time added"),
    "taken": ("Bớt thời gian có mặt", "Time taken away"),
    "undone": ("Hoàn tác một điều chỉnh", "A correction undone"),
}
WAYS: dict[Way, Words] = {"single": ("điều chỉnh", "correction"), "sheet": ("bảng giấy có chữ ký", "signed sheet")}
WHY: dict[Why, Words] = {
    "camera": ("máy quay hoặc máy tính hỏng", "the camera or PC failed"),
    "not_recognised": ("có mặt mà máy không nhận ra", "there, but not recognised"),
    "off_camera": ("ngồi ngoài tầm máy quay", "sat out of the camera's view"),
    "taken_for_another": ("máy nhận nhầm người khác", "another person was taken for the learner"),
    "arrived_late": ("đến muộn hơn số liệu ghi", "came later than recorded"),
    "left_early": ("về sớm hơn số liệu ghi", "left earlier than recorded"),
    "other": ("lý do khác", "another reason"),
}
LEAVES: dict[Leave, Words] = {
    "permitted": ("có phép", "with leave"),
    "not_permitted": ("không phép", "without leave"),
    "none": ("bỏ ghi phép", "no entry of leave"),
}
STANDINGS: dict[Standing, Words] = {
    "holds": ("Điều chỉnh có hiệu lực", "The correction holds"),
    "waiting": ("Chờ người thứ hai xác nhận", "It waits for a second person"),
    "refused": ("Không được xác nhận", "It was refused"),
    "undone": ("Đã được hoàn tác", "It was undone"),
}
SIGNERS: dict[Signer, Words] = {
    "technician": ("Cán bộ kỹ thuật", "Technician"),
    "class_manager": ("Cán bộ quản lý lớp", "Class manager"),
}
CAUSES: dict[Cause, Words] = {
    "sealing": ("lập để ký lần đầu", "made to be signed first"),
    "correction": ("điều chỉnh", "a correction"),
    "leave": ("ghi phép", "an entry of leave"),
    "records": (
        "bản ghi đến muộn, hoặc đổi lịch, danh sách, điều kiện",
        "late records, or another plan, roster or rule",
    ),
}


def correction_said(one: Segment, lang: Language, names: Mapping[str, str]) -> str:
    """By whom and why a stretch was corrected. names: of accounts, by id."""
    en = lang == "en"
    way = ("theo bảng giấy có chữ ký", "by a signed sheet") if one.way == "sheet" else ("điều chỉnh", "corrected")
    who = names.get(one.by or "", "")
    by = (f" by {who}" if en else f", người lập: {who}") if who else ""
    second = names.get(one.second or "", "")
    confirmed = (f", confirmed by {second}" if en else f", người xác nhận: {second}") if second else ""
    return f"{way[en]} ({WHY[one.why][en]}){by}{confirmed}"
