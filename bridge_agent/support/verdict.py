"""What the doctor's figures mean for a class, in words: how many learners, what stream, what limits it. Pure."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from bridge_agent.health.care import LOW_DISK
from bridge_agent.recognition.pace import SHARE, SLOWEST_MS
from bridge_agent.support.measuring import FaceSpeed, LineSpeed
from models.clock_trust import SKEW_UNTRUSTED_MS, SKEW_WARN_MS
from models.health import Machine

LADDER: Final = ((1280, 720, 15, 1200), (854, 480, 15, 600), (640, 360, 10, 300))
"""Streams, the best first: px, px, frames/s, kbit/s."""
LINE_ROOM: Final = 1.3
"""A line that carries so much more than the stream: sound, records and pages need some."""
OTHER_CORES: Final = 0.4
"""What capture, the pages and the system take beside, measured by `run.py bench agent`."""
FEW, MANY, MOST = 10, 30, 150
SLOW_FSYNC_MS: Final = 150.0
SMALL_MEMORY: Final = 3_500_000_000
FREE_MEMORY: Final = 700_000_000
"""A class takes 355 MB (`run.py bench agent`), and the pages' browser as much again."""
FAR_MS: Final = 400.0

Light = Literal["good", "attention", "bad", "unknown"]


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """All figures. None: not measured."""

    cores: int
    machine: Machine
    faces: FaceSpeed | None = None
    faces_why: tuple[str, str] | None = None
    """Why the networks could not be run."""
    x264_fps: float | None = None
    fsync_ms: float | None = None
    line: LineSpeed | None = None
    """None: this PC has not joined."""


class Finding(msgspec.Struct, frozen=True):
    """One figure in words; `vi` and `en` end with what to do where something should be done."""

    name: str
    light: Light
    vi: str
    en: str


def learners(measured: Measured, interval_ms: float) -> int:
    """How many the room may hold so that everybody is looked at each interval, all encoded anew each time."""
    speed = measured.faces
    if speed is None:
        return 0
    stream = LADDER[0][2] / measured.x264_fps if measured.x264_fps else 0.5
    left = max(0.3, measured.cores - stream - OTHER_CORES)
    slower = max(1.0, min(speed.threads, measured.cores) / left)
    return max(0, min(MOST, int((SHARE * interval_ms / slower - speed.detect_ms) / max(0.01, speed.encode_ms))))


def stream(measured: Measured) -> tuple[int, int, int, int] | None:
    """The best stream that processor and line carry; None: none."""
    for width, height, fps, kbit_s in LADDER:
        pixels = width * height / (LADDER[0][0] * LADDER[0][1])
        cores = fps * pixels / measured.x264_fps if measured.x264_fps else 0.0
        upload = measured.line.upload_kbit_s if measured.line else None
        fits = cores <= max(0.25, (measured.cores - OTHER_CORES) / 2)
        if fits and (upload is None or upload >= LINE_ROOM * kbit_s):
            return width, height, fps, kbit_s
    return None


def findings(measured: Measured) -> list[Finding]:
    """All figures in words, in the order in which a technician reads them."""
    return [
        _faces(measured),
        _stream(measured),
        *line_findings(measured.line),
        _disk(measured),
        _memory(measured),
        _power(measured),
    ]


def line_findings(line: LineSpeed | None) -> list[Finding]:
    """The way to the server in words: server with WHIP and upload rate, clock, UDP."""
    return [_server(line), _clock(line), _udp(line)]


def headline(measured: Measured) -> tuple[str, str]:
    """Learners and stream in one sentence."""
    well, most, carried = learners(measured, 1_000), learners(measured, SLOWEST_MS), stream(measured)
    if measured.faces is None:
        return "Chưa biết máy này nhận diện được bao nhiêu người.", "How many learners this PC can follow is not known."
    shown_vi = f"truyền hình {carried[1]}p, {carried[2]} hình/giây" if carried else "không truyền hình được"
    shown_en = f"stream {carried[1]}p at {carried[2]} frames/s" if carried else "stream no picture"
    plus = "+" if well >= MOST else ""
    if not well:
        most_vi, most_en = (f"khoảng {most}", f"about {most} learners") if most else ("chưa tới 1", "not one learner")
        return (
            f"Máy này không kịp xem cả phòng mỗi giây: theo dõi được {most_vi} học viên (mỗi "
            f"{_vi(SLOWEST_MS / 1000)} giây một lần), và {shown_vi}.",
            f"This PC can't look at the whole room every second: it follows {most_en} (every "
            f"{SLOWEST_MS / 1000:.1f} s), and can {shown_en}.",
        )
    return (
        f"Máy này theo dõi tốt khoảng {well}{plus} học viên (mỗi giây xem lại cả phòng), nhiều nhất {most} (mỗi "
        f"{_vi(SLOWEST_MS / 1000)} giây), và {shown_vi}.",
        f"This PC follows about {well}{plus} learners well (the room looked at every second), {most} at most (every "
        f"{SLOWEST_MS / 1000:.1f} s), and can {shown_en}.",
    )


