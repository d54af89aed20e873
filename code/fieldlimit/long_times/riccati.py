"""The comparison equation of an attractor, solved."""

from __future__ import annotations

import numpy as np

from fieldlimit.checks import Array


def riccati(t: Array, y0: float, rate: float, low: float, high: float) -> Array:
    """y(t) of y' = (La/2)(y - low)(y - high), y(0) = y0 < high, rate = La (high - low)/2. t (T,).

    high = inf: y' = -rate (y - low).
    """
    decay, above = np.exp(-rate * np.asarray(t, dtype=float)), y0 - low
    return low + above * decay / (1.0 - above / (high - low) * (1.0 - decay))
