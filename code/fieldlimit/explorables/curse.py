"""The cloud of neurons against the vector field: W1(rho_N, rho) and D = ||F_N(h) - F(h)|| as d runs from 1 to 20.

Both are relative to their largest possible size, so that 1 means no information: W1 to the diameter of the torus, D to
phi_0 sqrt(tr Wop). Curves are formulas, up to a million neurons; measured values stop where a matching of two clouds
still follows a slider. Places and sampling of D are those of `deviation`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Area, Axis, Control, Dot, Line, Panel, Rule, View
from fieldlimit.explorables.deviation import PAIRS, Places, on_places, sampled
from fieldlimit.kernels import power_law
from fieldlimit.spaces import Torus
from fieldlimit.wasserstein import (
    random_wasserstein,
    sample_wasserstein,
    torus_diameter,
    wasserstein_lower,
)

Array = NDArray[np.float64]

DIMENSIONS = (1, 2, 3, 5, 10, 20)
SIZES = np.geomspace(10, 1e6, 26)  # of the curves
MATCHED = {10: 12, 30: 10, 100: 6, 300: 4}  # neurons -> pairs of clouds matched
MEASURED = (10, 30, 100, 300, 1000)  # networks whose D is drawn
DRAWS = 400


def frame(*, N: int, d: int, decay: float) -> dict[str, object]:
    """Both errors against the number of neurons in dimension d, and against the dimension for N neurons."""
    every = np.arange(1, 21)
    cloud = np.array([_lower(size, d) for size in SIZES])
    random = np.array([_upper(round(size), d) for size in SIZES])
    matched = [size for size in MATCHED if size <= N]
    pairs = np.array([_matched(size, d) for size in matched])
    dimensions = np.array(DIMENSIONS if N in MATCHED else ())
    across = np.array([_matched(N, other) for other in dimensions])
    field = _field(d, decay) / np.sqrt(SIZES)
    field_by_d = np.array([_field(other, decay) for other in DIMENSIONS]) / np.sqrt(N)
    sizes = np.array([size for size in MEASURED if size <= N])
    here, cloud_here = _field(d, decay) / np.sqrt(N), _lower(N, d)
    return {
        "sizes": SIZES,
        "cloud": cloud,
        "random": random,
        "field": field,
        "promised": SIZES**-0.5,
        "matched": np.array(matched),
        "distance": pairs,
        "measured": sizes,
        "measured_field": _deviations(d, decay)[: len(sizes)],
        "every_d": every,
        "cloud_by_d": np.array([_lower(N, other) for other in every.tolist()]),
        "random_by_d": np.array([_upper(N, other) for other in every.tolist()]),
        "dimensions": dimensions,
        "across": across,
        "field_d": np.array(DIMENSIONS),
        "field_by_d": field_by_d,
        "promise": N**-0.5,
        "cloud_here": cloud_here,
        "field_here": here,
        "ratio": cloud_here / here,
        "slope": -1 / d,
        "N_mark": float(N),
        "d_mark": float(d),
    }


def _lower(N: float, d: int) -> float:
    """No N points in the d-torus are closer to the uniform law, relative to the diameter."""
    return wasserstein_lower(round(N), d) / torus_diameter(d)


@lru_cache(maxsize=1024)
def _upper(N: int, d: int) -> float:
    """The mean W1 of N random points is not larger, relative to the diameter."""
    return random_wasserstein(N, d) / torus_diameter(d)


@lru_cache(maxsize=64)
def _matched(N: int, d: int) -> float:
    """Mean W1 between two independent clouds, relative to the diameter."""
    rng = np.random.default_rng([N, d])
    clouds = (Torus(d).sample(2 * N, rng=rng).reshape(2, N, d) for _ in range(MATCHED[N]))
    return float(np.mean([sample_wasserstein(*two) for two in clouds])) / torus_diameter(d)


@lru_cache(maxsize=64)
def _places(d: int, decay: float) -> Places:
    return on_places(power_law(PAIRS, decay), d)


@lru_cache(maxsize=64)
def _unit(d: int, decay: float) -> float:
    """phi_0 sqrt(tr Wop): sqrt N times the root mean square of D is never larger."""
    places = _places(d, decay)
    kernel = places.model.kernel
    w = kernel.w(kernel.space.quadrature(1).nodes)
    return float(places.model.phi.sup(0) * np.sqrt((w**2).sum(axis=1).mean()))


def _field(d: int, decay: float) -> float:
    """sqrt(s_1), exactly, in that unit."""
    return float(np.sqrt(_places(d, decay).constants.trace)) / _unit(d, decay)


@lru_cache(maxsize=64)
def _deviations(d: int, decay: float) -> Array:
    """Root mean square of D over DRAWS networks of each measured size, in that unit."""
    D = sampled(_places(d, decay), MEASURED, DRAWS, seed=100 * d)
    return np.sqrt((D**2).mean(axis=1)) / _unit(d, decay)


_ERROR = Axis(
    "relative error",
    domain=(1e-4, 1.5),
    scale="log",
    ticks=((1e-4, "10⁻⁴"), (1e-3, "10⁻³"), (0.01, "0.01"), (0.1, "0.1"), (1.0, "1")),
)

view = View(
    panels=[
        Panel(
            "Against the number of neurons, d = {d}",
            x=Axis(
                "neurons N",
                domain=(8.0, 1.3e6),
                scale="log",
                ticks=((10, "10"), (1000, "1,000"), (1e5, "10⁵"), (1e6, "10⁶")),
            ),
            y=_ERROR,
            marks=[
                Area("sizes", "cloud", "random", "bound", "cloud: best possible to random"),
                Dot("matched", "distance", "data", "two random clouds, matched"),
                Line("sizes", "promised", "bound", "vector field: guarantee", dash=True),
                Line("sizes", "field", "network", "vector field, √(s₁/N)"),
                Dot("measured", "measured_field", "network", "vector field, measured"),
                Rule(x="N_mark", role="neutral", dash=True),
            ],
            aspect=0.85,
        ),
        Panel(
            "Against the dimension, N = {N:,}",
            x=Axis("dimension d", domain=(0.0, 21.0), ticks=(1, 5, 10, 15, 20)),
            y=_ERROR,
            marks=[
                Area(
                    "every_d",
                    "cloud_by_d",
                    "random_by_d",
                    "bound",
                    "cloud: best possible to random",
                ),
                Dot("dimensions", "across", "data", "two random clouds, matched"),
                Rule(y="promise", role="bound", label="vector field: guarantee", dash=True),
                Line("field_d", "field_by_d", "network", "vector field, √(s₁/N)"),
                Dot("field_d", "field_by_d", "network", size=4),
                Rule(x="d_mark", role="neutral", dash=True),
            ],
            aspect=0.85,
        ),
    ],
    controls={
        "N": Control("neurons N", format=","),
        "d": Control("dimension d"),
        "decay": Control("spectral decay"),
    },
    description=(
        "In dimension {d} no {N:,} points are closer to their law than {cloud_here:.2g} of the diameter; the vector field of as many "
        "neurons is off by {field_here:.2g} of its scale. The first is {ratio:.3g} times the second and falls like N to the power {slope:.2f}, "
        "the second like N to the power −0.50."
    ),
    columns=2,
)
