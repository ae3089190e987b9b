from pathlib import Path

import pytest

from bridge_agent.capture.source import Device, SimulatedClass, Stream, VideoFile, parse_source
from bridge_agent.errors import SourceError


@pytest.mark.parametrize("text", ["0", " 0 ", "/dev/video0"])
def test_a_camera_by_number_or_device_file(text: str) -> None:
    assert parse_source(text) == Device(0)


def test_a_network_camera_is_shown_without_its_password() -> None:
    source = parse_source("rtsp://admin:secret@10.0.0.5:554/stream1")
    assert isinstance(source, Stream)
    assert source.live
    assert str(source) == "rtsp://10.0.0.5:554/stream1"


def test_files_and_simulated_classes(tmp_path: Path) -> None:
    file = tmp_path / "lớp.mp4"
    file.touch()
    assert parse_source(str(file)) == VideoFile(file)
    assert parse_source(f"simulated:{file}") == SimulatedClass(file)


@pytest.mark.parametrize(
    "text", ["lop.mp4", "simulated:lop.toml", "", "-1", "rtsp://", "http://", "ftp://camera/video"]
)
def test_what_can_be_no_source_is_refused_with_a_way_out(text: str) -> None:
    with pytest.raises(SourceError, match=r"\(0\)"):
        parse_source(text)


def test_a_folder_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="thư mục"):
        parse_source(str(tmp_path))


@pytest.mark.parametrize(
    "address",
    [
        "rtsp://admin:gehe@im@10.0.0.5/1",
        "rtsp://10.0.0.5/user=admin&password=gehe@im&channel=1",
        "http://10.0.0.5/video?user=admin&pwd=gehe@im",
    ],
)
def test_no_password_is_shown_wherever_an_address_holds_it(address: str) -> None:
    shown = str(parse_source(address))
    assert "10.0.0.5" in shown and "im" not in shown and "gehe" not in shown
