"""The hundred faults. A sentence is quoted by a part that no other fault's has; the table shows it whole."""

from __future__ import annotations

import resource
import shutil
import signal
from typing import Final

from tests.faults.hundred import injecting as by
from tests.faults.hundred import joining
from tests.faults.hundred.fault import Fault, Inject
from tests.faults.hundred.line import PORTAL, Mode, http
from tests.faults.hundred.place import Place

KILL, STOP, TERM, ABORT = signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGABRT
_LOST = "kiểm tra dây cắm và nguồn của camera"
_NOT_OPEN = "Hãy kiểm tra địa chỉ, mật khẩu và đường mạng"
_RECONNECTING = "không gửi hình nữa"
_STOOD = "a trouble of the stream is told once it has stood for 10 s"
_GONE = ("coverage camera_gone",)
_CRASHED = ("coverage crashed",)
_LINK_CRASHED = ("link crashed",)
_AWAY = "Không kết nối được máy chủ"
_UNSAFE = "Không kết nối an toàn được với máy chủ"
_NO_NAME = "Không tìm thấy máy chủ"
_STRANGER = "không phải máy chủ Điểm danh"
_RESTARTED = "Chương trình điểm danh vừa bị ngắt đột ngột và đã tự chạy lại"
_STREAM_LOST = "Phần truyền hình đã dừng đột ngột"
_SILENT = "Phần nhận diện không phản hồi"
_ENDED = "Phần nhận diện đã dừng đột ngột"


def _camera(name: str, mode: str, how: str, sentence: str, **more: object) -> Fault:
    given: dict[str, object] = {"ends": _GONE, "blind": True} | more
    return Fault(name, "camera", how, by.camera(mode), sentence, **given)  # type: ignore[arg-type]


CAMERA: Final = (
    _camera("unplugged", "unplugged", "connection reset, port closed", _NOT_OPEN),
    _camera("power comes and goes", "cut_off", "hangs up after five pictures, each time", _RECONNECTING, blind=False),
    _camera("hangs, the line stands", "stopped", "no more bytes on a connection that stands", _LOST, quick=True),
    _camera("hangs in the middle of a picture", "mid_picture", "half a JPEG, then nothing", _LOST),
    _camera("answers nothing", "silent", "takes the connection, says nothing", _RECONNECTING),
    _camera("is reached no more", "deaf", "calls are not even refused", _RECONNECTING),
    _camera("camera trickles", "trickle", "3 bytes a second", _RECONNECTING),
    _camera("wrong password", "401", "HTTP 401", _NOT_OPEN),
    _camera("wrong address", "404", "HTTP 404", _NOT_OPEN),
    _camera("too many watch it", "503", "HTTP 503", _NOT_OPEN),
    _camera("its own fault", "500", "HTTP 500", _NOT_OPEN),
    _camera("sent elsewhere", "moved", "redirected to where nobody is", _NOT_OPEN),
    _camera("a sign-in page instead of pictures", "html", "HTML", _NOT_OPEN),
    _camera("another protocol", "rubbish", "bytes that are no HTTP", _NOT_OPEN),
    _camera("promises pictures and sends none", "empty", "header, then the end", _NOT_OPEN),
    _camera("torn pictures", "torn", "JPEGs whose data is rubbish", _LOST, blind=False),
    _camera("a picture every 6 s", "slow", "far fewer pictures than promised", _LOST, blind=False),
    _camera("frozen", "frozen", "the same picture for ever", "Hình đứng yên", ends=("coverage frozen",)),
    _camera("black", "black", "cap on the lens", "Hình quá tối", ends=("coverage dark",), quick=True),
    _camera("light off", "dim", "a twentieth of the light", "Hình quá tối", ends=("coverage dark",)),
    _camera("another size", "resized", "VGA becomes another picture on the same connection", "", ends=(), blind=False),
    Fault("settings name no camera of this PC", "camera", "source = 7, restart", by.setting(source='"7"'),
          "Không thấy camera 7", ends=("coverage stopped",), blind=True),
    Fault("settings name another camera's hardware", "camera", "camera_name of another room, restart",
          by.setting(source='"0"\ncamera_name = "Logitech BRIO"'), 'Không thấy camera "Logitech BRIO"',
          ends=("coverage stopped",), blind=True),
    Fault("settings name an address where nobody is", "camera", "source of another room, restart",
          by.setting(source='"http://127.0.0.1:9/video"'), _NOT_OPEN, ends=("coverage stopped",), blind=True),
    Fault("settings name a video that is gone", "camera", "source = a file that is not there, restart",
          by.setting(source='"none.mp4"'), "none.mp4", "terminal", ends=("coverage stopped",), blind=True),
)  # fmt: skip


