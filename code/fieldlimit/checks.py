"""Hypotheses on arguments, checked once on entry: an error states the requirement and the value."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def finite_array(name: str, value: ArrayLike) -> Array:
    """`value` as a float array all of whose entries are finite, or ValueError."""
    array = np.asarray(value, dtype=float)
    good = np.isfinite(array)
    if not good.all():
        raise ValueError(f"{name} has finite entries, but {name} contains {array[~good].flat[0]}")
    return array


def shaped(name: str, value: ArrayLike, shape: tuple[int | None, ...]) -> Array:
    """`value` as a finite float array of the given shape (None: any length), or ValueError."""
    array = finite_array(name, value)
    if array.ndim != len(shape) or any(
        want not in (None, have) for want, have in zip(shape, array.shape, strict=True)
    ):
        wanted = "(" + ", ".join("any" if s is None else str(s) for s in shape) + ")"
        raise ValueError(f"{name} has shape {wanted}, but its shape is {array.shape}")
    return array


def positive_integer(name: str, value: Any, least: int = 1) -> int:
    """`value` as an int that is at least `least`, or ValueError."""
    integral = math.isfinite(value) and int(value) == value
    if isinstance(value, bool | np.bool_) or not integral or value < least:
        raise ValueError(f"{name} is an integer >= {least}, but {name} = {value}")
    return int(value)


def positive(name: str, value: Any) -> float:
    """`value` as a finite float > 0, or ValueError."""
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} is finite and positive, but {name} = {value}")
    return float(value)


def nonnegative(name: str, value: Any) -> float:
    """`value` as a float >= 0, infinity allowed, or ValueError."""
    if not value >= 0:
        raise ValueError(f"{name} is at least 0, but {name} = {value}")
    return float(value)


def finite(name: str, value: Any) -> float:
    """`value` as a finite float, or ValueError."""
    if not math.isfinite(value):
        raise ValueError(f"{name} is finite, but {name} = {value}")
    return float(value)


def probability(name: str, value: Any) -> float:
    """`value` as a float in the open interval (0, 1), or ValueError."""
    if not 0 < value < 1:
        raise ValueError(f"{name} is a probability in (0, 1), but {name} = {value}")
    return float(value)


def readonly(array: NDArray[Any]) -> NDArray[Any]:
    """The same array, protected against writing: the fields of frozen objects stay frozen."""
    array = array.view()
    array.flags.writeable = False
    return array
