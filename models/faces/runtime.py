"""What runs the networks: the only file that knows OpenVINO and dlib.

Why these: deploy/decisions/0002-openvino-runs-the-networks.md.

Both libraries are imported when something is loaded, never at import of this file: an idle agent holds neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from models.faces.errors import WeightsUnusableError

Precision = Literal["native", "f32"]
Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]


class Network:
    """A network compiled for this CPU, fed with pictures as cameras give them.

    Layout and type are changed inside the compiled network, which is faster than numpy's transpose. One caller at a
    time: the request's buffers are reused.

    Args:
        path: an ONNX file, or the .xml of an OpenVINO IR with its .bin beside it.
        size: height and width in pixels that the network takes, -1 for any.
        batch: how many pictures at once, -1 for any.
        rgb: the network was trained on RGB, so the channels of our BGR pictures are swapped inside.
        threads: cores to use.
        precision: "native" lets a CPU with bfloat16 use it (about twice as fast; Intel scores moved by under 0.01),
            "f32" gives the same numbers on every CPU.

    Raises:
        WeightsUnusableError: the file is no network.
    """

    # No slower than 30 at once, and about 45 MB smaller (one run).
    _BLOCK: Final = 10

    def __init__(
        self,
        path: Path,
        *,
        size: tuple[int, int],
        batch: int = -1,
        rgb: bool = False,
        threads: int = 2,
        precision: Precision = "native",
    ) -> None:
        import openvino
        from openvino.preprocess import ColorFormat, PrePostProcessor

        core = openvino.Core()
        try:
            steps = PrePostProcessor(core.read_model(path))
            tensor = steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
            steps.input().model().set_layout(openvino.Layout("NCHW"))
            if rgb:
                tensor.set_color_format(ColorFormat.BGR)
                steps.input().preprocess().convert_color(ColorFormat.RGB)
            model = steps.build()
            model.reshape([batch, *size, 3])
            options: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
            if precision == "f32":
                options["INFERENCE_PRECISION_HINT"] = "f32"
            self._request = core.compile_model(model, "CPU", options).create_infer_request()
        except RuntimeError as error:  # OpenVINO raises nothing narrower
            raise WeightsUnusableError(str(path), str(error).strip().splitlines()[-1]) from error

    def run(self, pictures: Picture, outputs: Sequence[str]) -> list[Floats]:
        """The outputs for one BGR picture (1, h, w, 3), those named in `outputs`; each is a copy of its own."""
        self._request.infer([pictures], share_inputs=True, share_outputs=True)
        return [np.array(self._request.get_tensor(name).data, np.float32) for name in outputs]

    def run_batch(self, pictures: Picture) -> Floats:
        """The only output (n, ...) for n BGR `pictures` (n, h, w, 3), ten at a time."""
        blocks = []
        for start in range(0, len(pictures), self._BLOCK):
            self._request.infer([pictures[start : start + self._BLOCK]], share_inputs=True, share_outputs=True)
            blocks.append(np.array(self._request.get_output_tensor(0).data, np.float32))
        return np.concatenate(blocks)


class Hog:
    """dlib's frontal face detector: its sliding window is 80 pixels wide. One caller at a time, the GIL is released."""

    WINDOW = 80

    def __init__(self) -> None:
        import dlib

        self._detector = dlib.get_frontal_face_detector()

    def run(self, gray: Picture) -> list[tuple[float, float, float, float, float]]:
        """The faces in a grey picture (h, w): left, top, right, bottom in pixels, and dlib's score (0 is the limit)."""
        boxes, scores, _ = self._detector.run(gray, 0, 0.0)
        return [
            (float(b.left()), float(b.top()), float(b.right()), float(b.bottom()), float(score))
            for b, score in zip(boxes, scores, strict=True)
        ]


class FivePoints:
    """dlib's 5-point predictor: eye corners and the base of the nose in a box of dlib's detector.

    Args:
        path: shape_predictor_5_face_landmarks.dat.

    Raises:
        WeightsUnusableError: the file is no predictor.
    """

    def __init__(self, path: Path) -> None:
        import dlib

        self._dlib = dlib
        try:
            self._predictor = dlib.shape_predictor(str(path))
        except RuntimeError as error:  # dlib raises nothing narrower
            raise WeightsUnusableError(str(path), str(error)) from error

    def _shapes(self, picture: Picture, boxes: Sequence[Sequence[float]]) -> list[Any]:
        rectangles = [self._dlib.rectangle(*(round(side) for side in box)) for box in boxes]
        return [self._predictor(picture, rectangle) for rectangle in rectangles]

    def points(self, picture: Picture, boxes: Sequence[Sequence[float]]) -> Floats:
        """The points (n, 5, 2) in pixels for boxes (left, top, right, bottom) in an RGB or grey picture.

        Their order is dlib's: the eye at the right in the picture (outer, inner corner), the left one, the nose's base.
        """
        shapes = self._shapes(picture, boxes)
        points = [[(part.x, part.y) for part in shape.parts()] for shape in shapes]
        return np.array(points, np.float32).reshape(-1, 5, 2)

    def chips(self, rgb: Picture, boxes: Sequence[Sequence[float]], size: int, padding: float) -> Picture:
        """The aligned faces (n, size, size, 3) cut from an RGB picture exactly as dlib's own encoder cuts them."""
        shapes = self._shapes(rgb, boxes)
        chips = [self._dlib.get_face_chip(rgb, shape, size=size, padding=padding) for shape in shapes]
        return np.array(chips, np.uint8).reshape(-1, size, size, 3)