def _process(name: str, part: str, how: str, inject: Inject, sentence: str, **more: object) -> Fault:
    ends = {"capture": _GONE, "recognition": _CRASHED, "streaming": _LINK_CRASHED, "agent": _CRASHED}[part]
    given: dict[str, object] = {"ends": ends, "lost": part} | more
    return Fault(name, part, how, inject, sentence, **given)  # type: ignore[arg-type]


PROCESSES: Final = (
    _process("capture killed", "capture", "SIGKILL", by.sent("capture", KILL), _LOST,
             reason="ended"),
    _process("capture stopped", "capture", "SIGSTOP", by.sent("capture", STOP), _LOST,
             reason="silent"),
    _process("capture told to end", "capture", "SIGTERM", by.sent("capture", TERM), _LOST,
             reason="ended"),
    _process("capture crashes", "capture", "SIGABRT", by.sent("capture", ABORT), _LOST,
             reason="ended"),
    _process("capture killed three times", "capture", "SIGKILL as soon as it is back",
             by.again_and_again("capture"), _LOST, repeated=True,
             reason="ended", times=3),
    _process("recognition killed", "recognition", "SIGKILL", by.sent("recognition", KILL), _ENDED,
             reason="exit -9"),
    _process("recognition stopped", "recognition", "SIGSTOP", by.sent("recognition", STOP), _SILENT,
             reason="silent"),
    _process("recognition told to end", "recognition", "SIGTERM", by.sent("recognition", TERM), _ENDED, quick=True,
             reason="exit -15"),
    _process("recognition crashes", "recognition", "SIGABRT", by.sent("recognition", ABORT), _ENDED,
             reason="exit -6"),
    _process("recognition killed three times", "recognition", "SIGKILL as soon as it is back",
             by.again_and_again("recognition"), _ENDED, repeated=True,
             reason="exit -9", times=3),
    _process("recognition killed as it starts", "recognition", "SIGKILL while it loads",
             by.as_it_starts("recognition", KILL), _ENDED, repeated=True,
             reason="exit -9", times=2),
    _process("recognition stopped as it starts", "recognition", "SIGSTOP while it loads",
             by.as_it_starts("recognition", STOP), _SILENT, repeated=True,
             reason="silent", times=2),
    _process("recognition gets no memory", "recognition", "RLIMIT_AS of 600 MB as it starts",
             by.starved("recognition"), "Không đọc được hình từ", repeated=True,
             reason="failed", times=2),
    _process("streaming killed", "streaming", "SIGKILL", by.sent("streaming", KILL), _STREAM_LOST, quick=True,
             reason="exit -9"),
    _process("streaming stopped", "streaming", "SIGSTOP", by.sent("streaming", STOP), _STREAM_LOST,
             reason="silent"),
    _process("streaming told to end", "streaming", "SIGTERM", by.sent("streaming", TERM), _STREAM_LOST,
             reason="exit -15"),
    _process("streaming crashes", "streaming", "SIGABRT", by.sent("streaming", ABORT), _STREAM_LOST,
             reason="exit -6"),
    _process("streaming killed three times", "streaming", "SIGKILL as soon as it is back",
             by.again_and_again("streaming"), _STREAM_LOST, repeated=True,
             reason="exit -9", times=3),
    _process("streaming stopped as it starts", "streaming", "SIGSTOP while it loads",
             by.as_it_starts("streaming", STOP), _STREAM_LOST, repeated=True,
             reason="silent", times=2),
    _process("recognition and streaming killed", "recognition", "SIGKILL to both (streaming restarts too)",
             by.together(("recognition", KILL), ("streaming", KILL)), _ENDED, ends=(*_CRASHED, *_LINK_CRASHED),
             reason="exit -9"),
    _process("recognition and capture stopped", "recognition", "SIGSTOP to both",
             by.together(("capture", STOP), ("recognition", STOP)), _SILENT,
             reason="silent"),
    _process("agent killed", "agent", "SIGKILL", by.sent("agent", KILL), _RESTARTED,
             reason="ended unexpectedly"),
    _process("agent stopped", "agent", "SIGSTOP; the autostart's watchdog ends it", by.sent("agent", STOP), _RESTARTED,
             within_s=20.0, slow="missed after 7 s, 2 s pause, then it starts",
             reason="ended unexpectedly"),
    _process("agent told to end", "agent", "SIGTERM: ended in order; the autostart starts it again",
             by.sent("agent", TERM), "Bắt đầu theo dõi", where="terminal", ends=("coverage stopped",)),
    _process("agent crashes", "agent", "SIGABRT", by.sent("agent", ABORT), _RESTARTED,
             reason="ended unexpectedly"),
    _process("agent hangs", "agent", "its event loop goes no further", by.hung, _RESTARTED, within_s=20.0,
             slow="missed after 7 s, 2 s pause, then it starts",
             reason="hung"),
    Fault("PC asleep for 15 s", "agent", "SIGSTOP to all processes, then SIGCONT", by.asleep, "", blind=False,
          ends=("coverage suspended|coverage camera_gone",)),
    Fault("agent can open no more files", "agent", "RLIMIT_NOFILE at what it has",
          by.limited("agent", resource.RLIMIT_NOFILE, lambda one: one.num_fds()), _AWAY),
    Fault("pages' port taken", "console", "another program listens, restart", by.port_taken,
          "Không mở được trang của cán bộ kỹ thuật", "terminal", ends=("coverage stopped",)),
    Fault("200 idle connections to the pages", "console", "opened, and nothing said", by.crowded, ""),
)  # fmt: skip


