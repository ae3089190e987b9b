"""What is wrong with the PC itself, as sentences with what to do: low disk, a hot processor, no power. Pure."""

from __future__ import annotations

from typing import Final

from models.health import Machine

LOW_DISK: Final = 1_000_000_000
"""Bytes. The log of a four-hour class takes some MB; what fills the disk is something else, and goes on."""
NO_DISK: Final = 200_000_000
HOT_C: Final = 92.0
"""Processors slow themselves down from about 95 to 100 °C on."""
COOL_C: Final = 85.0
HOT_READINGS: Final = 3
"""In a row: a busy second is no fault."""
NAMES: Final = ("disk", "hot", "power")

Faults = dict[str, tuple[str, str]]
"""By the alarm's name."""


class Care:
    """Feed it a reading every ten seconds."""

    def __init__(self) -> None:
        self._hot_for = 0
        self._hot = False

    def faults(self, machine: Machine, *, class_near: bool) -> Faults:
        """What is wrong now. class_near: a class is held or begins within the hour, so that power matters."""
        found: Faults = {}
        if machine.disk_free < LOW_DISK:
            found["disk"] = _disk(machine.disk_free)
        if self._is_hot(machine.temperature):
            found["hot"] = (
                "Bộ xử lý của máy rất nóng nên máy tự chạy chậm lại. Hãy để thoáng khe gió, lau bụi quạt, tránh nắng, "
                "và đóng các chương trình không cần.",
                "This PC's processor is very hot and slows itself down. Free its vents, clean the fan, keep it out of "
                "the sun, and close programs that are not needed.",
            )
        if class_near and machine.plugged is False:
            found["power"] = _power(machine.battery)
        return found

    def _is_hot(self, temperature: float | None) -> bool:
        if temperature is None or temperature < COOL_C:
            self._hot_for, self._hot = 0, False
        elif temperature >= HOT_C:
            self._hot_for += 1
            self._hot = self._hot or self._hot_for >= HOT_READINGS
        else:
            self._hot_for = 0  # between both: as it was
        return self._hot


def _disk(free: int) -> tuple[str, str]:
    # Steps, not figures: each new sentence would be told anew.
    left = ("200 MB", "200 MB") if free < NO_DISK else ("1 GB", "1 GB")
    return (
        f"Ổ đĩa chứa nhật ký điểm danh còn chưa đến {left[0]} trống. Hãy xóa bớt tệp không cần và dọn thùng rác. "
        "Khi đĩa đầy, bản ghi mới chỉ nằm trong bộ nhớ và mất nếu máy tắt.",
        f"The disk that holds the attendance log has less than {left[1]} left. Delete files that are not needed and "
        "empty the bin. With a full disk new records stay in memory and are lost if the PC goes off.",
    )


def _power(battery: float | None) -> tuple[str, str]:
    percent = None if battery is None else max(5, round(battery * 20) * 5)
    left = ("", "") if percent is None else (f" (pin còn khoảng {percent} %)", f" (about {percent} % left)")
    return (
        f"Máy đang chạy bằng pin{left[0]}. Hãy cắm điện trước và trong buổi học.",
        f"This PC runs on its battery{left[1]}. Plug it in before and during the class.",
    )
