from __future__ import annotations

from pathlib import Path

import pytest

from bridge_agent.config import Config, Settings, check_url, load
from bridge_agent.errors import FinalError
from models.errors import DiemdanhError
from models.settings import SettingsError, read

EXAMPLE = Path(__file__).parents[2] / "deploy" / "examples" / "agent.toml"


def test_the_example_loads_and_shows_every_default() -> None:
    assert read(EXAMPLE, Config) == Config()
    text = EXAMPLE.read_text(encoding="utf-8")
    for key in (*Config.__struct_fields__, *Config().faces.__struct_fields__):
        assert f"{key} = " in text or f"[{key}]" in text


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('portrait = "a"', 1, 'Có phải là "portraits"'),
        ("\nsweep_seconds = 0", 2, "sweep_seconds"),
        ('[faces]\nencoder = "best"', 2, "faces.encoder"),
        ('\n\nserver = "server.vn"', 3, "https://"),
        ('source = "nowhere.mp4"', 1, "nowhere.mp4"),
        ('source = "ftp://x"', 1, "ftp://x"),
        ('\nportraits = "none"', 2, "TÊN.jpg"),
        ("sweep_seconds = = 1\n", 1, "TOML"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_a_way_out(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(text, encoding="utf-8")
    (tmp_path / "portraits").mkdir()
    (tmp_path / "portraits" / "A.jpg").touch()
    with pytest.raises(SettingsError) as caught:
        load(path).check()
    assert words in caught.value.vi
    assert f"dòng {line}" in caught.value.vi or f"line {line}" in caught.value.vi


def test_paths_start_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    settings = Settings(Config(data="d", source="a.mp4", portraits="p"), tmp_path / "agent.toml")
    assert settings.folder.path == tmp_path / "d"
    assert settings.source == str(tmp_path / "a.mp4")
    assert settings.portraits == tmp_path / "p"
    simulated = Settings(Config(source="simulated:s.toml"), tmp_path / "agent.toml")
    assert simulated.source == f"simulated:{tmp_path / 's.toml'}"
    assert Settings(Config(source="rtsp://cam/1"), tmp_path / "a").source == "rtsp://cam/1"
    assert Settings(Config(source="0"), tmp_path / "a").source == "0"


def test_an_empty_portraits_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "portraits").mkdir()
    with pytest.raises(DiemdanhError, match="chưa có ảnh"):
        Settings(Config(), _written(tmp_path)).check()


def _written(folder: Path) -> Path:
    path = folder / "agent.toml"
    path.write_text("", encoding="utf-8")
    return path


@pytest.mark.parametrize("url", ["", "server.vn", "ftp://a", "http://", "http://a:99999", "https://[::1"])
def test_an_impossible_address_is_refused(url: str) -> None:
    with pytest.raises(FinalError, match="https://"):
        check_url(url)


def test_an_address_loses_its_last_slash() -> None:
    assert check_url("https://diemdanh.example.vn:8080/ ") == "https://diemdanh.example.vn:8080"