def _line(name: str, mode: Mode, how: str, sentence: str = _AWAY, **more: object) -> Fault:
    return Fault(name, "server", how, by.line(mode), sentence, **more)  # type: ignore[arg-type]


def _whip(name: str, answer: bytes, how: str, sentence: str, path: str = "/media/whip", **more: object) -> Fault:
    inject = by.line(Mode(answer=answer, only=(path,)), by.killed("streaming"))
    given: dict[str, object] = {"lost": "streaming", "ends": _LINK_CRASHED, "within_s": 16.0, "slow": _STOOD} | more
    return Fault(name, "stream", f"{how}; streaming killed, so that it asks", inject, sentence, **given)  # type: ignore[arg-type]


LINE: Final = (
    _line("server down", Mode(accepts=False), "connection refused"),
    _line("line reset", Mode(resets=True), "reset as soon as connected", quick=True),
    _line("black hole", Mode(silent=True), "connected, and nothing comes"),
    _line("half-open", Mode(drops=True), "requests arrive, answers are lost"),
    _line("trickles", Mode(trickles=8), "answers at 8 bytes a second"),
    _line("answers cut off", Mode(cut=60), "hangs up after 60 bytes"),
    _line("2 s late", Mode(late_s=2), "every answer comes 2 s late", ""),
    _line("500", Mode(answer=http("500 Internal Server Error")), "HTTP 500"),
    _line("503", Mode(answer=http("503 Service Unavailable", b"", "Retry-After: 60")), "HTTP 503"),
    _line("429", Mode(answer=http("429 Too Many Requests", b"", "Retry-After: 60")), "HTTP 429"),
    _line("502 of a proxy", Mode(answer=http("502 Bad Gateway", PORTAL)), "HTTP 502 with HTML"),
    _line("captive portal", Mode(answer=http("200 OK", PORTAL, "Content-Type: text/html")), "HTML, 200", _STRANGER),
    _line("captive portal redirects", Mode(answer=http("302 Found", b"", "Location: http://127.0.0.1:9/")), "HTTP 302",
          _STRANGER),
    _line("proxy wants a password", Mode(answer=http("407 Proxy Authentication Required", PORTAL)), "HTTP 407",
          _STRANGER),
    _line("forbidden by a filter", Mode(answer=http("403 Forbidden", PORTAL)), "HTTP 403 with HTML", _STRANGER),
    _line("another program there", Mode(answer=http("404 Not Found", b'{"detail":"Not Found"}')), "HTTP 404",
          _STRANGER),
    _line("JSON of another form", Mode(answer=http("200 OK", b'{"time": 5}')), "another program's JSON", _STRANGER),
    _line("no HTTP", Mode(answer=b"\x00\x01SSH-2.0-OpenSSH\r\n\r\n"), "bytes that are no HTTP"),
    _line("certificate expired", Mode(certificate="expired"), "TLS", _UNSAFE),
    _line("certificate of another host", Mode(certificate="another_host"), "TLS", _UNSAFE),
    _line("certificate of an unknown authority", Mode(certificate="unknown"), "TLS", _UNSAFE),
    _line("no TLS where TLS should be", Mode(certificate="", answer=http("400 Bad Request")), "plain HTTP"),
    Fault("DNS: no such name", "server", "NXDOMAIN",
          by.names(lambda place: place.names.unknown(answers=True)), _NO_NAME),
    Fault("DNS: no answer", "server", "the name server is silent",
          by.names(lambda place: place.names.unknown(answers=False)), _NO_NAME),
    Fault("DNS: no name server", "server", "refused", by.names(lambda place: place.names.gone()), _NO_NAME),
    Fault("DNS: wrong address", "server", "an address where nobody is",
          by.names(lambda place: place.names.good("127.0.0.98")), _AWAY),
    _whip("no leave to stream", http("403 Forbidden", b'{"reason":"other","vi":"Chua den gio.","en":"Not yet."}'),
          "media token refused", "Máy chủ chưa cho phép truyền hình", "/api/agent/media-token"),
    _whip("relay refuses", http("503 Service Unavailable"), "WHIP: HTTP 503", "Máy chủ chưa nhận hình của phòng này"),
    _whip("relay answers nonsense", http("201 Created", b"v=0 nonsense", "Location: /media/whip/x",
                                         "Content-Type: application/sdp"),
          "WHIP: no SDP", "Phần truyền hình gặp lỗi"),
    _whip("another PC streams", http("409 Conflict"), "WHIP: HTTP 409", "Một máy khác của điểm cầu này",
          slow=f"{_STOOD}; it asks again every 60 s"),
)  # fmt: skip


