"""dlib's encoder as ONNX, so that the same runtime runs it (about 20 times faster than dlib does).

dlib's file is a stream of its own numbers (dlib/serialize.h): an integer is one byte with the sign in the top bit and
the count of following bytes, little endian, in the low four; a tensor is version, four dimensions, float32 values. The
layers stand in order from the input to the output, each led by its name ("con_4", "affine_", "relu_" ...).
The network is dlib's dnn_face_recognition_ex.cpp: residual blocks, of which some halve the picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.faces.errors import WeightsUnusableError
from models.faces.weights import DLIB_ENCODER, cache_folder, check, need, written

Floats = NDArray[np.float32]

# The converted file's name carries this converter's version: a better converter makes its own file.
_NAME: Final = "dlib_resnet_v1-1.onnx"
_MEAN: Final = (122.782, 117.001, 104.298)  # RGB, dlib's input_rgb_image_sized
_SIDE: Final = 150
_LAYER: Final = re.compile(rb"\x01([\x03-\x14])((?:con|affine|fc|relu|max_pool|avg_pool|add_prev)_[0-9a-z_]*)")
_SETTINGS: Final = {"con": 7, "max": 6, "avg": 6}  # integers that follow: filter or window, stride, padding


def dlib_encoder() -> Path:
    """The encoder as an ONNX file in the user's cache, converted on the first call (about 1 s).

    Two processes may do this at once: each writes a file of its own and renames it into place.

    Raises:
        WeightsMissingError, WeightsDamagedError: dlib's own file is not on this PC, or is another.
    """
    target = cache_folder() / _NAME
    if not target.is_file():
        convert(need(DLIB_ENCODER.name)[0], target)
    return target


def convert(source: Path, target: Path) -> None:
    """Write dlib's file `source` as ONNX to `target`: RGB 0..255 (n, 3, 150, 150) in, (n, 128) out.

    Raises:
        WeightsDamagedError: `source` is not the file of the manifest.
        WeightsNotWrittenError: the folder takes no file.
        WeightsUnusableError: `source` does not hold the layers that are expected.
    """
    check(source, DLIB_ENCODER.sha256[0][1])
    data = _Graph(source).bytes()
    with written(target) as file:
        file.write(data)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer as it stands in dlib's file: its kind, its float32 parameters in a row, its integer settings."""

    kind: str
    values: Floats
    settings: tuple[int, ...]


def layers(data: bytes) -> Iterator[Layer]:
    """The layers in dlib's file, from input to output."""
    position = 0
    while match := _LAYER.search(data, position):
        length = match[1][0]
        name = match[2][:length].decode()
        position = match.start() + 2 + length
        if len(name) != length:  # these bytes only look like a name
            continue
        kind = name[:3]
        values = np.zeros(0, np.float32)
        if kind == "fc_":  # the numbers of outputs and inputs
            _, position = _integer(data, position)
            _, position = _integer(data, position)
        if kind in ("con", "aff", "fc_"):
            values, position = _tensor(data, position)
        settings = []
        for _ in range(_SETTINGS.get(kind, 0)):
            number, position = _integer(data, position)
            settings.append(number)
        yield Layer(kind, values, tuple(settings))


def _integer(data: bytes, position: int) -> tuple[int, int]:
    lead = data[position]
    end = position + 1 + (lead & 0x0F)
    number = int.from_bytes(data[position + 1 : end], "little")
    return (-number if lead & 0x80 else number), end


