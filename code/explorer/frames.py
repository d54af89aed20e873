"""One frame: what `frame(**parameters)` returns, checked; and what its view needs besides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.template import Value, fill, format_value
from explorer.view import Axis, Heat, Mark, Panel, Text, View

Frame = dict[str, NDArray[Any] | float | int | str]
FrameFunction = Callable[..., Mapping[str, Any]]

GAPS = ("line", "area")  # marks in which a NaN is a gap


def checked(content: Mapping[str, Any], view: View, where: str) -> Frame:
    """The frame with plain scalars and real arrays. Raises ValueError where it cannot be drawn."""
    frame: Frame = {}
    for name, value in content.items():
        frame[name] = _plain(name, value, where)
    for name, place in view.names().items():
        if name not in frame:
            raise ValueError(
                f"{place} names {name!r}, but the frame {where} has {', '.join(frame)}"
            )
    may_gap = {
        name
        for panel in view.panels
        for mark in panel.marks
        if mark.kind in GAPS
        for name in mark.names()
    }
    for name, array in frame.items():
        if isinstance(array, str):
            continue
        if name in may_gap and not np.isinf(array).any():
            continue
        if not np.isfinite(array).all():
            raise ValueError(
                f"arrays are finite (NaN is a gap in a line or an area only), "
                f"but {name!r} is not in the frame {where}"
            )
    for panel in view.panels:
        for mark in panel.marks:
            _check_shapes(frame, mark, panel, where)
    return frame


def _plain(name: str, value: Any, where: str) -> NDArray[Any] | float | int | str:
    if isinstance(value, str):
        return value
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or array.ndim > 2:
        raise ValueError(
            "a frame holds numbers, texts and real arrays of one or two dimensions, but "
            f"{name!r} in the frame {where} is {type(value).__name__} of shape {array.shape}, "
            f"dtype {array.dtype}"
        )
    if array.ndim == 0:
        return int(array) if array.dtype.kind in "biu" else float(array)
    return array.astype(np.float64)


def _check_shapes(frame: Frame, mark: Mark, panel: Panel, where: str) -> None:
    shapes = {
        name: np.shape(frame[name]) for name in mark.names() if not isinstance(frame[name], str)
    }
    if isinstance(mark, Heat):
        fits = shapes[mark.z] == shapes[mark.y] + shapes[mark.x]
    else:
        # A scalar fits everywhere, one row of abscissae serves every line.
        lengths = {shape[-1] for shape in shapes.values() if shape}
        rows = {shape[0] for shape in shapes.values() if len(shape) == 2}
        fits = len(lengths) <= 1 and len(rows) <= 1 and (not rows or mark.kind == "line")
    if not fits:
        raise ValueError(
            f"{type(mark).__name__} in panel {panel.title!r} needs arrays of equal length (z of a "
            f"heat map is (y, x)), but the frame {where} has {shapes}"
        )


def drawn(frame: Frame, view: View) -> Frame:
    """The frame without the arrays that no mark names."""
    named = view.names()
    return {
        name: value
        for name, value in frame.items()
        if name in named or not isinstance(value, np.ndarray)
    }


def scalars(frame: Frame) -> dict[str, Value]:
    """The frame's numbers and texts."""
    return {name: value for name, value in frame.items() if not isinstance(value, np.ndarray)}


def templates(view: View) -> list[str]:
    """Every template of the view."""
    found = [view.description]
    for panel in view.panels:
        found += [panel.title, panel.x.label, panel.y.label]
        found += [mark.label for mark in panel.marks if hasattr(mark, "label")]
        found += [mark.text for mark in panel.marks if isinstance(mark, Text)]
    return found


def describe(view: View, parameters: Mapping[str, Value], frame: Frame) -> str:
    """The sentence that says what the picture shows."""
    return fill(view.description, {**scalars(frame), **parameters})


def check_templates(view: View, parameters: Mapping[str, Value], frame: Frame) -> None:
    """Raises ValueError when a template cannot be filled."""
    values = {**scalars(frame), **parameters}
    for template in templates(view):
        fill(template, values)
    for name, control in view.controls.items():
        format_value(parameters[name], control.format)


Domain = tuple[float, float]


def axis_key(panel: int, axis: str) -> str:
    """The name under which a frame carries the domain of one axis."""
    return f"@{panel}.{axis}"


def heat_key(panel: int, mark: int) -> str:
    """The name under which a frame carries the ends of a colour scale."""
    return f"@{panel}.z{mark}"


def extents(view: View, frame: Frame) -> dict[str, Domain]:
    """What each axis and colour scale has to show of this frame, by `axis_key` and `heat_key`."""
    found: dict[str, Domain] = {}
    for i, panel in enumerate(view.panels):
        for name, axis in (("x", panel.x), ("y", panel.y)):
            values = [_shown(mark, name, frame) for mark in panel.marks]
            shown = np.concatenate([np.empty(0), *values])
            found[axis_key(i, name)] = _extent(shown, axis, frame)
        for j, mark in enumerate(panel.marks):
            if isinstance(mark, Heat):
                found[heat_key(i, j)] = _colour_extent(mark, frame)
    return found


def union(first: Domain, second: Domain) -> Domain:
    """The least interval that holds both."""
    return min(first[0], second[0]), max(first[1], second[1])


def follows_frame(view: View) -> set[str]:
    """The axes that are not the same for all frames."""
    return {
        axis_key(i, name)
        for i, panel in enumerate(view.panels)
        for name, axis in (("x", panel.x), ("y", panel.y))
        if axis.domain == "frame" or any(axis.names())
    }


def _position(value: Any, frame: Frame) -> NDArray[Any]:
    if value is None:
        return np.empty(0)
    return np.asarray(frame[value] if isinstance(value, str) else value, dtype=np.float64).ravel()


def _shown(mark: Mark, axis: str, frame: Frame) -> NDArray[Any]:
    """All coordinates of the mark along one axis."""
    names = mark.horizontal if axis == "x" else mark.vertical
    values = np.concatenate([_position(getattr(mark, name), frame) for name in names])
    if mark.kind == "arrow":
        tips = _position(getattr(mark, "u" if axis == "x" else "v"), frame)
        return np.concatenate([values, values + tips])
    if mark.kind == "bar" and axis == "y":
        return np.append(values, 0.0)
    if mark.kind in ("bar", "heat") and len(values) > 1:
        half = np.min(np.diff(np.sort(values))) / 2
        return np.concatenate([values - half, values + half])
    if mark.kind == "text":
        return np.empty(0)
    return values


def _extent(values: NDArray[Any], axis: Axis, frame: Frame) -> Domain:
    values = values[np.isfinite(values)]
    if axis.scale == "log":
        values = values[values > 0]
    low, high = (float(values.min()), float(values.max())) if len(values) else (1.0, 2.0)
    if isinstance(axis.domain, tuple | list):
        ends = [frame[end] if isinstance(end, str) else end for end in axis.domain]
        low = low if ends[0] is None else float(ends[0])
        high = high if ends[1] is None else float(ends[1])
    if not low < high:
        spread = abs(low) / 2 or 0.5
        low, high = low - spread, max(high, low) + spread
    return low, high


def _colour_extent(mark: Heat, frame: Frame) -> Domain:
    if mark.domain is not None:
        return float(mark.domain[0]), float(mark.domain[1])
    values = _position(mark.z, frame)
    low, high = float(values.min()), float(values.max())
    if mark.scheme == "diverging":
        high = max(abs(low), abs(high)) or 1.0
        return -high, high
    return (low, high) if low < high else (low, low + 1.0)