def _log_at_start(name: str, damage: object, how: str) -> Fault:
    def change(place: Place) -> None:
        path = place.data / "log.db"
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)
        damage(path)  # type: ignore[operator]

    inject = by.at_start(change, lambda place: None)
    return Fault(name, "log", f"{how}, restart", inject, "bị hỏng, đã được giữ nguyên", ends=("coverage stopped",))


def _without_gallery(place: Place) -> None:
    (place.data / "gallery.sealed").unlink(missing_ok=True)
    (place.data / "gallery.key").unlink(missing_ok=True)
    place.line.become(Mode(accepts=False))


def _two_faces(place: Place) -> None:
    import cv2

    path = place.folder / "portraits" / "HV1.jpg"
    shutil.copy(path, place.folder / "one.jpg")
    picture = cv2.imread(str(path))
    assert picture is not None
    cv2.imwrite(str(path), cv2.hconcat([picture, picture]))


def _one_face(place: Place) -> None:
    shutil.copy(place.folder / "one.jpg", place.folder / "portraits" / "HV1.jpg")


DISK: Final = (
    Fault("disk full", "log", "the data folder's disk filled to the last byte", by.disk_left(0), "Đĩa đầy"),
    Fault("disk nearly full", "pc", "150 MB left", by.disk_left(150_000_000), "còn chưa đến 200 MB trống",
          repeated=True, within_s=12.0, slow="looked at every 10 s"),
    Fault("disk filling up", "pc", "800 MB left", by.disk_left(800_000_000), "còn chưa đến 1 GB trống",
          repeated=True, within_s=12.0, slow="looked at every 10 s"),
    Fault("disk fails at writing", "log", "EIO at every write of the log", by.failing("pwrite64", "EIO"),
          "Không ghi được"),
    Fault("disk fails at syncing", "log", "EIO at every fdatasync of the log", by.failing("fdatasync", "EIO"),
          "Không ghi được", quick=True),
    Fault("disk turned read-only", "log", "EROFS at every write of the log", by.failing("pwrite64", "EROFS"),
          "Không ghi được"),
    Fault("quota used up", "log", "EDQUOT at every write of the log", by.failing("pwrite64", "EDQUOT"),
          "Không ghi được"),
    _log_at_start("log: bits flipped", by.flipped, "a fifth of its pages"),
    _log_at_start("log: cut in half", by.cut, "truncated"),
    _log_at_start("log: another file in its place", by.rubbish, "20 kB of rubbish"),
    Fault("log removed while the agent runs", "log", "rm log.db*; a restart mends it", by.log_removed,
          "Tệp nhật ký"),
    Fault("plan damaged", "files", "today.json cut in half, restart", by.file_at_start("agent/today.json", by.cut), "",
          ends=("coverage stopped",)),
    Fault("gallery damaged", "files", "gallery.sealed cut in half, server away, restart",
          by.at_start(lambda place: _gallery_cut(place), lambda place: place.line.become(Mode())),
          "Không mở được gallery.sealed", ends=("coverage stopped",)),
    Fault("consent's text missing", "files", "no gallery, server away, restart",
          by.at_start(_without_gallery, lambda place: place.line.become(Mode())), "Chưa ghi danh khuôn mặt được",
          "/enrol/{learner}", ends=("coverage stopped",)),
    Fault("identity damaged", "files", "identity.json cut in half, restart",
          by.file_at_start("agent/identity.json", by.cut, runs=False), "Không đọc được danh tính", "terminal",
          ends=("coverage stopped",), blind=True),
    Fault("identity gone", "files", "identity.json removed, restart",
          by.file_at_start("agent/identity.json", by.removed, runs=False), "Máy này chưa gia nhập máy chủ nào",
          "terminal", ends=("coverage stopped",), blind=True),
    Fault("key gone", "files", "identity.key emptied, restart",
          by.file_at_start("agent/identity.key", by.emptied, runs=False), "Không đọc được danh tính", "terminal",
          ends=("coverage stopped",), blind=True),
    Fault("settings damaged", "files", "agent.toml with a line of rubbish, restart",
          by.at_start(lambda place: _rubbish_settings(place), lambda place: place.set(), runs=False), "dòng",
          "terminal", ends=("coverage stopped",), blind=True),
    Fault("second agent on the same folder", "files", "started beside the first", by.second_agent,
          "Một bridge-agent khác đang dùng thư mục dữ liệu", "terminal"),
    Fault("portrait damaged", "files", "HV1.jpg cut to rubbish, restart",
          by.file_at_start("portraits/HV1.jpg", by.rubbish), "Không đọc được ảnh", ends=("coverage stopped",)),
    Fault("two faces on a portrait", "files", "HV1.jpg beside itself, restart", by.at_start(_two_faces, _one_face),
          "hãy cắt ảnh để chỉ còn học viên", ends=("coverage stopped",)),
    Fault("portraits' folder gone", "files", "portraits of another name, restart",
          by.setting(portraits='"anh"'), "anh", "terminal", ends=("coverage stopped",), blind=True),
    Fault("weights missing", "files", "the encoder's file removed; recognition killed",
          by.file_now("weights/face-reidentification-retail-0095.bin", by.removed, by.killed("recognition")),
          "face-reidentification", ends=_CRASHED, lost="recognition"),
    Fault("weights damaged", "files", "bits of the encoder flipped; recognition killed",
          by.file_now("weights/face-reidentification-retail-0095.bin", by.flipped, by.killed("recognition")),
          "face-reidentification", ends=_CRASHED, lost="recognition"),
    Fault("detector missing", "files", "YuNet removed; recognition killed",
          by.file_now("weights/yunet_n_dynamic.onnx", by.removed, by.killed("recognition")),
          "yunet", ends=_CRASHED, lost="recognition"),
    Fault("no calibration profile", "files", "a profile is asked for and there is none, restart",
          by.setting(without_profile="false"), "Chưa nhận diện khuôn mặt được", ends=("coverage stopped",), blind=True),
    Fault("calibration profile damaged", "files", "profile.json is rubbish, restart",
          by.at_start(lambda place: _bad_profile(place), lambda place: _no_profile(place)),
          "Chưa nhận diện khuôn mặt được", ends=("coverage stopped",), blind=True),
)  # fmt: skip


