from pathlib import Path

import msgspec
import pytest

from models.settings import SettingsError, read


class Camera(msgspec.Struct, forbid_unknown_fields=True):
    source: str
    sweep_seconds: float = 1.0


class Program(msgspec.Struct, forbid_unknown_fields=True):
    data: str
    camera: Camera


GOOD = '# comment\ndata = "d"\n\n[camera]\nsource = "0"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "cấu hình.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_file_becomes_a_struct(tmp_path: Path) -> None:
    assert read(write(tmp_path, GOOD), Program) == Program("d", Camera("0", 1.0))


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (GOOD.replace("source", "sorce"), 5, '"source"'),
        (GOOD + "zoom = 3\n", 6, "source, sweep_seconds"),
        (GOOD + 'sweep_seconds = "fast"\n', 6, "camera.sweep_seconds"),
        ("\n\n[camera]\n" + 'source = "0"\n', 1, '"data"'),
        ('data = "d"\n[camera]\n', 2, "source = …"),
        ("port = 1\n" + GOOD, 1, "data, camera"),
        ('data = "d"\ncamera = 3\n', 2, "camera"),
    ],
)
def test_what_is_wrong_is_named_with_its_line_and_a_way_out(tmp_path: Path, text: str, line: int, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(write(tmp_path, text), Program)
    for sentence in (caught.value.vi, caught.value.en):
        assert f" {line}:" in sentence
        assert says in sentence
        assert "cấu hình.toml" in sentence


def test_a_file_that_is_no_toml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="dòng 2"):
        read(write(tmp_path, 'data = "d"\n[camera\n'), Program)


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read|Không đọc được"):
        read(tmp_path / name, Program)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b'data = "\xff"\n')
    with pytest.raises(SettingsError, match="UTF-8"):
        read(path, Program)
