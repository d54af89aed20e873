"""The candidates of a window: drawn, or taken from a measure that is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array
from fieldlimit.network.blocks import draw
from fieldlimit.network.measure import Measure
from fieldlimit.network.rows import STRIP, running

if TYPE_CHECKING:
    from fieldlimit.network.window import Window

MOST = 50_000_000  # candidates in a window: beyond, the memory of a common machine


@dataclass(frozen=True, eq=False)
class Candidates:
    """Points (t, i, u) of the Poisson measures in a window, below a bound of the rates, in the order of time.

    times (n,) from the start of the window, places (n,) of the neurons in the blocks, keys (n,) of
    the heights.
    """

    times: Array
    places: NDArray[np.int32]
    keys: Array
    bound: Array  # (blocks,)


def drawn(
    old: Candidates | None, top: Array, window: Window, rng: np.random.Generator
) -> Candidates:
    """Candidates below `top`; those that exist already stay, and the layer above them is added.

    They are drawn in random order, so the order statistics of uniform times may be handed out as
    they come: sums of exponential variables, no sort.
    """
    layer = top if old is None else np.maximum(top - old.bound, 0.0)
    size, N = window.blocks.size, window.network.size
    places, heights, used = draw(layer, size, window.duration, rng)
    if old is not None:
        heights += old.bound[places // size]
    if N % size:  # the last block has empty places
        inside = places < N
        places, heights = places[inside], heights[inside]
    n = len(places)
    gaps = np.zeros(n + 1 + -(n + 1) % STRIP)
    rng.standard_exponential(out=gaps[: n + 1])
    gaps = running(gaps)
    times, keys = gaps[:n] * (window.duration / gaps[n]), window.rule.key(heights)
    if old is None:
        return Candidates(times, places, keys, used)
    times = np.concatenate([old.times, times])
    order = times.argsort(kind="stable")  # merges two sorted runs
    return Candidates(
        times[order],
        np.concatenate([old.places, places])[order],
        np.concatenate([old.keys, keys])[order],
        old.bound + used,
    )


def points_of(measure: Measure, window: Window, top: float) -> Candidates:
    """All points of the measure in the window below a height that is at least `top`."""
    points = measure.between(window.start, window.start + window.duration, top)
    if len(points.times) > MOST:
        _too_many(window, len(points.times))
    return Candidates(
        points.times - window.start,
        points.neurons.astype(np.int32),
        window.rule.key(points.heights),
        np.full(window.blocks.count, top),
    )


def check_bound(top: Array, window: Window) -> None:
    """ValueError when the bounds of the blocks are no rates, or ask for too many candidates."""
    total = float(top.sum()) * window.blocks.size
    if not (np.isfinite(total) and top.min() >= 0):
        raise ValueError(
            f"rates are finite and at least 0, but near t = {window.start:.6g} a bound of their sum is {total}"
        )
    if total * window.duration > MOST:
        _too_many(window, total * window.duration)


def _too_many(window: Window, count: float) -> None:
    raise ValueError(
        f"a window has at most {MOST:,} candidates, but the one from t = {window.start:.6g} on, of duration "
        f"{window.duration:.3g}, has {count:.3g}: the rates explode, or `window` is too long"
    )
