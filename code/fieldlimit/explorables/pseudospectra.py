"""The pseudospectrum of an excitatory and an inhibitory population whose eigenvalues do not move.

In the sum and the difference of the two potentials A = [[-0.4, f], [0, -0.8]]: the difference drives the sum with the
strength f. The eigenvalues are -0.4 and -0.8 for every f; the resolvent, and with it all that noise can do, grows with f.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Control, Dot, Heat, Line, Panel, Rule, View
from fieldlimit.eigenvalues import certified_discs, pseudospectrum, stability_radius

Array = NDArray[np.float64]

REAL, IMAGINARY = (-1.9, 0.8), (-1.5, 1.5)  # as 9 : 10, the sides of the plot: discs are round
CELLS = 41
DRAWS = 200
ANGLES = np.linspace(0.0, 2 * np.pi, 61)
TIMES = np.linspace(0.0, 8.0, 81)


def populations(f: float) -> Array:
    """[[-0.4, f], [0, -0.8]] in the coordinates of the two populations: eigenvalues -0.4 and -0.8 for every f."""
    turn = np.array([[1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2)  # sum and difference of the two
    return turn.T @ np.array([[-0.4, f], [0.0, -0.8]]) @ turn


def frame(*, f: float, size: float) -> dict[str, object]:
    """log10 of s(z), eigenvalues of A + E for random E of norm `size`, the discs, and ||e^{tA}||."""
    base = _base(f)
    rng = np.random.default_rng(5)
    E = rng.standard_normal((DRAWS, 2, 2))
    E *= size / np.linalg.norm(E, 2, axis=(1, 2))[:, None, None]
    moved = np.linalg.eigvals(base.A + E)
    discs = certified_discs(base.A, size)
    centres = np.array([d.centre for d in discs])
    radii = np.array([d.radius for d in discs])
    worst = base.radius.perturbation * size / base.radius.upper
    reached = np.linalg.eigvals(base.A + worst)
    return {
        "x": base.x,
        "y": base.y,
        "log_s": base.log_s,
        "re": np.array([-0.4, -0.8]),
        "im": np.zeros(2),
        "moved_re": moved.real.ravel(),
        "moved_im": moved.imag.ravel(),
        "worst_re": reached.real,
        "worst_im": reached.imag,
        "disc_re": centres.real[:, None] + radii[:, None] * np.cos(ANGLES),
        "disc_im": centres.imag[:, None] + radii[:, None] * np.sin(ANGLES),
        "t": TIMES,
        "norm": base.norm,
        "slow": np.exp(-0.4 * TIMES),
        "radius": base.radius.lower,
        "peak": float(base.norm.max()),
        "disc": float(radii.max()),
        "unstable": int((moved.real > 0).any(axis=1).sum()),
        "verdict": "no" if size < base.radius.lower else "some",
    }


class _Base:
    """What depends on f alone."""

    def __init__(self, f: float) -> None:
        self.A = populations(f)
        self.x = np.linspace(*REAL, CELLS)
        self.y = np.linspace(*IMAGINARY, CELLS)
        s = pseudospectrum(self.A, self.x[None, :] + 1j * self.y[:, None])
        self.log_s = np.log10(np.maximum(s, 1e-3))
        self.radius = stability_radius(self.A)
        slow, fast = np.exp(-0.4 * TIMES), np.exp(-0.8 * TIMES)
        flows = np.zeros((len(TIMES), 2, 2))  # e^{tA}, up to a rotation
        flows[:, 0, 0], flows[:, 1, 1], flows[:, 0, 1] = slow, fast, f * (slow - fast) / 0.4
        self.norm = np.linalg.norm(flows, 2, axis=(1, 2))


@cache
def _base(f: float) -> _Base:
    return _Base(f)


view = View(
    panels=[
        Panel(
            "How close A is to a matrix with eigenvalue z",
            x=Axis("real part of z", domain=REAL, ticks=(-1.5, -1, -0.5, 0, 0.5)),
            y=Axis("imaginary part of z", domain=IMAGINARY, ticks=(-1, 0, 1)),
            marks=[
                Heat("x", "y", "log_s", "sequential", "log₁₀ s(z)", domain=(-2.0, 0.5)),
                Rule(x=0.0, role="neutral"),
                Line("disc_re", "disc_im", "bound", "certified discs", width=2.0),
                Dot("moved_re", "moved_im", "data", "200 random A + E", size=1.5),
                Dot("worst_re", "worst_im", "network", "the worst E", size=4),
                Dot("re", "im", "limit", "eigenvalues of A", size=5),
            ],
            aspect=1.0,
        ),
        Panel(
            "How a perturbation of the state decays",
            x=Axis("time", unit="τ", domain=(0.0, 8.0)),
            y=Axis("‖exp(tA)‖", domain=(0.0, None)),
            marks=[
                Line("t", "slow", "neutral", "leading eigenvalue alone", dash=True),
                Line("t", "norm", "limit", "the norm", width=2.0),
            ],
            aspect=1.0,
        ),
    ],
    controls={
        "f": Control("feedforward strength f"),
        "size": Control("size of the perturbation"),
    },
    description=(
        "Feedforward strength {f}: eigenvalues −0.4 and −0.8, distance to instability {radius:.3f}, largest norm of the flow "
        "{peak:.2f}. Of 200 random perturbations of size {size}, {unstable} destabilise; {verdict} perturbation of that size "
        "can. The largest certified disc has radius {disc:.2f}."
    ),
    columns=2,
)
