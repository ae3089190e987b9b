"""The form of a participation rule: filled from a rule, read back with a sentence at each fault."""

from __future__ import annotations

import re
from typing import cast

from central_server.participation.rule_wording import NOT_OBSERVED
from central_server.web.figures import number
from central_server.web.forms import NEEDED, Form
from models.language import Language
from models.participation import NotObserved, Rule

REASON_MOST = 300
_PERCENT = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?\s*%?")


def filled(rule: Rule, lang: Language) -> Form:
    """The form as it is shown first."""
    return Form.filled(
        version=str(rule.version),
        share_needed=_percent(rule.share_needed, lang),
        gap_tolerance_s=str(rule.gap_tolerance_s),
        before_check_in="counts" if rule.before_check_in_counts else "not",
        late_after_min=str(rule.late_after_min),
        early_before_min=str(rule.early_before_min),
        not_observed=rule.not_observed,
        not_observed_up_to=_percent(rule.not_observed_up_to, lang),
    )


def read_rule(form: Form) -> Rule | None:
    """The rule in a form, with the version that it was made from; None with errors in the form."""
    share, up_to = _share(form, "share_needed"), _share(form, "not_observed_up_to")
    gap = _whole(form, "gap_tolerance_s", 0, 3600)
    late, early = _whole(form, "late_after_min", 1, 240), _whole(form, "early_before_min", 1, 240)
    kind = form.value("not_observed")
    if kind not in NOT_OBSERVED:
        form.fail("not_observed", "Hãy chọn một cách tính.", "Choose one.")
    if form.value("before_check_in") not in ("counts", "not"):
        form.fail("before_check_in", "Hãy chọn một cách tính.", "Choose one.")
    version = form.value("version")
    if form.errors or share is None or up_to is None or gap is None or late is None or early is None:
        return None
    return Rule(
        version=int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0,
        gap_tolerance_s=gap,
        late_after_min=late,
        early_before_min=early,
        share_needed=share,
        before_check_in_counts=form.value("before_check_in") == "counts",
        not_observed=cast(NotObserved, kind),
        not_observed_up_to=up_to,
    )


def _percent(share: float, lang: Language) -> str:
    """80 or 82,5, as it is typed."""
    return number(share * 100, lang, 2).rstrip("0").rstrip(".,") if share * 100 % 1 else number(share * 100, lang)


def _share(form: Form, name: str) -> float | None:
    text = form.value(name).strip()
    if not text:
        form.fail(name, *NEEDED)
        return None
    found = _PERCENT.fullmatch(text)
    value = float(f"{found[1]}.{found[2] or 0}") if found else 101
    if value > 100:
        form.fail(name, f"Không hiểu “{text}”. Hãy ghi một số từ 0 đến 100, ví dụ 80 hoặc 82,5.",
                  f"“{text}” is no percentage. Write a number from 0 to 100, such as 80 or 82.5.")  # fmt: skip
        return None
    return round(value / 100, 4)


def _whole(form: Form, name: str, least: int, most: int) -> int | None:
    if not form.value(name).strip():
        form.fail(name, *NEEDED)
    return form.whole(name, least, most)
