"""Reading what a class manager enters of signed consent forms: when they were signed, and which text stands on them."""

from __future__ import annotations

from datetime import datetime

from central_server.courses.series import VIETNAM
from central_server.learners.consent_text import text_of
from central_server.web.forms import Form


def signed_at(form: Form, now: int) -> int:
    """The day on which the forms were signed, ms, of a class manager who has the papers before him."""
    day = form.day("signed_on", needed=True)
    at = round(datetime(day.year, day.month, day.day, tzinfo=VIETNAM).timestamp() * 1000) if day else 0
    if at > now:
        form.fail("signed_on", "Ngày ký không thể ở tương lai.", "The day of signing can't lie in the future.")
    if not form.has("papers"):
        form.fail("papers", "Hãy xác nhận đang giữ bản giấy có chữ ký.", "Confirm that you hold the signed papers.")
    return at


def version_on_paper(form: Form) -> str:
    """The version of the text that the page named to the class manager; by now another may be given."""
    version = form.value("keeping") or form.value("version")
    if text_of(version) is None:
        form.fail(
            "version", "Không rõ phiếu ghi bản đồng ý nào. Chưa lưu gì; hãy mở lại trang này và nhập lại.",
            "Which text stands on the paper isn't known. Nothing was kept; open this page again and enter it anew.",
        )  # fmt: skip
    return version
