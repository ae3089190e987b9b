"""Engines and pictures that several face tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.faces.engine import FaceEngine, FaceProfile, load_engine
from models.faces.portraits import read_picture

Picture = NDArray[np.uint8]
Load = Callable[[FaceProfile], FaceEngine]


@pytest.fixture(scope="session")
def load(shared: Path) -> Load:
    """Loads an engine once per profile, with the weights at hand."""
    engines: dict[FaceProfile, FaceEngine] = {}

    def engine(profile: FaceProfile) -> FaceEngine:
        if profile not in engines:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("DIEMDANH_WEIGHTS", str(shared / "weights"))
                engines[profile] = load_engine(profile)
        return engines[profile]

    return engine


@pytest.fixture(scope="session")
def intel(load: Load) -> FaceEngine:
    """YuNet and the Intel encoder."""
    return load(FaceProfile("yunet", "intel"))


@pytest.fixture(scope="session")
def dlib_only(load: Load) -> FaceEngine:
    """dlib's detector and encoder: what a PC without weights has."""
    return load(FaceProfile("dlib", "dlib"))


@pytest.fixture
def resized() -> Callable[[Path, float], Picture]:
    """Reads a picture and makes it `factor` times as large."""

    def resize(path: Path, factor: float) -> Picture:
        picture = read_picture(path)
        small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.uint8)

    return resize
