"""Cameras by their hardware names: what Linux's folders say, laid out as the kernel lays them out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bridge_agent.capture.cameras import Camera, cameras, meant, on_linux, on_windows
from bridge_agent.capture.hardware import Listed, hardware_name
from bridge_agent.capture.source import CameraPin, Device
from bridge_agent.errors import SourceError

C920, C270 = "HD Pro Webcam C920", "UVC Camera (046d:0825)"
UNIT = "usb-046d_HD_Pro_Webcam_C920_2A9B8C7F-video-index0"


def plugged(root: Path, number: int, name: str, *, virtual: bool = False, unit: str = "") -> None:
    bus = "virtual" if virtual else f"pci0000:00/0000:00:14.0/usb1/1-{number}/1-{number}:1.0"
    device = root / "sys/devices" / bus / "video4linux" / f"video{number}"
    device.mkdir(parents=True)
    (device / "name").write_text(name + "\n", encoding="utf-8")
    folder = root / "sys/class/video4linux"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"video{number}").symlink_to(device)
    if unit:
        links = root / "dev/v4l/by-id"
        links.mkdir(parents=True, exist_ok=True)
        (root / "dev" / f"video{number}").touch()
        (links / unit).symlink_to(root / "dev" / f"video{number}")


def found(root: Path) -> list[Camera]:
    return on_linux(root / "sys/class/video4linux", root / "dev/v4l/by-id")


def test_names_and_units_are_read_and_what_hangs_on_no_bus_is_virtual(tmp_path: Path) -> None:
    plugged(tmp_path, 10, "Logitech BRIO", virtual=True)
    plugged(tmp_path, 0, C920, unit=UNIT)
    assert found(tmp_path) == [
        Camera(0, C920, UNIT, hardware=C920), Camera(10, "Logitech BRIO", "", virtual=True, hardware="Logitech BRIO"),
    ]  # fmt: skip


def test_a_pc_without_cameras_has_none(tmp_path: Path) -> None:
    assert found(tmp_path) == []
    assert meant(Device(0), []) == Device(0)
    with pytest.raises(SourceError, match="không camera nào"):
        meant(Device(0, CameraPin(C920)), [])


@pytest.mark.parametrize("name", [C920, C920.lower(), f" {UNIT} "])
def test_the_pinned_camera_is_opened_whatever_its_number_is_today(tmp_path: Path, name: str) -> None:
    plugged(tmp_path, 0, C270)
    plugged(tmp_path, 2, C920, unit=UNIT)
    plugged(tmp_path, 3, C920)  # the same camera's other device, for its metadata
    pin = CameraPin(name)
    assert meant(Device(0, pin), found(tmp_path)).number == 2
    assert meant(Device(2, pin), found(tmp_path)).number == 2


def test_a_camera_goes_by_the_name_that_its_profile_keeps(tmp_path: Path) -> None:
    plugged(tmp_path, 0, C920)
    plugged(tmp_path, 2, C920)
    for number, serial in ((0, "AA11"), (2, "BB22")):
        folder = (tmp_path / f"sys/class/video4linux/video{number}").resolve()
        usb = tmp_path / f"usb{number}"
        (usb / "interface").mkdir(parents=True)
        (usb / "serial").write_text(serial, encoding="utf-8")
        (folder / "device").symlink_to(usb / "interface")
    assert meant(Device(0, CameraPin(f"{C920} (BB22)")), found(tmp_path)).number == 2
    with pytest.raises(SourceError):
        meant(Device(0, CameraPin(f"{C920} (CC33)")), found(tmp_path))


def test_another_camera_in_its_place_is_refused_and_named(tmp_path: Path) -> None:
    plugged(tmp_path, 0, C270)
    with pytest.raises(SourceError) as refused:
        meant(Device(0, CameraPin(C920)), found(tmp_path))
    for text in (refused.value.vi, refused.value.en):
        assert C920 in text and C270 in text and "camera_name" in text


@pytest.mark.parametrize(
    "name",
    [
        "OBS Virtual Camera",
        "Dummy video device (0x0000)",
        "ManyCam Virtual Webcam",
        "Snap Camera",
        "XSplit VCam",
        "DroidCam Source 3",
        "e2eSoft VCam",
        "Iriun Webcam",
        "v4l2loopback",
    ],
)
def test_virtual_cameras_are_known_by_name_and_refused_unless_allowed(name: str) -> None:
    there = [Camera(0, name)]
    with pytest.raises(SourceError, match="virtual_camera"):
        meant(Device(0), there)
    with pytest.raises(SourceError, match="virtual_camera"):
        meant(Device(0, CameraPin(name)), there)
    allowed = Device(0, CameraPin(name, virtual_allowed=True))
    assert meant(allowed, there) == allowed


@pytest.mark.parametrize(
    "name",
    [C920, C270, "Logitech BRIO", "Integrated Camera: Integrated C", "FaceTime HD Camera", "USB2.0 HD UVC WebCam",
     "Rapoo Camera", "OBSBOT Tiny 2", "HIK 1080P Camera", "Jabra PanaCast 20"],
)  # fmt: skip
def test_real_cameras_names_are_not_taken_for_virtual_ones(name: str) -> None:
    assert meant(Device(0), [Camera(0, name)]) == Device(0)


def test_a_virtual_camera_with_a_real_ones_name_is_refused_all_the_same(tmp_path: Path) -> None:
    plugged(tmp_path, 0, C920, virtual=True)
    with pytest.raises(SourceError, match="virtual_camera"):
        meant(Device(0, CameraPin(C920)), found(tmp_path))


def test_where_names_cannot_be_had_a_pin_is_refused_rather_than_passed_over() -> None:
    assert meant(Device(1), None) == Device(1)
    with pytest.raises(SourceError, match="camera_name"):
        meant(Device(1, CameraPin(C920)), None)


def test_this_pcs_own_list_can_be_asked_for_anywhere() -> None:
    assert cameras("linux") == on_linux()
    assert cameras("plan9") is None
    if sys.platform != "win32":
        assert cameras("win32") == []  # an FFmpeg without DirectShow lists nothing, and nothing breaks


MONIKER = r"@device_pnp_\\?\usb#vid_046d&pid_0825&mi_00#7&1f8e5e0a&0&0000#{65e8773d-8f56-11d0-a3b9-00a0c9223196}\global"
"""As DirectShow writes one. Not read from a PC with a camera: none was at hand."""


def test_a_profile_made_on_windows_pins_its_camera_by_the_moniker_whatever_its_number_is() -> None:
    room = Listed("Logi C270", MONIKER)
    other = Listed("Logi C270", MONIKER.replace("1f8e5e0a", "2b"))
    obs = Listed("OBS Virtual Camera", "@device_sw_{860BB310-5D01-11D0-BD3B-00A0C911CE86}\\{A3FCE0F5}")
    measured = hardware_name(Device(0), listed=[room, other])
    assert measured == f"Logi C270 ({MONIKER})"
    assert meant(Device(0, CameraPin(measured)), on_windows([obs, other, room])).number == 2
    with pytest.raises(SourceError, match="Logi C270"):
        meant(Device(0, CameraPin(measured)), on_windows([other]))
    with pytest.raises(SourceError, match="camera ảo"):
        meant(Device(0), on_windows([obs]))
    assert hardware_name(Device(7), listed=[room]) == "camera 7"