def _faces(measured: Measured) -> Finding:
    speed = measured.faces
    if speed is None:
        vi, en = measured.faces_why or ("chưa đo", "not measured")
        return Finding("faces", "bad", f"Nhận diện: không chạy được. {vi}", f"Faces: recognition does not run. {en}")
    find, with_what, cores = f"{speed.detect_ms:.0f}", f"({speed.detector}, {speed.encoder})", measured.cores
    vi = f"Nhận diện: {find} + {_vi(speed.encode_ms)} ms mỗi người {with_what}, {cores} nhân."
    en = f"Faces: {find} + {speed.encode_ms:.1f} ms each {with_what}, {cores} cores."
    well = learners(measured, 1_000)
    if speed.detector != "yunet" or "retail" not in speed.encoder:
        vi += " Đang dùng mạng dự phòng, chậm và kém chính xác hơn: hãy chạy bridge-agent weights fetch."
        en += " The spare networks are in use, slower and less accurate: run bridge-agent weights fetch."
        return Finding("faces", "attention" if well >= FEW else "bad", vi, en)
    if well < MANY:
        vi += " Lớp đông sẽ được xem thưa hơn: hãy đóng các chương trình khác trong giờ học, hoặc dùng máy mới hơn."
        en += " A large class is looked at less often: close other programs during the class, or use a newer PC."
    return Finding("faces", "good" if well >= MANY else "attention" if well >= FEW else "bad", vi, en)


def _stream(measured: Measured) -> Finding:
    fps, carried = measured.x264_fps, stream(measured)
    if fps is None:
        return Finding("stream", "unknown", "Nén hình: chưa đo được.", "Encoding: not measured.")
    vi, en = f"Nén hình 720p: {fps:.0f} hình/giây trên một nhân.", f"Encoding 720p: {fps:.0f} frames/s on one core."
    if carried == LADDER[0]:
        return Finding("stream", "good", vi, en)
    if carried is None:
        vi += " Không đủ để truyền hình: đặt [streaming] enabled = false (điểm danh vẫn chạy), hoặc đổi máy, đổi mạng."
        en += " Not enough for a stream: set [streaming] enabled = false, attendance still works; or change line or PC."
        return Finding("stream", "bad", vi, en)
    width, height, rate, kbit_s = carried
    vi += f" Nên đặt [streaming] width = {width}, height = {height}, fps = {rate}, kbit_s = {kbit_s}."
    en += f" Set [streaming] width = {width}, height = {height}, fps = {rate}, kbit_s = {kbit_s}."
    return Finding("stream", "attention", vi, en)


def _server(line: LineSpeed | None) -> Finding:
    if line is None:
        return Finding(
            "server", "attention",
            "Máy chủ: máy này chưa gia nhập nên chưa đo được. Hãy chạy bridge-agent join rồi đo lại.",
            "Server: this PC has not joined, so nothing was measured. Run bridge-agent join, then measure again.",
        )  # fmt: skip
    if line.round_trip_ms is None:
        vi, en = line.away or ("", "")
        return Finding("server", "bad", f"Máy chủ: {vi}", f"Server: {en}")
    vi = f"Máy chủ: khứ hồi {line.round_trip_ms:.0f} ms"
    en = f"Server: round trip {line.round_trip_ms:.0f} ms"
    light: Light = "good"
    if line.spared:
        vi += "; không đo tốc độ gửi lên vì đang có buổi học."
        en += "; the upload rate was not measured, as a session is recorded."
    elif line.upload_kbit_s is None:
        told_vi, told_en = line.away or ("", "")
        return Finding("server", "attention", f"{vi}. Chưa đo được tốc độ gửi lên: {told_vi}",
                       f"{en}. The upload rate was not measured: {told_en}")  # fmt: skip
    else:
        vi += f", gửi lên {_vi(line.upload_kbit_s / 1000)} Mbit/s."
        en += f", upload {line.upload_kbit_s / 1000:.1f} Mbit/s."
    if line.upload_kbit_s is not None and line.upload_kbit_s < LINE_ROOM * LADDER[0][3]:
        light = "attention"
        vi += " Chưa đủ cho hình 720p: dùng dây mạng thay Wi-Fi, tạm dừng tải tệp và họp khác, hoặc nâng gói cước."
        en += " Too little for 720p: use a cable, stop downloads and other calls, or get a faster line."
    if line.round_trip_ms > FAR_MS:
        light = "attention"
        vi += " Đường truyền trễ nhiều: tiếng và hình sẽ chậm, hãy dùng dây mạng."
        en += " The line is slow to answer: sound and picture will lag; use a cable."
    if line.whip is False:
        light = "attention"
        vi += " Địa chỉ truyền hình không trả lời: nhờ quản trị hệ thống kiểm tra đường /media/ trên máy chủ."
        en += " The stream's address does not answer: ask the administrator to check /media/ on the server."
    return Finding("server", light, vi, en)