def _tensor(data: bytes, position: int) -> tuple[Floats, int]:
    _version, position = _integer(data, position)
    size = 1
    for _ in range(4):
        dimension, position = _integer(data, position)
        size *= dimension
    return np.frombuffer(data, "<f4", size, position), position + 4 * size


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A tensor between two layers: its name in the graph, its channels, its height (= width)."""

    name: str
    channels: int
    side: int


class _Graph:
    """Builds the ONNX graph layer by layer."""

    def __init__(self, source: Path) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._layers = list(layers(source.read_bytes()))
        self._next = 0
        self._source = source

    def _take(self, kind: str) -> Layer:
        if self._next == len(self._layers) or self._layers[self._next].kind != kind:
            raise WeightsUnusableError(str(self._source), f"layer {self._next} is no {kind}")
        self._next += 1
        return self._layers[self._next - 1]

    def _coming(self, kind: str) -> bool:
        return self._next < len(self._layers) and self._layers[self._next].kind == kind

    def _constant(self, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"constant{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _node(self, operator: str, inputs: list[str], **attributes: Any) -> str:
        from onnx import helper

        name = f"{operator.lower()}{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def _convolution(self, x: _Tensor) -> _Tensor:
        """A convolution with the affine layer after it folded in (a batch normalisation at rest)."""
        layer = self._take("con")
        filters, rows, columns, stride_y, stride_x, pad_y, pad_x = layer.settings
        gain, shift = self._take("aff").values.reshape(2, filters)
        split = filters * x.channels * rows * columns
        kernel = layer.values[:split].reshape(filters, x.channels, rows, columns) * gain[:, None, None, None]
        bias = layer.values[split:] * gain + shift
        name = self._node(
            "Conv",
            [x.name, self._constant(kernel), self._constant(bias)],
            kernel_shape=[rows, columns],
            strides=[stride_y, stride_x],
            pads=[pad_y, pad_x, pad_y, pad_x],
        )
        return _Tensor(name, filters, (x.side + 2 * pad_y - rows) // stride_y + 1)

    def _relu(self, x: _Tensor) -> _Tensor:
        self._take("rel")
        return _Tensor(self._node("Relu", [x.name]), x.channels, x.side)

    def _pool(self, x: _Tensor, kind: str, operator: str) -> _Tensor:
        rows, columns, stride_y, stride_x, _pad_y, _pad_x = self._take(kind).settings
        name = self._node(operator, [x.name], kernel_shape=[rows, columns], strides=[stride_y, stride_x])
        return _Tensor(name, x.channels, (x.side - rows) // stride_y + 1)

    def _padded(self, x: _Tensor, channels: int, side: int) -> str:
        """dlib's add_prev adds tensors of different sizes as if the smaller one went on with zeros."""
        if (x.channels, x.side) == (channels, side):
            return x.name
        more = side - x.side
        ends = np.array([0, 0, 0, 0, 0, channels - x.channels, more, more], np.int64)
        return self._node("Pad", [x.name, self._constant(ends)])

    def _block(self, x: _Tensor) -> _Tensor:
        """A residual block: two convolutions, and the input (halved where the block halves) added."""
        y = self._convolution(self._relu(self._convolution(x)))
        skip = self._pool(x, "avg", "AveragePool") if self._coming("avg") else x
        self._take("add")
        channels, side = max(y.channels, skip.channels), max(y.side, skip.side)
        name = self._node("Add", [self._padded(y, channels, side), self._padded(skip, channels, side)])
        return self._relu(_Tensor(name, channels, side))

    def bytes(self) -> bytes:
        """The whole network, checked by onnx, as the bytes of an ONNX file."""
        import onnx
        from onnx import TensorProto, helper

        mean = np.array(_MEAN, np.float32).reshape(1, 3, 1, 1)
        centred = self._node("Sub", ["image", self._constant(mean)])
        scaled = self._node("Mul", [centred, self._constant(np.array(1 / 256, np.float32))])
        x = self._relu(self._convolution(_Tensor(scaled, 3, _SIDE)))
        x = self._pool(x, "max", "MaxPool")
        while self._coming("con"):
            x = self._block(x)
        self._take("avg")
        flat = self._node("Flatten", [self._node("GlobalAveragePool", [x.name])])
        matrix = self._take("fc_").values.reshape(x.channels, 128)
        last = self._node("MatMul", [flat, self._constant(matrix)])
        graph = helper.make_graph(
            self._nodes,
            "dlib_resnet_v1",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, _SIDE, _SIDE])],
            [helper.make_tensor_value_info(last, TensorProto.FLOAT, ["n", 128])],
            self._constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())
