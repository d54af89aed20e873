"""A lattice: the frames at all stops, in few bytes.

Each array of the frame is kept once for every content that occurs (the neural field does not depend
on the seed), as 16-bit codes, differences, gzip and base64, in chunks that the front end decodes
when it needs them:

    int     exact: integers whose range is below 65534
    linear  value = low + code * step; the error is at most step / 2
    log     value = exp(low + code * step), for positive arrays that span decades; the relative
            error is at most e^(step / 2) - 1
    float   single precision: scalars and the domains of axes

The code 65535 is NaN. `error` states the largest error, absolute for linear and relative for log
and float.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import expm1, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.frames import Frame
from explorer.template import Value

GAP = 65535
TOP = GAP - 1
CHUNK = 1 << 15  # values; decoded in about a millisecond
DECADES = 30.0  # positive arrays whose ends differ by this factor are coded by their logarithm


def settings(stops: Mapping[str, Sequence[Value]]) -> Iterator[dict[str, Value]]:
    """Every combination of stops, the last parameter fastest."""
    for values in product(*stops.values()):
        yield dict(zip(stops, values, strict=True))


def encode(frames: Sequence[Frame]) -> dict[str, Any]:
    """The frames, in the order of `settings`, as plain data. All have the same names."""
    names = frames[0].keys()
    for frame in frames:
        if frame.keys() != names:
            raise ValueError(
                f"all frames have the entries {list(names)}, but one has {list(frame)}"
            )
    return {name: _encode_entry(name, [frame[name] for frame in frames]) for name in names}


def _encode_entry(name: str, values: list[Any]) -> dict[str, Any]:
    if all(isinstance(value, str) for value in values):
        texts = list(dict.fromkeys(values))
        return {"coding": "text", "table": texts, "index": _index([texts.index(v) for v in values])}
    arrays = [np.asarray(value, dtype=np.float64) for value in values]
    numbers: dict[tuple[tuple[int, ...], bytes], int] = {}
    index = [numbers.setdefault((array.shape, array.tobytes()), len(numbers)) for array in arrays]
    table = [np.frombuffer(content).reshape(shape) for shape, content in numbers]
    exact = name.startswith("@") or all(array.ndim == 0 for array in table)
    shapes = [list(array.shape) for array in table]
    same = all(shape == shapes[0] for shape in shapes)
    content = np.concatenate([array.ravel() for array in table])
    return {
        "shape": shapes[0] if same else None,
        "shapes": None if same else shapes,
        "index": _index(index),
        **_encode_values(content, [array.size for array in table], exact),
    }


def _encode_values(values: NDArray[np.float64], sizes: list[int], exact: bool) -> dict[str, Any]:
    """Codes of the concatenated arrays, cut into chunks at their boundaries."""
    coding, low, step, error = _scale(values, exact)
    if coding == "float":
        codes = values.astype("<f4")
    else:
        positions = np.log(values) if coding == "log" else values
        codes = np.full(values.shape, GAP, dtype="<u2")
        kept = np.isfinite(positions)
        codes[kept] = np.rint((positions[kept] - low) / step)
    chunks, counts, start = [], [], 0
    for count, length in _groups(sizes):
        chunks.append(_pack(codes[start : start + length]))
        counts.append(count)
        start += length
    return {
        "coding": coding,
        "low": low,
        "step": step,
        "error": error,
        "counts": counts,  # arrays in each chunk
        "chunks": chunks,
    }


def _scale(values: NDArray[np.float64], exact: bool) -> tuple[str, float, float, float]:
    """(coding, low, step, error)."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return "linear", 0.0, 1.0, 0.0
    low, high = float(finite.min()), float(finite.max())
    if high - low < TOP and np.array_equal(finite, np.rint(finite)) and abs(low) < 2.0**52:
        return "int", low, 1.0, 0.0
    if exact:
        return "float", 0.0, 1.0, 2.0**-24
    if low > 0 and high / low > DECADES:
        low, high = float(np.log(low)), float(np.log(high))
        step = (high - low) / TOP
        return "log", low, step, expm1(step / 2) + 1e-12
    step = (high - low) / TOP or 1.0
    return "linear", low, step, step / 2 * (1 + 1e-9) if high > low else 0.0


def _groups(sizes: list[int]) -> Iterator[tuple[int, int]]:
    """(arrays, values) of each chunk."""
    count = length = 0
    for size in sizes:
        if count and length + size > CHUNK:
            yield count, length
            count = length = 0
        count, length = count + 1, length + size
    yield count, length


def _pack(codes: NDArray[Any]) -> str:
    """Differences, split into planes of equal byte significance, compressed."""
    integers = codes.view("<u2") if codes.dtype.itemsize == 2 else codes.view("<u4")
    differences = np.diff(integers, prepend=integers.dtype.type(0))
    planes = differences.view(np.uint8).reshape(-1, integers.dtype.itemsize).T
    return base64.b64encode(gzip.compress(planes.tobytes(), 9, mtime=0)).decode()


def _unpack(text: str, size: int) -> NDArray[Any]:
    data = np.frombuffer(gzip.decompress(base64.b64decode(text)), dtype=np.uint8)
    differences = np.ascontiguousarray(data.reshape(size, -1).T).view(f"<u{size}").ravel()
    return np.cumsum(differences, dtype=differences.dtype)


def _index(numbers: list[int]) -> str | None:
    """Which content each frame has; None when there is one for each, in order."""
    if numbers == list(range(len(numbers))):
        return None
    return _pack(np.asarray(numbers, dtype="<u2"))


def decode(lattice: Mapping[str, Any], frame: int) -> Frame:
    """The frame with this number: what the front end makes of the lattice."""
    return {name: _decode_entry(entry, frame) for name, entry in lattice.items()}


def _decode_entry(entry: Mapping[str, Any], frame: int) -> Any:
    number = frame if entry["index"] is None else int(_unpack(entry["index"], 2)[frame])
    if entry["coding"] == "text":
        return entry["table"][number]
    shapes, shape = entry["shapes"], entry["shape"]
    chunk, first = 0, 0
    while number >= first + entry["counts"][chunk]:
        first += entry["counts"][chunk]
        chunk += 1
    start = sum(prod(shapes[i] if shapes else shape) for i in range(first, number))
    shape = shapes[number] if shapes else shape
    raw = _unpack(entry["chunks"][chunk], 4 if entry["coding"] == "float" else 2)
    codes = raw[start : start + prod(shape)]
    if entry["coding"] == "float":
        values = codes.view("<f4").astype(np.float64)
    else:
        values = entry["low"] + codes * entry["step"]
        values = np.exp(values) if entry["coding"] == "log" else values
        values = np.where(codes == GAP, np.nan, values)
    return values.reshape(shape) if shape else values.item()
