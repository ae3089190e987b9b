"""A participation rule in words: what each part of it says, and what differs between two versions."""

from __future__ import annotations

from central_server.participation.wording import pick
from central_server.web.figures import number, percent
from models.language import Language
from models.participation import NotObserved, Rule

NOT_OBSERVED: dict[NotObserved, tuple[str, str]] = {
    "excused": ("không tính vào tổng (coi như có lý do)", "leaves the sum (excused)"),
    "present_if_around": (
        "tính là tham gia nếu có mặt ngay trước và ngay sau", "counts as attended when present right before and after"
    ),
    "nothing": ("không được tính là tham gia", "counts as nothing attended"),
}  # fmt: skip


def rule_lines(rule: Rule, lang: Language) -> list[tuple[str, str]]:
    """Each part of a rule as (what it is about, what it says)."""

    def t(vi: str, en: str) -> str:
        return pick((vi, en), lang)

    seconds, late, early = (
        number(value, lang) for value in (rule.gap_tolerance_s, rule.late_after_min, rule.early_before_min)
    )
    return [
        (t("Tỷ lệ cần để hoàn thành", "Share needed to complete"),
         t("từ ", "from ") + percent(rule.share_needed, lang)),
        (t("Vắng ngắn vẫn tính có mặt", "Short gaps still count as present"),
         t(f"đến {seconds} giây", f"up to {seconds} seconds")),
        (t("Thời gian trước khi điểm danh", "Time before the check-in"),
         t("được tính", "counts") if rule.before_check_in_counts else t("không được tính", "does not count")),
        (t("Ghi là đến muộn", "Marked late"),
         t(f"khi vắng từ {late} phút đầu giờ", f"from {late} minutes missed at the start")),
        (t("Ghi là về sớm", "Marked as gone early"),
         t(f"khi vắng từ {early} phút cuối giờ", f"from {early} minutes missed at the end")),
        (t("Thời gian không xác định", "Time not observed"), pick(NOT_OBSERVED[rule.not_observed], lang)),
        (t("Để người xem xét", "A person decides"),
         t("khi thời gian không xác định vượt ", "when more is not observed than ")
         + percent(rule.not_observed_up_to, lang)),
    ]  # fmt: skip


def differences(before: Rule, after: Rule, lang: Language) -> list[tuple[str, str, str]]:
    """(what it is about, what it said, what it says) where two rules differ."""
    pairs = zip(rule_lines(before, lang), rule_lines(after, lang), strict=True)
    return [(about, was, now) for (about, was), (_, now) in pairs if was != now]