def _gallery_cut(place: Place) -> None:
    path = place.data / "gallery.sealed"
    path.write_bytes(path.read_bytes()[:20] if path.exists() else b"nothing")
    place.line.become(Mode(accepts=False))


def _rubbish_settings(place: Place) -> None:
    with (place.folder / "agent.toml").open("a", encoding="utf-8") as file:
        file.write("sync_seconds == 5\n")


def _bad_profile(place: Place) -> None:
    (place.data / "profile.json").write_bytes(b'{"v": 1, "made_at"')
    place.set(without_profile="false")


def _no_profile(place: Place) -> None:
    (place.data / "profile.json").unlink()
    place.set()


PC: Final = (
    Fault("clock 1 h ahead", "clock", "wall clock set", by.wall(3600), "Đồng hồ máy này nhanh 60 phút", quick=True),
    Fault("clock 1 h behind", "clock", "wall clock set", by.wall(-3600), "Đồng hồ máy này chậm 60 phút"),
    Fault("clock 10 s ahead", "clock", "wall clock set", by.wall(10), "Đồng hồ máy này nhanh 0 phút 10 giây"),
    Fault("clock a year ahead", "clock", "wall clock set", by.wall(365 * 86_400), "Đồng hồ máy này nhanh"),
    Fault("clock in 1970", "clock", "wall clock set", by.wall(-1_790_000_000), "Đồng hồ máy này chậm"),
    Fault("clock wrong at the start", "clock", "a day ahead, restart",
          by.at_start(lambda place: place.meddle("wall", str(86_400_000)), lambda place: place.meddle("wall", None)),
          "Đồng hồ máy này nhanh", ends=("coverage stopped",)),
    Fault("processor hot", "pc", "95 °C", by.machine(temperature=95.0), "Bộ xử lý của máy rất nóng", within_s=35.0,
          slow="three readings of 10 s, for a busy second is no fault"),
    Fault("power unplugged", "pc", "on battery, 80 %", by.machine(plugged=False, battery=0.8), "Máy đang chạy bằng pin",
          within_s=12.0, slow="looked at every 10 s"),
    Fault("battery low", "pc", "on battery, 8 %", by.machine(plugged=False, battery=0.08), "pin còn khoảng 10 %",
          within_s=12.0, slow="looked at every 10 s"),
    Fault("microphone unplugged", "sound", "its stream ends", by.microphone("gone"), "Không dùng được micro",
          within_s=16.0, slow=_STOOD),
    Fault("microphone hangs", "sound", "no more sound", by.microphone("silent"), "Không dùng được micro",
          within_s=16.0, slow=_STOOD),
    Fault("no such microphone", "sound", "sound_device = alsa:plughw:9, restart",
          by.setting(sound_device='"alsa:plughw:9"'), "Không dùng được micro", ends=("coverage stopped",)),
)  # fmt: skip


