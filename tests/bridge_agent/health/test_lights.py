"""Pure: which sentence belongs to which light, what never leaves the PC, and what the PC itself complains of."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import bridge_agent
from bridge_agent.health import lights as module
from bridge_agent.health.awake import ProgramLock
from bridge_agent.health.care import Care
from bridge_agent.health.lights import Situation, lights
from bridge_agent.health.machine import Gauge
from bridge_agent.redact import without_credentials
from bridge_agent.streaming.showing import StreamView
from models.health import Light, Machine, Part

GB = 1_000_000_000


def situation(**changed: object) -> Situation:
    given: dict[str, object] = {
        "alarms": {}, "in_session": True, "watching": True, "stream": StreamView("good"), "waiting": 0, "oldest_ms": 0,
    }  # fmt: skip
    return Situation(**(given | changed))  # type: ignore[arg-type]  # a test's own choice of fields


def light(part: Part, **changed: object) -> Light:
    return {one.part: one for one in lights(situation(**changed))}[part]


def test_all_is_well() -> None:
    assert {one.state for one in lights(situation())} == {"good"}
    idle = lights(situation(in_session=False, watching=False, stream=None))
    assert {one.part: one.state for one in idle} == {
        "camera": "off", "faces": "off", "stream": "off", "server": "good", "log": "good", "pc": "good",
    }  # fmt: skip


def test_a_fault_is_told_at_its_part() -> None:
    dark = {"trouble dark": ("Phòng quá tối.", "The room is too dark.")}
    assert light("camera", alarms=dark) == Light(
        part="camera", state="bad", vi="Phòng quá tối.", en="The room is too dark."
    )
    assert light("faces", alarms=dark).state == "good"
    assert light("camera", watching=False).state == "attention"
    weak = light("stream", stream=StreamView("lowered")).vi
    assert weak is not None and weak.startswith("Đang truyền hình, đường truyền yếu: ") and "dây mạng" in weak
    assert light("log", waiting=3, oldest_ms=600_000).state == "good"
    assert "cũ nhất từ 11 phút" in light("log", waiting=3, oldest_ms=660_000).vi


def test_no_name_leaves_the_pc() -> None:
    about = ("Ảnh Nguyễn Văn An.jpg không có khuôn mặt.", "The picture Nguyễn Văn An.jpg shows no face.")
    alarms = dict.fromkeys(("portraits", "trouble portraits", "lookalike", "suspicion", "enrolment", "new"), about)
    told = lights(situation(alarms=alarms))
    assert "Nguyễn" not in str(told)
    assert {one.part for one in told if one.state == "attention"} == {"faces", "pc"}  # that there is something is told


def test_every_alarm_of_the_agent_has_a_light() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in Path(bridge_agent.__file__).parent.rglob("*.py"))
    names = {*re.findall(r'(?:larms\.(?:set|tried)|\.tried)\(\s*"(\w+)"', code)}
    assert {"server", "log", "recognition", "console"} <= names
    known = {*module._PARTS} | {*module._ABOUT_PEOPLE} | {"portraits"}
    assert names <= known


def test_passwords_of_cameras_stay_here() -> None:
    said = "Không mở được rtsp://admin:b@d!@10.0.0.8/ch1?user=admin&password=hush: từ chối."
    alarms = {"trouble camera_gone": (said, said)}
    told = light("camera", alarms=alarms).vi
    assert "b@d" not in told and "hush" not in told and "admin" not in told
    assert "10.0.0.8" in told
    assert without_credentials("https://example.vn/a?b=c") == "https://example.vn/a?b=c"


def machine(**changed: object) -> Machine:
    given: dict[str, object] = {
        "disk_free": 20 * GB, "cpu": 0.1, "pc_cpu": 0.2, "memory": 90_000_000, "memory_free": 2 * GB,
        "memory_total": 4 * GB,
    }  # fmt: skip
    return Machine(**(given | changed))  # type: ignore[arg-type]  # a test's own choice of fields


def test_a_low_disk_is_said_with_what_to_do() -> None:
    care = Care()
    assert care.faults(machine(disk_free=GB), class_near=False) == {}
    vi, _ = care.faults(machine(disk_free=GB - 1), class_near=False)["disk"]
    assert "1 GB" in vi and "xóa bớt" in vi
    assert "200 MB" in care.faults(machine(disk_free=1), class_near=False)["disk"][0]


def test_heat_is_said_when_it_stays_and_until_it_is_gone() -> None:
    care = Care()

    def hot(*temperatures: float | None) -> list[bool]:
        return ["hot" in care.faults(machine(temperature=one), class_near=False) for one in temperatures]

    assert hot(95, 95, 60, 95, 95, 95, 88, 84, 95, None) == [
        False, False, False, False, False, True, True, False, False, False,
    ]  # fmt: skip


def test_a_pc_without_power_is_said_when_a_class_is_near() -> None:
    care, on_battery = Care(), machine(plugged=False, battery=0.63)
    assert care.faults(on_battery, class_near=False) == {}
    assert "65 %" in care.faults(on_battery, class_near=True)["power"][0]
    assert care.faults(machine(plugged=True, battery=0.1), class_near=True) == {}
    assert care.faults(machine(), class_near=True) == {}  # a PC without a battery


def test_this_pc_is_read_with_its_children(tmp_path: Path) -> None:
    gauge = Gauge(tmp_path)
    alone = gauge.read()
    ballast = "import time; b = bytes(60_000_000); print('there', flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", ballast], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        end = time.monotonic() + 60
        while (both := gauge.read()).cpu <= 0.02:  # as soon as this machine lets it run
            assert time.monotonic() < end
            time.sleep(0.1)
        child.kill()
    assert both.memory > alone.memory
    assert 0 <= both.pc_cpu <= 1 and both.disk_free > 0 and both.memory_total > both.memory_free


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has a lock of its own")
def test_a_pc_is_kept_awake_by_a_program_that_ends_when_it_is_let_go() -> None:
    lock = ProgramLock(("cat",))
    assert lock.take() and lock.take()
    assert lock._process is not None
    pid = lock._process.pid
    assert psutil.pid_exists(pid)
    lock.release()
    assert not psutil.pid_exists(pid)
    lock.release()
    assert not ProgramLock(("there-is-no-such-program",)).take()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has a lock of its own")
def test_an_agent_that_is_killed_keeps_no_pc_awake() -> None:
    code = (
        "from bridge_agent.health.awake import ProgramLock; l = ProgramLock(('cat',)); l.take();"
        "print(l._process.pid, flush=True); import time; time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as agent:
        assert agent.stdout is not None
        pid = int(agent.stdout.readline())
        held = psutil.Process(pid)
        agent.kill()
        agent.wait()
        held.wait(60)
