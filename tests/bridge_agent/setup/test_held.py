"""Who holds a camera: a real program that has the file open, and Windows' notes of who uses one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bridge_agent.capture.cameras import Camera
from bridge_agent.capture.source import CameraPin
from bridge_agent.setup.held import by_windows, who_opened
from bridge_agent.setup.looker import why_nothing
from bridge_agent.setup.looking import Look, Nothing

HOLD = "import os, sys; os.setsid(); file = open(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_a_program_that_has_the_camera_open_is_named(tmp_path: Path) -> None:
    device = tmp_path / "video0"
    device.touch()
    with device.open():
        assert who_opened(device) == ()  # ours does not count
    # Started by a shell that ends at once, so it is no child of ours.
    command = f"exec 3<&0; '{sys.executable}' -c \"{HOLD}\" '{device}' <&3 &"
    with subprocess.Popen(["sh", "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shell:
        assert shell.stdin and shell.stdout
        assert shell.stdout.readline() == "open\n"
        shell.wait()
        (name,) = who_opened(device)
        assert name.startswith("python")
        shell.stdin.close()
        assert shell.stdout.read() == ""  # it has ended
    assert who_opened(device) == ()


def test_windows_notes_tell_which_program_uses_a_camera_now() -> None:
    used = {
        r"C:#Users#kt#AppData#Roaming#Zoom#bin#Zoom.exe": 0,
        r"C:#Program Files#Google#Chrome#Application#chrome.exe": 133_000_000_000_000_000,
        "MSTeams_8wekyb3d8bbwe": 0,
    }
    assert by_windows(used) == ("Zoom", "MSTeams")


CAMERAS = [Camera(0, "HD Webcam"), Camera(4, "OBS Virtual Camera")]


@pytest.mark.parametrize(
    ("source", "opened", "kind"),
    [
        ("0", False, "held"),
        ("0", True, "lost"),
        ("4", False, "other"),
        ("7", False, "absent"),
        ("rtsp://10.0.0.9/1", False, "other"),
        ("rtsp://10.0.0.9/1", True, "lost"),
    ],
)
def test_why_there_is_no_picture(source: str, opened: bool, kind: str) -> None:
    found = why_nothing(Look(source, CameraPin()), Nothing("Câu.", "A sentence.", opened), CAMERAS)
    assert found.kind == kind
    assert ("Camera “HD Webcam” đang bị một chương trình khác giữ" in found.vi) == (kind == "held")
