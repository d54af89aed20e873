"""Zeros along a parameter: pseudo-arclength continuation, through folds and over branch points."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, finite, positive, positive_integer, readonly, shaped
from fieldlimit.field import VectorField
from fieldlimit.fixed_points.search import fixed_points

Family = Callable[[float], VectorField]

TOLERANCE = 1e-10  # of ||F||, relative to 1 + ||h||
CORRECTIONS = 13
FARTHEST = 0.15  # a correction may move a guess, in arclength
BISECTIONS = 40
TURN = math.cos(0.35)  # steps over which the tangent turns by more are halved
SIDESTEP = 1e-2  # of the first point on a branch that is switched to, in arclength


@dataclass(frozen=True, eq=False)
class SpecialPoint:
    """A fold, where the curve turns back, or a branch point, where another curve crosses."""

    kind: str  # "fold" or "branch"
    parameter: float
    h: Array  # (r,)


@dataclass(frozen=True, eq=False)
class Branch:
    """A curve of zeros, in the order of its arclength."""

    parameters: Array  # (n,)
    states: Array  # (n, r)
    leading: Array  # (n,) largest real part of an eigenvalue of DF
    special: tuple[SpecialPoint, ...]

    @property
    def stable(self) -> NDArray[np.bool_]:
        """(n,), True where all eigenvalues have negative real parts."""
        return self.leading < 0

    @property
    def folds(self) -> tuple[SpecialPoint, ...]:
        """The folds, along the curve."""
        return tuple(point for point in self.special if point.kind == "fold")

    @property
    def branch_points(self) -> tuple[SpecialPoint, ...]:
        """The branch points, along the curve."""
        return tuple(point for point in self.special if point.kind == "branch")


@dataclass(frozen=True, eq=False)
class _Curve:
    """F(h, p) = 0 in the coordinates x = (h, p / scale), with its tangents."""

    family: Family
    scale: float

    def value(self, x: Array) -> Array:
        return self.family(float(x[-1]) * self.scale)(x[:-1])

    def slopes(self, x: Array) -> Array:
        """D(h, p) F: (r, r + 1); in p by a central difference, error about 1e-9."""
        p, e = float(x[-1]) * self.scale, 1e-5 * self.scale
        above, below = self.family(p + e)(x[:-1]), self.family(p - e)(x[:-1])
        along = (above - below) / (2 * e) * self.scale
        return np.column_stack([self.family(p).derivative(x[:-1]), along])

    def tangent(self, x: Array, towards: Array) -> tuple[Array, float]:
        """The unit vector t in the kernel of the slopes that points with `towards`, and a sign.

        The sign is that of the determinant of the slopes bordered by t: it changes at a simple
        branch point, and not at a fold.
        """
        slopes = self.slopes(x)
        t: Array = np.linalg.svd(slopes)[2][-1]
        t = t if t @ towards >= 0 else -t
        return t, float(np.sign(np.linalg.det(np.vstack([slopes, t]))))

    def correct(self, guess: Array, t: Array) -> Array | None:
        """The zero in the plane through the guess orthogonal to t, or None.

        Newton's method, in which one matrix of slopes serves three steps.
        """
        x = guess.copy()
        for correction in range(CORRECTIONS):
            residual = np.append(self.value(x), t @ (x - guess))
            if np.linalg.norm(residual) < TOLERANCE * (1 + np.linalg.norm(x)):
                return x
            if correction % 3 == 0:
                matrix = np.vstack([self.slopes(x), t])
            try:
                x = x - np.linalg.solve(matrix, residual)
            except np.linalg.LinAlgError:
                return None
            if np.linalg.norm(x - guess) > FARTHEST:
                return None
        return None


def continuation(
    family: Family,
    h: Array,
    parameter: float,
    *,
    interval: tuple[float, float],
    direction: float = 1.0,
    step: float = 0.05,
    most: int = 2000,
) -> Branch:
    """The curve of zeros of family(p) through the zero h (r,) at `parameter`, one way along it.

    family: parameter -> VectorField on one H (for a network: always the same locations), asked up
    to a quarter of the interval beyond its ends. direction: +1 sets out towards larger parameters.
    Arclength is measured in h and in the parameter divided by the interval's length; `step` is the
    longest step. Ends where the interval ends, after `most` points, or where the start is met
    again. Folds are located to about 1e-6, branch points to about 1e-3 (1e-6 along a curve whose
    tangent there has a component in the parameter). Only what the steps can see is found: two
    branch points within one step are missed.
    """
    low, high = float(interval[0]), float(interval[1])
    if not low < high:
        raise ValueError(f"an interval has low < high, but interval = {interval}")
    if not low <= finite("parameter", parameter) <= high:
        raise ValueError(f"parameter lies in {interval}, but parameter = {parameter}")
    h = shaped("h", h, (None,))
    curve = _Curve(family, high - low)
    toward = np.append(np.zeros(len(h)), 1.0 if direction >= 0 else -1.0)
    start = curve.correct(np.append(h, parameter / curve.scale), toward)
    if start is None:
        raise ValueError(f"h is a zero at parameter {parameter}, but Newton's method leaves it")
    return _follow(curve, start, curve.tangent(start, toward)[0], (low, high), step, most)


def diagram(
    family: Family,
    interval: tuple[float, float],
    *,
    rng: np.random.Generator,
    samples: int = 3,
    step: float = 0.05,
    starts: int = 36,
) -> tuple[Branch, ...]:
    """The bifurcation diagram over an interval: all curves through zeros at `samples` parameters.

    Every zero that `fixed_points` finds at equispaced parameters, both ends included, is followed
    both ways, unless a curve passes through it already; at each branch point of each curve the
    crossing curve is followed too. A closed curve that no sampled parameter cuts and no branch point
    joins to the others is missed, and so is one that lies within a tenth of a step of another.
    """
    low, high = float(interval[0]), float(interval[1])
    parameters = np.linspace(low, high, positive_integer("samples", samples, least=2))
    branches: list[Branch] = []
    for p in parameters:
        for point in fixed_points(family(float(p)), rng=rng, starts=starts).points:
            if point.neutral_directions or _passes(branches, point.h, float(p), high - low):
                continue
            seed = np.append(point.h, p / (high - low))
            _trace(family, seed, interval, step, branches)
    return tuple(branches)


def _trace(
    family: Family, seed: Array, interval: tuple[float, float], step: float, into: list[Branch]
) -> None:
    """Follow the curve through the seed both ways, then the curves that cross it, and so on."""
    low, high = interval
    curve = _Curve(family, high - low)
    t = curve.tangent(seed, np.append(np.zeros(len(seed) - 1), 1.0))[0]
    forward = _follow(curve, seed, t, interval, step, 2000)
    backward = _follow(curve, seed, -t, interval, step, 2000)
    into.append(_joined(backward, forward))
    pending = [(into[-1], point) for point in into[-1].branch_points]
    while pending:
        branch, point = pending.pop(0)
        x = np.append(point.h, point.parameter / curve.scale)
        across = _crossing(curve, x, _nearest_tangent(curve, branch, x))
        for side in (across, -across):
            start = curve.correct(x + SIDESTEP * side, side)
            if start is None or not low <= start[-1] * curve.scale <= high:
                continue
            if _passes(into, start[:-1], float(start[-1]) * curve.scale, curve.scale):
                continue
            t = curve.tangent(start, side)[0]
            into.append(_follow(curve, start, t, interval, step, 2000))
            pending += [(into[-1], further) for further in into[-1].branch_points]


def _follow(
    curve: _Curve, x: Array, t: Array, interval: tuple[float, float], step: float, most: int
) -> Branch:
    low, high = interval[0] / curve.scale, interval[1] / curve.scale
    step = positive("step", step)
    points, special, s = [x], [], step / 2
    first, (t, sign) = x, curve.tangent(x, t)
    while len(points) < most and s > 1e-7:
        new = curve.correct(x + s * t, t)
        if new is None or np.linalg.norm(new - x) > 2 * s:
            s /= 2
            continue
        turned, here = curve.tangent(new, t)
        if turned @ t < TURN:
            s /= 2
            continue
        if turned[-1] * t[-1] < 0 or here != sign:
            kind = "fold" if here == sign else "branch"
            at = _locate(curve, x, t, s, kind, sign)
            special.append(
                SpecialPoint(kind, float(at[-1]) * curve.scale, readonly(at[:-1].copy()))
            )
        if not low <= new[-1] <= high:
            end = _at_end(curve, x, new, low if new[-1] < low else high)
            if end is not None:
                points.append(end)
            break
        points.append(new)
        back = len(points) > 4 and np.linalg.norm(new - first) < s
        x, t, sign, s = new, turned, here, min(step, 1.4 * s)
        if back:
            points.append(first)
            break
    table = np.array(points)
    parameters = table[:, -1] * curve.scale
    leading = [
        np.linalg.eigvals(curve.family(float(p)).derivative(y[:-1])).real.max()
        for p, y in zip(parameters, table, strict=True)
    ]
    return Branch(
        readonly(parameters),
        readonly(table[:, :-1].copy()),
        readonly(np.array(leading)),
        tuple(special),
    )


def _locate(curve: _Curve, x: Array, t: Array, s: float, kind: str, sign: float) -> Array:
    """Bisection of the step for the sign change of the parameter's tangent, or the orientation."""
    low, high, at = 0.0, s, x
    for _ in range(BISECTIONS):
        for share in (
            0.5,
            0.41,
            0.63,
        ):  # at the branch point itself the bordered system is singular
            middle = low + share * (high - low)
            new = curve.correct(x + middle * t, t)
            if new is not None:
                break
        if new is None:
            break
        turned, here = curve.tangent(new, t)
        before = turned[-1] * t[-1] > 0 if kind == "fold" else here == sign
        low, high = (middle, high) if before else (low, middle)
        at = new
        if high - low < 1e-8:
            break
    return at


