"""What the person at the desk is told: each sentence in Vietnamese and English."""

from __future__ import annotations

from typing import Final

from bridge_agent.recognition.advice import Advice
from models.faces.liveness import Shown, Why

LOOK: Final = Advice("Hãy nhìn thẳng vào camera và đứng yên.", "Look straight at the camera and stand still.")
EMPTY: Final = Advice("Mời vào: đứng trước camera, nhìn thẳng.", "Step before the camera and look straight at it.")
KNOWN: Final = Advice("Đã nhận ra. Cảm ơn.", "You are known. Thank you.")
ENROLLED: Final = Advice("Đã đủ ảnh. Cảm ơn.", "That is all the pictures. Thank you.")
NO_YUNET: Final = Advice(
    "Mời dùng thẻ hoặc mã PIN.",
    "Please use a card or PIN.",
)
UNKNOWN: Final = Advice(
    "Chưa nhận ra khuôn mặt trong danh sách hôm nay. Hãy dùng thẻ hoặc mã PIN.",
    "This face was not recognised among today's learners. Use a card or PIN.",
)
LOOKALIKE: Final = Advice(
    "Khuôn mặt giống hai học viên. Hãy xác nhận bằng thẻ hoặc mã PIN.",
    "The face fits two learners. Confirm by card or PIN.",
)
CHANGED: Final = Advice(
    "Khuôn mặt đã thay đổi trong khi kiểm tra. Hãy làm lại từng người một, hoặc dùng thẻ, mã PIN.",
    "The face changed during the check. Try again one at a time, or use a card or PIN.",
)
PROMPTS: Final[dict[Shown, Advice]] = {
    "look": Advice("Hãy nhìn thẳng.", "Look straight."),
    "left": Advice("Hãy quay mặt sang trái.", "Turn your head to the left."),
    "right": Advice("Hãy quay mặt sang phải.", "Turn your head to the right."),
    "hold": Advice("Giữ nguyên.", "Hold it there."),
}
FAILED: Final[dict[Why, Advice]] = {
    "early": Advice(
        "Đã quay trước khi được yêu cầu. Hãy làm lại, chờ từng yêu cầu.",
        "The head turned before it was asked. Try again and wait for each prompt.",
    ),
    "late": Advice(
        "Hết thời gian cho bước này. Hãy làm lại, hoặc dùng thẻ, mã PIN.",
        "Time for this step is up. Try again, or use a card or PIN.",
    ),
    "wrong_way": Advice(
        "Đã quay sai phía. Hãy làm lại, xem mũi tên trên màn hình.",
        "The head turned the other way. Try again and follow the arrow.",
    ),
    "not_held": Advice(
        "Chưa giữ nguyên đủ lâu. Hãy làm lại và giữ đến yêu cầu tiếp theo.",
        "It was not held long enough. Try again and hold until the next prompt.",
    ),
    "stopped": Advice(
        "Đã dừng giữa chừng. Hãy làm lại và quay liền một lần.", "The turn stopped half-way. Try again in one turn."
    ),
    "lost": Advice(
        "Không còn thấy khuôn mặt. Hãy làm lại và ở trong khung hình.", "The face was lost. Try again and stay in view."
    ),
    "changed": CHANGED,
    "flat": Advice(
        "Không xác nhận được là người thật trước camera. Hãy dùng thẻ hoặc mã PIN.",
        "It could not be told that a live person is before the camera. Use a card or PIN.",
    ),
    "slow": Advice(
        "Hình quá mờ hoặc quá ít để kiểm tra. Hãy làm lại ở chỗ sáng hơn, hoặc dùng thẻ, mã PIN.",
        "The pictures were too blurred or too few to judge. Try again in better light, or use a card or PIN.",
    ),
}


def taken(done: int, needed: int) -> Advice:
    """A portrait was taken."""
    return Advice(f"Đã chụp ảnh {done}/{needed}.", f"Picture {done} of {needed} taken.")


def slightly(prompt: Shown) -> Advice:
    """How to look for the next portrait."""
    if prompt == "left":
        return Advice("Hãy quay mặt nhẹ sang trái.", "Turn your head slightly to the left.")
    if prompt == "right":
        return Advice("Hãy quay mặt nhẹ sang phải.", "Turn your head slightly to the right.")
    return LOOK
