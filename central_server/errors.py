"""Every error of the server.

ServerError(DiemdanhError)       one sentence; `status`: the HTTP status with which the one handler renders it
├── StartError                   the program can't start or a command can't be done: exit code 2
│   ├── PortTakenError           another program listens on the address
│   ├── AddressError             the address to listen on, or the one that browsers open, can't be one
│   ├── DataFolderError          the data folder or its database can't be used
│   ├── CourseFileError          a course file says something impossible
│   ├── EvidenceError            what a proof or a restore is to be made from can't be read
│   ├── BackupError              a copy is damaged, or may not be put here
│   └── OutputError              a file can't be written
├── NotFoundError           404  there is no such session, bridge point or page
├── NotSignedInError        401  a page was asked for without a sign-in
├── SignInError             401  the login, password, code or link doesn't sign anybody in
├── SignOnError             502  the office's sign-on can't be asked, or does not confirm
├── MediaTokenError         401  no valid token came with a request for a stream
├── MediaRefusedError  400, 406  an offer for a stream is no SDP, or its codecs don't suit; 404 nobody publishes it;
│                                409 somebody else does; 413, 415 it is too large, or of another type
├── ForbiddenError          403  the account has no such permission
├── CrossSiteError          403  another site's page asked for a change
├── TooBigError             413  a form with its files is larger than this page takes
├── InputError              422  what was typed can't be; nothing changed
├── BusyError               429  too many ask for the same at once, or too often: what to wait for is said
├── ConflictError           409  what is asked for contradicts what is there
├── RelayAwayError          503  the relay starts just now; trying again after `retry_after` seconds helps
├── UnavailableError        503  the database can't be written now; trying again later helps
└── RefusedError                 an agent's request was refused and nothing changed; `reason` as in models.wire.Refusal
    ├── TokenError          403  the one-time token is unknown, used or too old
    ├── SignatureError      401  the request or batch isn't signed by the device it names
    ├── UnknownDeviceError  401  no such device has joined
    ├── KeyExpiredError     401  the device's key is too old for batches: rotate
    ├── KeyRevokedError     401  the device's key was revoked: join anew
    ├── ClockError          401  signed too long ago, or in the future
    ├── InvalidError        422  not what models.wire and models.records describe
    ├── TooLargeError       413  more bytes than any valid request has
    ├── TooSlowError        408  the request did not come whole in time
    ├── CutOffError         400  the line broke in the middle of the request
    ├── GapError            409  records are missing before the batch: send from `wanted_seq`
    └── ForkError           409  the server holds other bytes under the same seq
"""

from __future__ import annotations

from models.errors import DiemdanhError
from models.wire import Reason, Refusal


class ServerError(DiemdanhError):
    """Base of the server's errors. `retry_after`: seconds after which to try again, where programs should."""

    status = 500
    retry_after: int | None = None


class StartError(ServerError):
    """The program can't start, or a command can't be done."""


class PortTakenError(StartError):
    """Another program listens on the address, or the port may not be opened."""


class AddressError(StartError):
    """The address to listen on, or the one that browsers open, can't be one."""


class DataFolderError(StartError):
    """The data folder or its database can't be used."""


class CourseFileError(StartError):
    """A course file says something impossible."""


class EvidenceError(StartError):
    """What a proof or a restore is to be made from can't be read."""


class BackupError(StartError):
    """A copy of the database is damaged, or may not be put here."""


class OutputError(StartError):
    """A file can't be written."""


class NotFoundError(ServerError):
    """There is no such session, bridge point or page."""

    status = 404


class NotSignedInError(ServerError):
    """A page was asked for without a sign-in, or before its second step was done.

    waits_for: as in accounts.tables.BrowserSession; pages lead there.
    """

    status = 401

    def __init__(self, waits_for: str | None = None) -> None:
        super().__init__(
            "Cần đăng nhập để mở trang này. Nếu vừa đăng nhập trước đó, phiên đã hết hạn; hãy đăng nhập lại.",
            "Sign in to open this page. If you had signed in, that has ended; sign in again.",
        )
        self.waits_for = waits_for


class SignInError(ServerError):
    """The login, password, code or link doesn't sign anybody in."""

    status = 401


class MediaTokenError(ServerError):
    """No valid token came with a request for a stream."""

    status = 401

    def __init__(self) -> None:
        super().__init__(
            "Yêu cầu không kèm mã truyền hình còn hiệu lực. Hãy mở lại trang lớp học để lấy mã mới.",
            "The request carries no media token that holds. Open the classroom page again for a new one.",
        )


class MediaRefusedError(ServerError):
    """An offer for a stream is malformed (400), too large (413), of another type (415), its codecs don't suit (406),
    nobody publishes the stream now (404), or somebody else does (409).
    """  # fmt: skip

    def __init__(self, status: int, vi: str, en: str) -> None:
        super().__init__(vi, en)
        self.status = status
        self.retry_after = {404: 3, 409: 60}.get(status)


class SignOnError(ServerError):
    """The office's sign-on can't be asked, or does not confirm who somebody is."""

    status = 502