def _at_end(curve: _Curve, x: Array, new: Array, end: float) -> Array | None:
    """The point of the curve between x and new whose parameter is the interval's end."""
    share = (end - x[-1]) / (new[-1] - x[-1])
    upright = np.append(np.zeros(len(x) - 1), 1.0)
    guess = x + share * (new - x)
    guess[-1] = end
    return curve.correct(guess, upright)


def _crossing(curve: _Curve, x: Array, t: Array) -> Array:
    """At a branch point the slopes have a kernel of two dimensions: the part orthogonal to t."""
    kernel = np.linalg.svd(curve.slopes(x))[2][-2:]
    within = kernel.T @ (kernel @ t)
    within /= np.linalg.norm(within)
    other = kernel[np.argmin(np.abs(kernel @ within))]
    other = other - (other @ within) * within
    unit: Array = other / np.linalg.norm(other)
    return unit


def _nearest_tangent(curve: _Curve, branch: Branch, x: Array) -> Array:
    table = np.column_stack([branch.states, branch.parameters / curve.scale])
    i = int(np.argmin(np.linalg.norm(table - x, axis=1)))
    chord = table[min(i + 1, len(table) - 1)] - table[max(i - 1, 0)]
    return chord / np.linalg.norm(chord)


def _passes(branches: list[Branch], h: Array, p: float, scale: float) -> bool:
    """Whether the polygon of a curve comes within 1e-3 plus a tenth of its own edge of (h, p)."""
    x = np.append(h, p / scale)
    for branch in branches:
        table = np.column_stack([branch.states, branch.parameters / scale])
        a, edge = table[:-1], np.diff(table, axis=0)
        length = np.maximum((edge**2).sum(axis=1), 1e-300)
        share = np.clip(((x - a) * edge).sum(axis=1) / length, 0, 1)
        away = np.linalg.norm(a + share[:, None] * edge - x, axis=1)
        if (away < 1e-3 + 0.1 * np.sqrt(length)).any():
            return True
    return False


def _joined(backward: Branch, forward: Branch) -> Branch:
    def whole(before: Array, after: Array) -> Array:
        return readonly(np.concatenate([before[:0:-1], after]))

    return Branch(
        whole(backward.parameters, forward.parameters),
        whole(backward.states, forward.states),
        whole(backward.leading, forward.leading),
        backward.special[::-1] + forward.special,
    )
