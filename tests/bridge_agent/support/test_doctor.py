"""What the doctor says of figures, and that it measures: the real encoder, a real disk, a real server."""

from __future__ import annotations

import http.server
import json
import threading
from pathlib import Path

import msgspec
import pytest

from bridge_agent.cli import main
from bridge_agent.config import Config, FacesConfig, Settings
from bridge_agent.identity import Identity
from bridge_agent.key_store import KeyStore
from bridge_agent.support import measuring
from bridge_agent.support.doctor import examine
from bridge_agent.support.measuring import FaceSpeed, LineSpeed
from bridge_agent.support.verdict import Light, Measured, findings, headline, learners, stream
from models.health import Machine
from tests.central_server.running import running, write_course
from tests.faults.sending import client, joined

GB = 1_000_000_000
PC = Machine(disk_free=50 * GB, cpu=0, pc_cpu=0.1, memory=90_000_000, memory_free=4 * GB, memory_total=8 * GB)
GOOD = Measured(
    cores=4,
    machine=PC,
    faces=FaceSpeed("yunet", "face-reidentification-retail-0095", 30.0, 2.0, 2),
    x264_fps=120.0,
    fsync_ms=8.0,
    line=LineSpeed(None, 25.0, 12, 8_000.0, True),
)


def changed(**fields: object) -> Measured:
    return msgspec.structs.replace(GOOD, **fields)


def light(name: str, measured: Measured) -> tuple[Light, str]:
    return next((one.light, one.vi) for one in findings(measured) if one.name == name)


def test_a_good_pc_is_told_so() -> None:
    assert {one.light for one in findings(GOOD)} == {"good", "unknown"}  # UDP is never measured
    vi, en = headline(GOOD)
    assert "khoảng 150+ học viên" in vi and "truyền hình 720p, 15 hình/giây" in vi
    assert "mỗi 4,5 giây" in vi and "every 4.5 s" in en


def test_a_slow_pc_follows_fewer_and_says_what_to_do() -> None:
    slow = changed(cores=2, faces=FaceSpeed("dlib", "dlib-resnet-v1", 250.0, 20.0, 2), x264_fps=40.0)
    assert 0 < learners(slow, 1_000) < 20 < learners(slow, 4_500) < 150
    state, said = light("faces", slow)
    assert state != "good" and "weights fetch" in said
    assert learners(changed(faces=None), 1_000) == 0
    slower = changed(cores=2, faces=FaceSpeed("dlib", "dlib-resnet-v1", 1_131.0, 28.9, 2))
    assert learners(slower, 1_000) == 0 < learners(slower, 4_500)
    assert "không kịp xem cả phòng mỗi giây" in headline(slower)[0] and " 0 " not in headline(slower)[0]
    none = changed(faces=None, faces_why=("Thiếu tệp.", "A file is missing."))
    assert light("faces", none) == ("bad", "Nhận diện: không chạy được. Thiếu tệp.")
    assert "Chưa biết" in headline(none)[0]


@pytest.mark.parametrize(
    ("upload", "height"), [(8_000.0, 720), (1_600.0, 720), (1_500.0, 480), (500.0, 360), (200.0, None), (None, 720)]
)
def test_the_stream_fits_the_line(upload: float | None, height: int | None) -> None:
    measured = changed(line=LineSpeed(None, 25.0, 12, upload, True))
    found = stream(measured)
    assert (found[1] if found else None) == height
    if height != 720:
        state, said = light("stream", measured)
        assert state == ("attention" if height else "bad") and "[streaming]" in said
        assert light("server", measured)[0] == "attention"


def test_the_stream_fits_the_processor() -> None:
    assert stream(changed(cores=2, x264_fps=12.0)) == (854, 480, 15, 600)
    assert stream(changed(cores=1, x264_fps=3.0)) is None


