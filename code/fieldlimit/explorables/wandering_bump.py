"""Chapter 14: a bump that nothing holds: the landscape in which it drifts, its paths, and how far it has gone.

The ring of chapter 1 without a cue. The locations of the neurons make a velocity v(theta) on the circle of bumps, the spikes a
diffusion.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Control, Dot, Line, Panel, Rule, View
from fieldlimit.explorables.two_noises import angles, ring
from fieldlimit.field import Model, finite_network, neural_field
from fieldlimit.spike_noise import PhaseMotion, phase_drift, phase_motion, siblings, trials

Array = NDArray[np.float64]

RUNS = 12  # paths shown, from starts all round the ring
TIMES = np.linspace(0.0, 30.0, 61)
SPREAD = 120  # networks in the mean square displacement
SHORT = np.array([0.0, 0.2, 0.4, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0])
CIRCLE = np.linspace(-np.pi, np.pi, 97)


def frame(*, N: int, seed: int) -> dict[str, object]:
    """Twelve paths of the angle in one network with its velocity v, and the mean square over 120 networks."""
    model, h, motion = _bump()
    network = finite_network(model, N, rng=np.random.default_rng([seed, N]))
    starts = -np.pi + 2 * np.pi * (np.arange(RUNS) + 0.5) / RUNS
    Z = trials(network, TIMES, RUNS, rng=np.random.default_rng([seed, 1]), h0=_turned(h, starts))
    velocity = phase_drift(network, motion, model, h, CIRCLE)
    stable = _stable(velocity)
    square = _mean_square(N)
    later = SHORT[1:]
    return {
        "times": TIMES,
        "paths": _on_circle(np.arctan2(Z[..., 2], Z[..., 1])),
        "rest_x": np.full(max(1, len(stable)), TIMES[-1]),
        "rest_y": stable if len(stable) else np.array([np.nan]),
        "circle": CIRCLE,
        "velocity": velocity,
        "stable_x": stable if len(stable) else np.array([np.nan]),
        "stable_y": np.zeros(max(1, len(stable))),
        "typical": float(np.sqrt(motion.drift_variance / N)),
        "minus_typical": -float(np.sqrt(motion.drift_variance / N)),
        "short": later,
        "measured": square[1:],
        "predicted": motion.variance(N, later),
        "diffusive": 2 * motion.diffusion * later / N,
        "drifting": motion.drift_variance * later**2 / N,
        "crossover": motion.crossover,
        "places": len(stable),
        "one": float(np.sqrt(square[4])),
        "ten": float(np.sqrt(square[-1])),
    }


@cache
def _bump() -> tuple[Model, Array, PhaseMotion]:
    model = ring(0.0)
    F = neural_field(model, 256)
    h = np.array([-0.4, 0.7, 0.0])
    for _ in range(200):
        h = h + F(h) / 2
    return model, h, phase_motion(model, h, field=F)


@cache
def _mean_square(N: int) -> Array:
    """E theta^2 at the times SHORT, from one run of each of SPREAD networks, started at the field's bump."""
    model, h, _ = _bump()
    wiring, spiking = np.random.default_rng([N, 7]).spawn(2)
    networks = [finite_network(model, N, rng=wiring) for _ in range(SPREAD)]
    return np.mean(angles(siblings(networks, SHORT, rng=spiking, h0=h)) ** 2, axis=0)


def _turned(h: Array, by: Array) -> Array:
    """The bump h, whose sine coordinate is 0, at other angles: (n, 3)."""
    return np.stack([np.full(len(by), h[0]), h[1] * np.cos(by), h[1] * np.sin(by)], axis=1)


def _stable(velocity: Array) -> Array:
    """Where v changes from + to -: the places a network prefers, by linear interpolation on CIRCLE."""
    down = np.flatnonzero((velocity[:-1] > 0) & (velocity[1:] <= 0))
    step = velocity[down] / (velocity[down] - velocity[down + 1])
    return CIRCLE[down] + step * (CIRCLE[1] - CIRCLE[0])


def _on_circle(theta: Array) -> Array:
    """The angles with a gap where a path leaves the picture at pi and comes back at -pi."""
    jumps = np.abs(np.diff(theta, axis=1)) > np.pi
    shown = theta.copy()
    shown[:, 1:][jumps] = np.nan
    return shown


_TICKS = ((-np.pi, "−π"), (0.0, "0"), (np.pi, "π"))

view = View(
    panels=[
        Panel(
            "Twelve runs of one network",
            x=Axis("time t", unit="τ", domain=(0, 30)),
            y=Axis("angle of the bump", domain=(-np.pi, np.pi), ticks=_TICKS),
            marks=[
                Line("times", "paths", "network", width=1.6),
                Dot("rest_x", "rest_y", "prediction", "where v points to", size=5),
            ],
            aspect=0.9,
        ),
        Panel(
            "Its velocity v(θ)",
            x=Axis("angle θ", domain=(-np.pi, np.pi), ticks=_TICKS),
            y=Axis("radians per τ"),
            marks=[
                Rule(y=0.0),
                Rule(y="typical", role="prediction", dash=True, label="± root mean square"),
                Rule(y="minus_typical", role="prediction", dash=True),
                Line("circle", "velocity", "network", "v"),
                Dot("stable_x", "stable_y", "prediction", "stable", size=5),
            ],
            aspect=0.9,
        ),
        Panel(
            "Mean square angle, 120 networks",
            x=Axis("time t", unit="τ", domain=(0.2, 10), scale="log"),
            y=Axis("radians²", scale="log"),
            marks=[
                Line("short", "diffusive", "neutral", "spikes, ∝ t", dash=True, width=1.25),
                Line("short", "drifting", "neutral", "locations, ∝ t²", dash=True, width=1.25),
                Line("short", "predicted", "prediction", "sum"),
                Dot("short", "measured", "data", "measured", size=3.5),
            ],
            aspect=0.9,
        ),
    ],
    controls={"N": Control("neurons N", format=","), "seed": Control("draw of the network")},
    description=(
        "{N:,} neurons: this network prefers {places} places on the ring. Over 120 networks the bump is {one:.2f} radians from its start "
        "after one time constant and {ten:.2f} after ten, in root mean square; drift overtakes diffusion after {crossover:.1f} time constants."
    ),
    columns=3,
)