def _join(
    name: str, how: str, token: joining.Token, sentence: str, *, quick: bool = False, mode: Mode | None = None
) -> Fault:
    return Fault(name, "joining", how, joining.tries(token, mode), sentence, "terminal", repeated=True, quick=quick)


JOINING: Final = (
    _join("token used", "bridge-agent join with it", joining.used, "Mỗi mã dùng một lần", quick=True),
    _join("token expired", "made a day and a half ago", joining.expired, "Hãy xin mã mới"),
    _join("token mistyped", "two letters exchanged", joining.mistyped, "Hãy kiểm tra từng ký tự"),
    _join("token of another server", "made by a server of another data folder", joining.foreign,
          "Hãy kiểm tra từng ký tự"),
    _join("server away while joining", "refused", joining.fresh, _AWAY, mode=Mode(accepts=False)),
    _join("captive portal while joining", "HTML", joining.fresh, _STRANGER, mode=Mode(answer=http("200 OK", PORTAL))),
    Fault("joined already", "joining", "bridge-agent join on this data folder", joining.joined_already,
          "Máy này đã là điểm cầu", "terminal", repeated=True),
    Fault("key revoked", "server", "by the administrator; a restart after joining anew", joining.revoked,
          "đã bị thu hồi"),
)  # fmt: skip

FAULTS: Final = (*CAMERA, *PROCESSES, *LINE, *DISK, *PC, *JOINING)