@pytest.mark.parametrize(
    ("name", "measured", "wanted", "words"),
    [
        ("server", changed(line=None), "attention", "bridge-agent join"),
        ("server", changed(line=LineSpeed(away=("Không kết nối được.", "Away."))), "bad", "Không kết nối được."),
        ("server", changed(line=LineSpeed(None, 25.0, 12, 8_000.0, False)), "attention", "/media/"),
        ("server", changed(line=LineSpeed(None, 900.0, 12, 8_000.0, True)), "attention", "dây mạng"),
        ("clock", changed(line=LineSpeed(None, 25.0, 3_000, 8_000.0, True)), "attention", "lệch 3,0 giây"),
        ("clock", changed(line=LineSpeed(None, 25.0, -90_000, 8_000.0, True)), "bad", "tự chỉnh giờ"),
        ("disk", changed(fsync_ms=400.0), "attention", "SSD"),
        ("disk", changed(fsync_ms=None), "bad", "không ghi được"),
        ("disk", changed(machine=msgspec.structs.replace(PC, disk_free=GB // 2)), "bad", "thùng rác"),
        ("memory", changed(machine=msgspec.structs.replace(PC, memory_free=GB // 2)), "attention", "trình duyệt"),
        ("power", changed(machine=msgspec.structs.replace(PC, plugged=False)), "attention", "cắm điện"),
    ],
)  # fmt: skip
def test_each_limit_is_said_with_what_to_change(name: str, measured: Measured, wanted: Light, words: str) -> None:
    state, said = light(name, measured)
    assert state == wanted and words in said


async def test_the_line_to_a_real_server_is_measured(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        server.load(write_course(tmp_path / "course.toml"))
        who: Identity = joined(server)
        async with client(server, who) as to:
            found = await measuring.line_speed(to, to._clock, seconds=3.0)
            steps: list[str] = []
            spared = await measuring.line_speed(to, to._clock, 3.0, steps.append, spare=True)
    assert steps == ["server", "media"] and spared.upload_kbit_s is None and spared.spared
    assert light("server", changed(line=spared))[0] == "good"
    assert "đang có buổi học" in light("server", changed(line=spared))[1]
    assert found.away is None and found.whip is True and found.ways is not None and found.ways.relay_udp
    assert found.round_trip_ms is not None and found.upload_kbit_s is not None
    assert found.upload_kbit_s > 100
    async with client(server, who) as to:
        gone = await measuring.line_speed(to, to._clock, seconds=1.0)
    assert gone.away is not None and "Không kết nối được" in gone.away[0]


def test_all_is_measured_for_real_told_and_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIEMDANH_LANGUAGE", "vi")
    config = Config(data=str(tmp_path), key_store="file", console_port=0, faces=FacesConfig(threads=1))
    assert examine(Settings(config, None), KeyStore(), share=0.02) == 1  # it has not joined
    told = capsys.readouterr()
    assert "học viên" in told.out and "bridge-agent join" in told.out and "(4/4)" in told.err
    assert [path.name for path in tmp_path.iterdir()] == ["doctor.json"]
    measured = json.loads((tmp_path / "doctor.json").read_bytes())["measured"]
    assert measured["faces"]["detect_ms"] > measured["faces"]["encode_ms"] > 0
    assert measured["x264_fps"] > 1 and measured["fsync_ms"] > 0 and measured["machine"]["disk_free"] > 0


class InSession(http.server.BaseHTTPRequestHandler):
    """An agent's page while a session is recorded."""

    def do_GET(self) -> None:
        body = b'{"session": "s1"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_no_session_is_slowed_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), InSession) as page:
        threading.Thread(target=page.serve_forever, daemon=True).start()
        file = tmp_path / "agent.toml"
        file.write_text(f'data = "agent"\nconsole_port = {page.server_port}\n', "utf-8")
        assert main(["doctor", "--config", str(file)]) == 2
        page.shutdown()
    said = capsys.readouterr()
    assert said.out == "" and ("sau giờ học" in said.err or "after the class" in said.err)
