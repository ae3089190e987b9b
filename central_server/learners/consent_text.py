"""The text to which learners consent, by version. A version is never changed: evidence names it."""

from __future__ import annotations

import re
from collections.abc import Callable

from models.portrait_records import DAYS_MOST
from models.wire import ConsentText

VERSION = "2026-11.2"
"""The version that is given now."""

Text = tuple[tuple[str, ...], tuple[str, ...]]
"""Paragraphs in Vietnamese and in English."""

_DROPPED = (
    "Ảnh chân dung được xóa ngay sau khi tạo dữ liệu đặc trưng; ảnh chụp ở điểm cầu không gửi về máy chủ.",
    "The portraits are deleted as soon as the template is made; pictures taken at a bridge point are not sent to the "
    "server.",
)
_KEPT = (
    "Để đối chiếu khi có nghi vấn về người điểm danh, tối đa 5 ảnh chân dung mà lớp nhận được của tôi (chỉ phần khuôn "
    "mặt) được lưu mã hóa đến hết {days} ngày sau khi lớp kết thúc; chỉ cán bộ quản lý lớp xem được, mỗi lần xem đều "
    "được ghi lại; ảnh chụp ở điểm cầu bị xóa ngay và không gửi về máy chủ.",
    "To settle doubts about who checked in, at most 5 of the portraits that the course received of me (the face only) "
    "are kept encrypted until {days} days after the course's end; only its class managers can look at them, and each "
    "look is recorded; pictures taken at a bridge point are deleted at once and not sent to the server.",
)
_KEPT_FROM_DESKS = (
    "Để đối chiếu khi có nghi vấn về người điểm danh, tối đa 5 ảnh chân dung của tôi (chỉ phần khuôn mặt) mà lớp nhận "
    "được, hoặc điểm cầu chụp khi ghi danh khuôn mặt, được mã hóa và lưu trên máy chủ đến hết {days} ngày sau khi lớp "
    "kết thúc; chỉ cán bộ quản lý lớp xem được, mỗi lần xem đều được ghi lại; điểm cầu xóa ảnh ngay khi máy chủ đã "
    "nhận.",
    "To settle doubts about who checked in, at most 5 portraits of me (the face only) that the course received, or "
    "that a bridge point took when my face was enrolled, are kept encrypted on the server until {days} days after the "
    "course's end; only its class managers can look at them, and each look is recorded; the bridge point deletes the "
    "pictures as soon as the server has them.",
)


def _of_2026_11_2(portraits_vi: str, portraits_en: str) -> Text:
    """The text, by what it says of portraits."""
    return (
        (
            "Tôi đồng ý để đơn vị tổ chức lớp tạo dữ liệu đặc trưng khuôn mặt từ ảnh chân dung của tôi và dùng dữ liệu "
            "đó chỉ để điểm danh và ghi nhận thời lượng tham gia các lớp bồi dưỡng mà tôi được ghi danh.",
            f"{portraits_vi} Dữ liệu đặc trưng được mã hóa, được so với dữ liệu của các học viên khác để phát hiện ghi "
            "danh hai lần, chỉ gửi đến điểm cầu nơi tôi học trong ngày có buổi học, và bị xóa khi tôi rút lại sự đồng "
            "ý hoặc hết thời hạn lưu.",
            "Trong buổi học, máy quay của phòng đếm số người có mặt. Khuôn mặt không khớp với ai trong danh sách lớp "
            "bị bỏ ngay, không được lưu. Người điểm danh bằng thẻ hoặc mã PIN được tính là người đã biết trong số đó.",
            "Trong buổi học, máy có thể mời ngẫu nhiên một vài học viên xác nhận bằng mã PIN hoặc thẻ. Việc này áp "
            "dụng cho mọi học viên, có dữ liệu khuôn mặt hay không.",
            "Tôi có thể không đồng ý: khi đó tôi điểm danh bằng thẻ hoặc mã PIN, với quyền lợi như nhau. Tôi có thể "
            "rút lại sự đồng ý bất cứ lúc nào; việc xóa dữ liệu được thực hiện ngay.",
        ),
        (
            "I consent that the organiser of the class makes a face template from my portraits and uses it only to "
            "check me in and to record my participation in the courses in which I am enrolled.",
            f"{portraits_en} The template is encrypted, compared with those of other learners so that nobody is "
            "enrolled twice, sent only to the bridge point where I sit on days with a session, and deleted when I "
            "withdraw my consent or its term ends.",
            "During a session the room's camera counts who is there. Faces that match nobody on the roster are dropped "
            "at once and not kept. Whoever checked in with a card or PIN counts as known in that number.",
            "During a session a few learners, drawn at random, may be asked to confirm with their PIN or card. They "
            "are drawn from everybody, with a face template or without.",
            "I may decline: I then check in with a card or PIN, with the same rights. I may withdraw my consent at any "
            "time; the data is deleted at once.",
        ),
    )


