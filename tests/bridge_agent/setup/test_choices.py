"""A choice made on the pages holds after a restart, until somebody writes another camera into the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge_agent.capture.source import CameraPin
from bridge_agent.config import Settings, load
from bridge_agent.errors import DataFolderError
from bridge_agent.setup import choices


def settings(folder: Path, source: str = "0", sound: str = "false") -> Settings:
    file = folder / "agent.toml"
    file.write_text(f'data = "agent"\nsource = "{source}"\n[streaming]\nsound = {sound}\n', "utf-8")
    made = load(file)
    made.folder.make()
    choices.apply(made)
    return made


def test_a_chosen_camera_is_used_at_once_and_after_a_restart(tmp_path: Path) -> None:
    first = settings(tmp_path)
    choices.choose_camera(first, "1", CameraPin("HD Webcam (046d:0825)"))
    choices.choose_sound(first, True, "alsa:plughw:1,0")
    for one in (first, settings(tmp_path)):
        assert (one.source, one.pin.name) == ("1", "HD Webcam (046d:0825)")
        assert one.config.streaming.microphone() == "alsa:plughw:1,0"
    choices.choose_sound(first, False, "")
    assert settings(tmp_path).config.streaming.microphone() is None


def test_whoever_edits_the_settings_has_the_last_word(tmp_path: Path) -> None:
    choices.choose_camera(settings(tmp_path), "1", CameraPin())
    edited = settings(tmp_path, source="rtsp://camera/1")
    assert edited.source == "rtsp://camera/1"
    assert settings(tmp_path).source == "1"  # and it is the choice again where they say what they said
    (tmp_path / "agent" / "choices.json").write_bytes(b"{")
    assert settings(tmp_path).source == "0"


def test_a_choice_that_can_not_be_kept_changes_nothing(tmp_path: Path) -> None:
    one = settings(tmp_path)
    one.folder.choices.with_name("choices.json.new").mkdir()
    with pytest.raises(DataFolderError):
        choices.choose_camera(one, "1", CameraPin())
    assert one.source == "0"
