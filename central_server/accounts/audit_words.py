"""What the own log's records of accounts and of signing in tell, in sentences, for the audit log. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from central_server.accounts.words import HOW_WORDS, ROLE_WORDS
from central_server.web.figures import day, day_time, second_time
from models.own_records import (
    AccountChanged,
    AccountMade,
    CredentialChanged,
    Granted,
    SignedIn,
    SignedOut,
    SignInLinkMade,
    SignInsFailed,
)

OfAccounts: TypeAlias = AccountMade | AccountChanged | Granted | CredentialChanged | SignInLinkMade
_CREDENTIALS = {
    "password": ("mật khẩu", "the password"),
    "second_factor": ("bước xác thực thứ hai", "the second factor"),
    "recovery_codes": ("mã dự phòng", "the recovery codes"),
    "sign_on": ("nối với tài khoản cơ quan", "the link to the office's sign-on"),
    "pin": ("mã PIN ở điểm cầu", "the PIN at the bridge point"),
}
_FACTORS = {
    "none": ("", ""),
    "code": (", có mã của ứng dụng", ", with the app's code"),
    "recovery_code": (", có mã dự phòng", ", with a recovery code"),
}


def who_did(by: str) -> str:
    """What an id is that did something: an account, or a learner at a bridge point."""
    return "learner" if by.startswith("l-") else "account"


def sentence_of_accounts(record: OfAccounts, name: Callable[[str, str], str]) -> tuple[str, str]:
    """What a record tells, in both languages. name: what people call the thing of that kind with that id."""
    who = name("account", record.account)
    match record:
        case AccountMade():
            return f"tạo tài khoản {who}", f"made the account {who}"
        case AccountChanged(disabled=True):
            return f"khóa tài khoản {who}", f"disabled the account {who}"
        case AccountChanged(learner=None):
            return f"tài khoản {who} được dùng, không gắn với học viên nào", f"{who} is enabled and no learner's"
        case AccountChanged():
            learner = name("learner", record.learner or "")
            return (
                f"tài khoản {who} được dùng và là của học viên {learner}",
                f"{who} is enabled and learner {learner}'s",
            )
        case Granted():
            role, where = ROLE_WORDS[record.role], _place(record, name)
            if record.granted:
                return f"giao cho {who} quyền {role[0]} {where[0]}", f"made {who} {role[1]} {where[1]}"
            return f"thu hồi của {who} quyền {role[0]} {where[0]}", f"{who} is no longer {role[1]} {where[1]}"
        case CredentialChanged():
            what = _CREDENTIALS[record.what]
            if record.digest is None:
                return f"bỏ {what[0]} của {who}", f"took {what[1]} of {who} away"
            return f"đặt {what[0]} của {who}", f"set {what[1]} of {who}"
        case SignInLinkMade():
            until = f"{day_time(record.expires_at)} {day(record.expires_at)}"
            return f"tạo đường dẫn đăng nhập cho {who}, đến {until}", f"made a sign-in link for {who}, until {until}"


def sentence_of_sign_ins(
    record: SignedIn | SignedOut | SignInsFailed, name: Callable[[str, str], str]
) -> tuple[str, str]:
    """As `sentence_of_accounts`."""
    match record:
        case SignedIn():
            how, factor = HOW_WORDS[record.how], _FACTORS[record.second_factor]
            return f"đăng nhập {how[0]}{factor[0]}", f"signed in {how[1]}{factor[1]}"
        case SignedOut():
            who = "" if record.by == record.account else f" {name('account', record.account)}"
            everywhere = (" mọi nơi", " everywhere") if record.browser_session is None else ("", "")
            return f"đăng xuất{who}{everywhere[0]}", f"signed{who} out{everywhere[1]}"
        case SignInsFailed():
            until = second_time(record.until)
            if record.account is None:
                return (
                    f"{record.failures} lần đăng nhập sai từ một địa chỉ; tạm dừng đến {until}",
                    f"{record.failures} tries from one address were wrong; paused until {until}",
                )
            who = name(who_did(record.account), record.account)
            return (
                f"{record.failures} lần đăng nhập sai vào {who}; tạm dừng đến {until}",
                f"{record.failures} tries to sign in as {who} were wrong; paused until {until}",
            )


def _place(record: Granted, name: Callable[[str, str], str]) -> tuple[str, str]:
    vi, en = [], []
    if record.course is not None:
        vi.append(f"trong lớp {name('course', record.course)}")
        en.append(f"in the course {name('course', record.course)}")
    if record.bridge_point is not None:
        vi.append(f"ở điểm cầu {name('bridge_point', record.bridge_point)}")
        en.append(f"at {name('bridge_point', record.bridge_point)}")
    return (" ".join(vi) or "ở mọi nơi", " ".join(en) or "everywhere")