class ForbiddenError(ServerError):
    """The account has no such permission, anywhere."""

    status = 403


class CrossSiteError(ServerError):
    """A page of another site asked for a change."""

    status = 403


class TooBigError(ServerError):
    """A form with its files is larger than this page takes; it was not read."""

    status = 413

    def __init__(self, limit: int) -> None:
        mb = limit // 1024**2
        super().__init__(
            f"Biểu mẫu hoặc tệp lớn quá {mb} MB nên không được đọc. Chưa lưu gì; hãy dùng tệp nhỏ hơn.",
            f"The form or its file is larger than {mb} MB and was not read. Nothing was saved; use a smaller file.",
        )


class InputError(ServerError):
    """What was typed can't be; nothing was changed."""

    status = 422


class BusyError(ServerError):
    """Too many ask for the same at once, or too often."""

    status = 429


class ConflictError(ServerError):
    """What is asked for contradicts what is there; nothing was changed."""

    status = 409


class RelayAwayError(ServerError):
    """The relay does not run at the moment: it starts, or starts again."""

    status = 503
    retry_after = 1

    def __init__(self) -> None:
        super().__init__(
            "Bộ chuyển tiếp hình và tiếng đang khởi động. Điểm danh không bị ảnh hưởng; trang sẽ tự kết nối lại.",
            "The media relay is starting. Attendance is not affected; the page connects again by itself.",
        )


class UnavailableError(ServerError):
    """The database can't be written now (disk full, locked, broken)."""

    status = 503


class RefusedError(ServerError):
    """An agent's request was refused; nothing was changed."""

    status = 400
    reason: Reason = "other"
    wanted_seq: int | None = None
    fork_seq: int | None = None

    def refusal(self) -> Refusal:
        """The answer for the agent."""
        return Refusal(reason=self.reason, vi=self.vi, en=self.en, wanted_seq=self.wanted_seq, fork_seq=self.fork_seq)


class TokenError(RefusedError):
    """The one-time token is unknown, used or too old."""

    status, reason = 403, "token"


class SignatureError(RefusedError):
    """The request or batch isn't signed by the device it names."""

    status, reason = 401, "signature"


class UnknownDeviceError(RefusedError):
    """No such device has joined."""

    status, reason = 401, "unknown_device"


class KeyExpiredError(RefusedError):
    """The device's key is too old for batches."""

    status, reason = 401, "key_expired"

    def __init__(self) -> None:
        super().__init__(
            "Khóa của máy này đã hết hạn. Máy vẫn ghi tiếp và giữ bản ghi; hãy đổi khóa hoặc gia nhập lại.",
            "This agent's key has expired. It goes on recording and keeps its records; rotate the key or join anew.",
        )


class KeyRevokedError(RefusedError):
    """The device's key was revoked."""

    status, reason = 401, "key_revoked"

    def __init__(self) -> None:
        super().__init__(
            "Khóa của máy này đã bị thu hồi. Hãy xin mã mới và gia nhập lại.",
            "This agent's key was revoked. Ask for a new token and join again.",
        )


class ClockError(RefusedError):
    """Signed too long ago, or in the future, by the server's clock."""

    status, reason = 401, "clock"


class InvalidError(RefusedError):
    """Not what models.wire and models.records describe."""

    status, reason = 422, "invalid"


class TooLargeError(RefusedError):
    """More bytes than any valid request has."""

    status, reason = 413, "too_large"


class TooSlowError(RefusedError):
    """The request did not come whole in time."""

    status = 408

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"Yêu cầu không gửi xong trong {seconds:g} giây. Không có gì bị mất; hãy kiểm tra đường truyền, máy sẽ gửi "
            "lại.",
            f"The request did not come whole within {seconds:g} s. Nothing is lost; check the line, the agent will "
            "send again.",
        )


class CutOffError(RefusedError):
    """The line was cut before the request had come whole: nobody is there to be answered."""

    def __init__(self) -> None:
        super().__init__(
            "Đường truyền bị cắt khi yêu cầu chưa gửi xong. Không có gì bị mất; máy sẽ gửi lại.",
            "The line was cut before the request had come whole. Nothing is lost; the agent will send again.",
        )


class GapError(RefusedError):
    """Records are missing before the batch."""

    status, reason = 409, "gap"

    def __init__(self, wanted_seq: int, first_seq: int) -> None:
        super().__init__(
            f"Thiếu bản ghi: máy chủ cần bản ghi {wanted_seq}, lô này bắt đầu từ bản ghi {first_seq}.",
            f"Records are missing: the server needs record {wanted_seq}, this batch starts at record {first_seq}.",
        )
        self.wanted_seq = wanted_seq


class ForkError(RefusedError):
    """The server holds other bytes under the same seq, or another history before it."""

    status, reason = 409, "fork"

    def __init__(self, vi: str, en: str, seq: int = 0) -> None:
        super().__init__(vi, en)
        self.seq = self.fork_seq = seq
        """The first record known to differ; 0 where only the heads tell."""