TEXTS: dict[str, Text] = {
    "2026-11": (
        (
            "Tôi đồng ý để đơn vị tổ chức lớp tạo dữ liệu đặc trưng khuôn mặt từ ảnh chân dung của tôi và dùng dữ liệu "
            "đó chỉ để điểm danh và ghi nhận thời lượng tham gia các lớp bồi dưỡng mà tôi được ghi danh.",
            "Ảnh chân dung được xóa ngay sau khi tạo dữ liệu đặc trưng. Dữ liệu đặc trưng được mã hóa, chỉ gửi đến "
            "điểm cầu nơi tôi học trong ngày có buổi học và bị xóa khi tôi rút lại sự đồng ý hoặc hết thời hạn lưu.",
            "Khuôn mặt không khớp với ai trong danh sách lớp bị bỏ ngay, không được lưu.",
            "Tôi có thể không đồng ý: khi đó tôi điểm danh bằng thẻ hoặc mã PIN, với quyền lợi như nhau. Tôi có thể "
            "rút lại sự đồng ý bất cứ lúc nào; việc xóa dữ liệu được thực hiện ngay.",
        ),
        (
            "I consent that the organiser of the class makes a face template from my portraits and uses it only to "
            "check me in and to record my participation in the courses in which I am enrolled.",
            "The portraits are deleted as soon as the template is made. The template is encrypted, sent only to the "
            "bridge point where I sit on days with a session, and deleted when I withdraw my consent or its term ends.",
            "Faces that match nobody on the roster are dropped at once and not kept.",
            "I may decline: I then check in with a card or PIN, with the same rights. I may withdraw my consent at any "
            "time; the data is deleted at once.",
        ),
    ),
    "2026-11.2": _of_2026_11_2(*_DROPPED),
}
"""Version: paragraphs in Vietnamese and in English (Law 91/2025/QH15, Decree 356/2025: purpose, data, rights)."""

KEEPING_VERSION = "2026-11.3"
"""With a term behind it, the version by which portraits are kept that is given now: VERSION but for one sentence."""
KEEPING: dict[str, tuple[Callable[[str, str], Text], tuple[str, str]]] = {
    "2026-11.2": (_of_2026_11_2, _KEPT),
    KEEPING_VERSION: (_of_2026_11_2, _KEPT_FROM_DESKS),
}
"""The versions, before the term, that let portraits be kept: the text, and what it says of them."""
FROM_DESKS = (KEEPING_VERSION,)
"""Of these, those that say so of pictures taken at a bridge point."""
_KEEPING = re.compile(r"(.+)\.k([1-9][0-9]{0,2})\Z")


def keeping_version(days: int) -> str:
    """The version by which a learner also agrees that portraits are kept for so many days; without days, VERSION."""
    return f"{KEEPING_VERSION}.k{days}" if days else VERSION


def days_agreed(version: str) -> int:
    """For how many days after a course's end whoever agreed to this version lets it keep portraits; 0: not at all, or
    there is no such version."""
    found = _KEEPING.match(version)
    days = int(found[2]) if found and found[1] in KEEPING else 0
    return days if days <= DAYS_MOST else 0


def days_agreed_at_desk(version: str) -> int:
    """Likewise of pictures that a bridge point takes."""
    return days_agreed(version) if version.rpartition(".k")[0] in FROM_DESKS else 0


def text_of(version: str) -> Text | None:
    """A version's paragraphs; None: there is no such version."""
    days = days_agreed(version)
    if not days:
        return TEXTS.get(version)
    text, kept = KEEPING[version.rpartition(".k")[0]]
    return text(*(one.format(days=days) for one in kept))


def consent_now(days: int = 0) -> ConsentText:
    """The version that is given now, as a bridge point shows it. days: for which portraits are kept."""
    version = keeping_version(days)
    found = text_of(version)
    if found is None:
        raise ValueError("no course keeps portraits for so long")
    return ConsentText(version=version, vi=found[0], en=found[1])