def _clock(line: LineSpeed | None) -> Finding:
    offset = line.offset_ms if line else None
    if offset is None:
        return Finding("clock", "unknown", "Đồng hồ: chưa đo được.", "Clock: not measured.")
    off = abs(offset) / 1000
    vi, en = f"Đồng hồ: lệch {_vi(off)} giây so với máy chủ.", f"Clock: {off:.1f} s off the server's."
    if abs(offset) < SKEW_WARN_MS:
        return Finding("clock", "good", vi, en)
    vi += " Hãy bật tự chỉnh giờ theo mạng trong cài đặt của hệ điều hành."
    en += " Turn on setting the time from the network in the system's settings."
    return Finding("clock", "bad" if abs(offset) >= SKEW_UNTRUSTED_MS else "attention", vi, en)


def _udp(line: LineSpeed | None) -> Finding:
    found = line.ways if line else None
    if found is None:
        return Finding(
            "udp", "unknown",
            "Đường UDP cho hình và tiếng: chưa đo được (máy chủ chưa trả lời, đang bận hoặc là bản cũ).",
            "UDP for picture and sound: not measured (the server does not answer, is busy or an older one).",
        )  # fmt: skip
    if found.udp:
        way_vi, way_en = (
            ("thẳng tới máy chủ", "to the server itself")
            if found.relay_udp
            else ("qua máy chủ TURN", "by the TURN server")
        )
        return Finding(
            "udp", "good", f"Hình và tiếng: đi được bằng UDP {way_vi}.", f"Picture and sound: UDP passes {way_en}."
        )
    if found.turn_tcp:
        return Finding(
            "udp", "good",
            f"Hình và tiếng: mạng ở đây chặn UDP, nên đi qua TURN ({found.turn_tcp}). Dùng được.",
            f"Picture and sound: this network blocks UDP, so they go by TURN ({found.turn_tcp}). That works.",
        )  # fmt: skip
    return Finding(
        "udp", "attention",
        "Hình và tiếng: UDP không qua được mạng ở đây, và máy chủ TURN qua cổng 443 không có hoặc không trả lời. Điểm "
        "danh vẫn chạy; để truyền hình, hãy nhờ bộ phận mạng mở UDP hoặc nhờ quản trị bật TURN cổng 443.",
        "Picture and sound: UDP does not pass this network, and no TURN server over port 443 answers. Attendance works "
        "all the same; for the stream, ask for UDP to be let through, or the administrator for TURN over port 443.",
    )  # fmt: skip


def _disk(measured: Measured) -> Finding:
    free = measured.machine.disk_free
    vi, en = f"Ổ đĩa: trống {_vi(free / 1e9)} GB", f"Disk: {free / 1e9:.1f} GB free"
    if measured.fsync_ms is None:
        return Finding("disk", "bad", f"{vi}, không ghi được. Hãy kiểm tra quyền ghi và ổ đĩa.",
                       f"{en}, it can't be written. Check permissions and the disk.")  # fmt: skip
    vi += f", ghi chắc chắn mất {measured.fsync_ms:.0f} ms."
    en += f", a durable write takes {measured.fsync_ms:.0f} ms."
    light: Light = "good"
    if measured.fsync_ms > SLOW_FSYNC_MS:
        light = "attention"
        vi += " Ổ đĩa chậm: tạm tắt đồng bộ đám mây và quét vi-rút trong giờ học, hoặc thay bằng ổ SSD."
        en += " The disk is slow: pause cloud sync and virus scans during classes, or use an SSD."
    if free < LOW_DISK:
        light = "bad"
        vi += " Hãy dọn thùng rác và xóa bớt tệp."
        en += " Empty the bin and delete files."
    return Finding("disk", light, vi, en)


def _memory(measured: Measured) -> Finding:
    free, total = measured.machine.memory_free, measured.machine.memory_total
    vi = f"Bộ nhớ: trống {_vi(free / 1e9)} trong {_vi(total / 1e9)} GB."
    en = f"Memory: {free / 1e9:.1f} of {total / 1e9:.1f} GB free."
    if free >= FREE_MEMORY and total >= SMALL_MEMORY:
        return Finding("memory", "good", vi, en)
    vi += " Hãy đóng bớt thẻ trình duyệt và chương trình khác trước giờ học."
    en += " Close browser tabs and other programs before the class."
    return Finding("memory", "attention", vi, en)


def _power(measured: Measured) -> Finding:
    if measured.machine.plugged is False:
        return Finding("power", "attention", "Nguồn điện: đang chạy bằng pin. Hãy cắm điện.",
                       "Power: on battery. Plug the PC in.")  # fmt: skip
    return Finding("power", "good", "Nguồn điện: tốt.", "Power: good.")


def _vi(value: float) -> str:
    """A number with one digit, as Vietnamese writes it: 4,5."""
    return f"{value:.1f}".replace(".", ",")
