"""The quantile of D = ||F_N(h) - F(h)|| against N: for every dimension at one spectrum, for every spectrum in one dimension.

The eigenvalue of the constant mode is 1 for every decay, so the nuclear norm falls as the decay grows. Places and
sampling are those of `deviation`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Control, Dot, Line, Panel, Text, View
from fieldlimit.concentration import best_deviation
from fieldlimit.explorables.deviation import PAIRS, Places, on_places, sampled
from fieldlimit.kernels import power_law

Array = NDArray[np.float64]

DIMENSIONS = (1, 2, 5, 10, 20)
DECAYS = (0.5, 1.0, 1.5, 2.0, 3.0)
SIZES = (10, 30, 100, 300, 1000)
DRAWS = 600  # networks: the quantile at 0.95 is known to about 2 %


def frame(*, d: int, decay: float, delta: float) -> dict[str, object]:
    """The (1 - delta)-quantile of D at SIZES and the best guarantee, with d or the decay running through all stops."""
    over_d = np.array(
        [_quantiles(other, decay, delta) for other in DIMENSIONS]
    )  # (dimensions, sizes)
    over_decay = np.array([_quantiles(d, other, delta) for other in DECAYS])
    here, bound = _quantiles(d, decay, delta), _guarantee(d, decay, delta)
    spread = over_d.max(axis=0) / over_d.min(axis=0)
    ends = {f"end_{i}": float(curve[-1]) for i, curve in enumerate(over_decay)}
    return {
        "N": np.array(SIZES),
        "over_d": over_d,
        "over_decay": over_decay,
        "here": here,
        "bound": bound,
        "bounds_over_decay": np.array([_guarantee(d, other, delta) for other in DECAYS]),
        "half": np.sqrt(_places(d, decay).constants.trace / np.array(SIZES)),
        "confidence": 1 - delta,
        "last": float(here[-1]),
        "last_bound": float(bound[-1]),
        "largest_spread": float(spread.max() - 1),
        "factor": float(over_decay[0, -1] / over_decay[-1, -1]),
        **ends,
    }


@lru_cache(maxsize=64)
def _places(d: int, decay: float) -> Places:
    return on_places(power_law(PAIRS, decay), d)


@lru_cache(maxsize=64)
def _samples(d: int, decay: float) -> Array:
    """D at each size, (sizes, draws)."""
    return sampled(_places(d, decay), SIZES, DRAWS, seed=100 * d)


def _quantiles(d: int, decay: float, delta: float) -> Array:
    return np.quantile(_samples(d, decay), 1 - delta, axis=1)


@lru_cache(maxsize=256)
def _guarantee(d: int, decay: float, delta: float) -> Array:
    """The least of all guarantees at each size."""
    constants = _places(d, decay).constants
    return np.array([best_deviation(constants, N, delta).deviation for N in SIZES])


_N_AXIS = Axis(
    "neurons N",
    domain=(9.0, 2200.0),
    scale="log",
    ticks=((10, "10"), (100, "100"), (1000, "1,000")),
)
_D_AXIS = Axis(
    "quantile of D",
    domain=(5e-3, 2.0),
    scale="log",
    ticks=((0.01, "0.01"), (0.1, "0.1"), (1.0, "1")),
)

view = View(
    panels=[
        Panel(
            "One spectrum (decay {decay}): d = 1, 2, 5, 10, 20",
            x=_N_AXIS,
            y=_D_AXIS,
            marks=[
                Line("N", "half", "neutral", "root mean square ∝ N^{{−1/2}}", dash=True),
                Line("N", "bound", "bound", "best guarantee, d = {d}"),
                Line("N", "over_d", "data", "measured, every d"),
                Dot("N", "here", "data", "d = {d}", size=4),
            ],
            aspect=0.8,
        ),
        Panel(
            "One dimension (d = {d}): five spectra",
            x=_N_AXIS,
            y=_D_AXIS,
            marks=[
                Line("N", "bounds_over_decay", "bound", "best guarantees", width=1.0),
                Line("N", "over_decay", "data", "measured"),
                Dot("N", "here", "data", "decay {decay}", size=4),
                *(
                    Text(1080.0, f"end_{i}", f"{value:g}", "neutral")
                    for i, value in enumerate(DECAYS)
                ),
            ],
            aspect=0.8,
        ),
    ],
    controls={
        "d": Control("dimension d"),
        "decay": Control("spectral decay"),
        "delta": Control("level δ"),
    },
    description=(
        "In dimension {d} with spectral decay {decay}, D is below {last:.3g} in {confidence:.0%} of networks of 1,000 neurons; "
        "the best guarantee is {last_bound:.3g}. Over the five dimensions the measured quantiles differ by at most {largest_spread:.0%}; "
        "from the flattest spectrum to the steepest they fall by a factor {factor:.2g}."
    ),
    columns=2,
)
