"""Chapter 15: one window of the exact simulation, pass by pass."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Area, Axis, Control, Dot, Line, Panel, View
from fieldlimit.network import PoissonCells, Undecided, acceptance, one_pass, wrong_candidates
from fieldlimit.nonlinearities import Logistic

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

LENGTH = 1.0  # of the window, in units of tau
PASSES = 7
PHI = Logistic(rate=1.0, gain=4.0)
RULE = acceptance(PHI)
REST = float(PHI.inverse([0.34])[0])  # the potential at which the population rests
START = REST + 0.12
WIDTHS = {"too narrow": 0.45, "as needed": 1.05, "too wide": 2.5}
GRID = np.linspace(0.0, LENGTH, 201)


@dataclass(frozen=True, eq=False)
class _Window:
    """Points (n,) of one population in the order of time, and what does not depend on the tube."""

    times: Array
    heights: Array
    candidates: Undecided
    guess: float
    path: Mask  # (n,)
    excursion: float


def frame(*, N: int, J: float, tube: str, step: int) -> dict[str, NDArray | float | str]:
    """All points below phi_0 of N neurons with one potential h, coupling J, after `step` passes.

    The tube is WIDTHS[tube] times as wide as the path needs; the guess is the mean path at
    mid-window if the rates stay.
    """
    if tube not in WIDTHS:
        raise ValueError(f"tube is one of {', '.join(WIDTHS)}, but tube = {tube!r}")
    window = _window(N, J)
    rho = WIDTHS[tube] * window.excursion
    low, high = PHI(np.array([window.guess - rho, window.guess + rho]))
    undecided = (window.heights >= low) & (window.heights < high)
    certain = window.heights < low
    iterates = _iterates(window, certain, undecided)
    accepted, last = iterates[step], iterates[-1]
    changing = accepted != last
    wrong = [int((found != last).sum()) for found in iterates]
    leaves = bool(_excursion(window, last) > rho)
    shown = {
        "rejected": window.heights >= high,
        "certain": certain,
        "accepted": undecided & accepted & ~changing,
        "refused": undecided & ~accepted & ~changing,
        "changing": changing,
    }
    dots = {
        f"{name}_{axis}": np.round(values[mask], 3)
        for name, mask in shown.items()
        for axis, values in (("t", window.times), ("u", window.heights))
    }
    passes, counts = np.arange(PASSES), np.array(wrong[:PASSES])
    bound = [
        wrong_candidates(p, N=N, rate=1.0, coupling=abs(J) * PHI.sup(1), duration=LENGTH)
        for p in range(PASSES)
    ]
    return {
        **dots,
        "ends": np.array([0.0, LENGTH]),
        "low": np.full(2, low),
        "high": np.full(2, high),
        "grid": GRID,
        "exact": PHI(_potential(window, window.path)),
        "iterate": PHI(_potential(window, accepted)),
        "passes": passes.astype(float),
        "bound": np.maximum(np.array(bound), 0.05),
        "not_yet": passes[counts > 0].astype(float),
        "wrong": counts[counts > 0].astype(float),
        "here": np.full(int(wrong[step] > 0), float(step)),
        "here_wrong": np.full(int(wrong[step] > 0), float(wrong[step])),
        "candidates": len(window.times),
        "open": int(undecided.sum()),
        "now_wrong": wrong[step],
        "spikes": int(window.path.sum()),
        "verdict": "leaves the tube, which must be widened"
        if leaves
        else "stays in the tube: it is the path",
    }


@lru_cache(maxsize=64)
def _window(N: int, J: float) -> _Window:
    points = PoissonCells(N, seed=3, duration=LENGTH).points(0)
    drive = REST - 0.34 * J
    decay = np.exp(-points.times)
    candidates = Undecided(
        RULE.key(points.heights),
        drive + decay * (START - drive),
        1 / decay,
        np.zeros(len(decay), dtype=bool),
        np.ones((len(decay), 1)),
        np.zeros(len(decay), dtype=int),  # one row of features for all neurons
        np.full((1, 1), J),
        1.0,
        N,
    )
    path = candidates.key < candidates.h
    for _ in range(len(path) + 1):
        path = one_pass(candidates, RULE, path)
    speed = -START + drive + J * float(PHI(np.array([START]))[0])
    guess = START - float(np.expm1(-LENGTH / 2)) * speed
    window = _Window(points.times, points.heights, candidates, guess, path, 0.0)
    return _Window(points.times, points.heights, candidates, guess, path, _excursion(window, path))


def _iterates(window: _Window, certain: Mask, undecided: Mask) -> list[Mask]:
    """The accepted candidates after 0, 1, ... passes, and last the fixed point."""
    guessed = window.candidates.key < window.guess
    found = [certain | (undecided & guessed)]
    while len(found) < PASSES or not np.array_equal(found[-1], found[-2]):
        found.append(certain | (undecided & one_pass(window.candidates, RULE, found[-1])))
    return found


def _potential(window: _Window, accepted: Mask) -> Array:
    """h on the grid when these candidates are spikes."""
    sums = np.append(0.0, np.cumsum(_jumps(window) * accepted))
    drive = window.candidates.h - np.exp(-window.times) * START
    rest = drive[0] / -np.expm1(-window.times[0])
    before = np.searchsorted(window.times, GRID, side="right")
    return rest + np.exp(-GRID) * (START - rest + sums[before])


def _jumps(window: _Window) -> Array:
    """e^t J / N, (n,)."""
    candidates = window.candidates
    return candidates.w[0, 0] * candidates.growth / candidates.N


def _excursion(window: _Window, accepted: Mask) -> float:
    """sup |h - guess| over the window: at its ends and on both sides of the spikes."""
    jumps = _jumps(window) * accepted
    after = np.cumsum(jumps)
    sides = window.candidates.h + np.stack([after - jumps, after]) / window.candidates.growth
    ends = _potential(window, accepted)[[0, -1]]
    return float(np.abs(np.append(sides.ravel(), ends) - window.guess).max())


view = View(
    panels=[
        Panel(
            "Points of the Poisson measure in one window",
            x=Axis("time t", unit="τ", domain=(0, LENGTH)),
            y=Axis("rate, height u", domain=(0, 1)),
            marks=[
                Area("ends", "low", "high", "bound", "tube"),
                Dot("rejected_t", "rejected_u", "neutral", "rejected unseen", size=1.6),
                Dot("certain_t", "certain_u", "bound", "certain spikes", size=2.4),
                Dot("refused_t", "refused_u", "neutral", "undecided, no spike", size=2.8),
                Dot("accepted_t", "accepted_u", "data", "undecided, spike", size=2.8),
                Dot("changing_t", "changing_u", "prediction", "still wrong", size=4.0),
                Line("grid", "exact", "network", "rate of the network", width=1.5),
                Line("grid", "iterate", "prediction", "after pass {step}", dash=True, width=1.5),
            ],
            aspect=0.8,
        ),
        Panel(
            "Wrong decisions",
            x=Axis("pass", domain=(-0.2, PASSES - 0.8), ticks=tuple(range(PASSES))),
            y=Axis("candidates", scale="log", domain=(0.05, None)),
            marks=[
                Line("passes", "bound", "bound", "bound of the mean, all undecided"),
                Dot("not_yet", "wrong", "network", "this window (until none is left)", size=3.5),
                Dot("here", "here_wrong", "prediction", size=6.0),
            ],
            aspect=0.8,
        ),
    ],
    controls={
        "N": Control("neurons N", format=","),
        "J": Control("coupling J"),
        "tube": Control("tube"),
        "step": Control("pass"),
    },
    description=(
        "{N} neurons, coupling {J:g}: of {candidates} points {open} are undecided; after pass {step}, {now_wrong} "
        "decisions are wrong. The fixed point of the passes {verdict}. The network spikes {spikes} times."
    ),
    columns=2,
)
