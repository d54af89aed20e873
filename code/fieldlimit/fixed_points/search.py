"""All zeros of a field in a ball: damped Newton from many starts, and deflation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, positive_integer, readonly
from fieldlimit.field import VectorField
from fieldlimit.statements import states

TOLERANCE = 1e-10  # of ||F(h)||, relative to 1 + ||h||
SEPARATION = 1e-5  # two iterates closer than this, relative to 1 + ||h||, are one zero
NEUTRAL = 1e-6  # an eigenvalue of smaller modulus is called neutral
STEPS = 40
RELAXATIONS = 20
ROUNDS = 8
HALVINGS = 12  # at most, of a segment between two zeros
MERGE_AFTER = 8  # steps, when iterates that have met go on as one


@dataclass(frozen=True, eq=False)
class FixedPoint:
    """A zero h of a field, with the eigenvalues of the derivative there."""

    h: Array  # (r,)
    eigenvalues: NDArray[np.complex128]  # (r,), by decreasing real part
    residual: float  # ||F(h)||

    @property
    def stable(self) -> bool:
        """Every eigenvalue has a negative real part, none of them neutral."""
        return bool(self.eigenvalues[0].real < -NEUTRAL)

    @property
    def unstable_directions(self) -> int:
        """How many eigenvalues have a positive real part, beyond NEUTRAL."""
        return int((self.eigenvalues.real > NEUTRAL).sum())

    @property
    def neutral_directions(self) -> int:
        """How many eigenvalues vanish to within NEUTRAL: 1 or more on a curve of zeros."""
        return int((np.abs(self.eigenvalues) <= NEUTRAL).sum())

    @property
    def index(self) -> int:
        """sign det(-DF(h)): +1 or -1, and 0 when an eigenvalue is neutral."""
        if self.neutral_directions:
            return 0
        real = np.abs(self.eigenvalues.imag) <= NEUTRAL
        return -1 if (self.eigenvalues.real[real] > 0).sum() % 2 else 1

    def __str__(self) -> str:
        if self.neutral_directions:
            kind = f"degenerate: {self.neutral_directions} neutral direction(s)"
        else:
            kind = "stable" if self.stable else f"{self.unstable_directions} unstable direction(s)"
        return f"h = {np.array2string(self.h, precision=4)}, {kind}"


@dataclass(frozen=True, eq=False)
class FixedPoints:
    """What the search found: each zero once, a curve of degenerate ones by one member.

    The indices of all zeros add up to 1 (prop-index): another sum says that zeros are missing. The
    sum 1 is no proof of completeness; `census` gives one when r is small.
    """

    points: tuple[FixedPoint, ...]  # stable ones first

    @property
    def index_sum(self) -> int | None:
        """The sum of the indices of the points found; None when one of them is degenerate."""
        return index_sum(self.points)

    @property
    def stable(self) -> tuple[FixedPoint, ...]:
        """The stable ones."""
        return tuple(point for point in self.points if point.stable)

    def nearest(self, h: Array) -> FixedPoint:
        """The point nearest to a state h (r,)."""
        return min(self.points, key=lambda point: float(np.linalg.norm(point.h - h)))

    def __len__(self) -> int:
        return len(self.points)


@states("prop-index")
def index_sum(points: Sequence[FixedPoint]) -> int | None:
    """sum sign det(-DF(h)) over the points: 1 over ALL zeros, when none is degenerate (else None)."""
    indices = [point.index for point in points]
    return None if 0 in indices else sum(indices)


def fixed_points(
    F: VectorField,
    *,
    rng: np.random.Generator,
    radius: float | None = None,
    starts: int = 36,
    guesses: Array | None = None,
) -> FixedPoints:
    """The zeros of F in the ball of the given radius around I (None: a ball that holds all).

    Two thirds of the starts are drawn in the ball, of every size; one third are first relaxed by
    h <- h + F(h)/2, towards what is stable. Newton's method with halving of the step; then again
    with the zeros found deflated and with starts between them, where F bends most, until a round
    finds nothing new and the indices add up to 1, at most eight rounds. guesses (n, r): further
    starts, such as zeros of a neighbouring field. The draws decide where one looks, not what a zero
    is. Cost: some 10 rounds of starts x n r^2.
    """
    starts = positive_integer("starts", starts)
    reach = _reach(F) if radius is None else radius
    if math.isinf(reach):
        raise ValueError("phi is bounded or a radius is given, but phi is unbounded, radius = None")
    h = _drawn(F, starts, reach, rng)
    h = h if guesses is None else np.concatenate([np.atleast_2d(guesses), h])
    found: list[FixedPoint] = []
    for attempt in range(ROUNDS):
        known = np.array([point.h for point in found]).reshape(-1, len(F.I))
        new = _accept(F, newton(F, h, known), found, reach)
        if attempt > 0 and not new and index_sum(found) in (1, None):
            break
        h = _drawn(F, starts // 2 if new else starts, reach, rng)
        if len(found) > 1:
            zeros = np.array([point.h for point in found])
            h = np.concatenate([h, _between(F, zeros, (starts + 1) // 2, rng)])
    order = sorted(found, key=lambda p: (p.eigenvalues[0].real > 0, tuple(np.round(p.h, 6))))
    return FixedPoints(tuple(order))


def newton(F: VectorField, h: Array, known: Array | None = None, steps: int = STEPS) -> Array:
    """Damped Newton iterates (n, r) from each row of h; zeros in `known` (m, r) are deflated.

    Deflation multiplies F by prod (1 + 1/||h - z||^2): by the formula of Sherman and Morrison the
    Newton step d becomes d/(1 - <grad log m, d>), and no zero of m F is at a known z. Rows that
    have converged stand still, and so do, without deflation, rows that have met an earlier one.
    """
    h = np.array(h, dtype=float)
    known = np.empty((0, h.shape[1])) if known is None else known
    active = np.arange(len(h))
    for step_number in range(steps):
        if step_number == MERGE_AFTER and not len(known):
            active = active[np.unique(h[active].round(3), axis=0, return_index=True)[1]]
        values = F(h[active])
        size = np.linalg.norm(values, axis=1)
        keep = size > TOLERANCE * 1e-2 * (1 + np.linalg.norm(h[active], axis=1))
        active, values = active[keep], values[keep]
        if not len(active):
            break
        step = _steps(F, h[active], values, known)
        h[active] = _damped(F, h[active], step, known)
    return h


def jacobians(F: VectorField, h: Array) -> Array:
    """DF at each row of h, (m, r) -> (m, r, r)."""
    slopes = F.weights * F.phi.derivative(F.potentials(h), 1)  # (m, n)
    n, r = F.k.shape
    # the table of all w (x) k serves all states by one product: if it fits the cache, and there are
    # enough of them to pay for it
    if 2 * len(h) > r and n * r**2 <= 2**21:
        tensors = (F.w[:, :, None] * F.k[:, None, :]).reshape(n, r**2)
        return (slopes @ tensors).reshape(-1, r, r) - np.eye(r)
    each = [F.w.T @ (s[:, None] * F.k) for s in slopes]
    return np.array(each).reshape(-1, r, r) - np.eye(r)


def describe(F: VectorField, h: Array) -> FixedPoint:
    """A zero h (r,) with its eigenvalues."""
    values = np.linalg.eigvals(F.derivative(h)).astype(complex)
    values = values[np.lexsort((values.imag, -values.real))]
    return FixedPoint(readonly(h.copy()), readonly(values), float(np.linalg.norm(F(h))))


def _reach(F: VectorField) -> float:
    """sup_h ||F(h) + h - I|| <= phi_0 sum |p_i| ||w_i||: no zero lies farther from I."""
    return F.phi.sup(0) * float(np.abs(F.weights) @ np.linalg.norm(F.w, axis=1)) * (1 + 1e-9)


def _drawn(F: VectorField, starts: int, reach: float, rng: np.random.Generator) -> Array:
    """Starts (starts, r) in the ball, their distances from I uniform; a third of them relaxed."""
    directions = rng.standard_normal((starts, len(F.I)))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    h = F.I + reach * rng.random((starts, 1)) * directions
    relaxed = h[: starts // 3]
    for _ in range(RELAXATIONS):
        relaxed = relaxed + F(relaxed) / 2
    h[: starts // 3] = relaxed
    return h


def _between(F: VectorField, zeros: Array, starts: int, rng: np.random.Generator) -> Array:
    """Starts (starts, r) on segments between two zeros, where phi rises along the segment.

    A steep phi confines a saddle to a thin layer between two basins, which draws from a ball miss;
    a segment from basin to basin crosses it. 2 to 11 bisections, each to the half over which
    F + Id changes more.
    """
    i, j = rng.integers(len(zeros), size=(2, starts))
    depth = rng.integers(2, HALVINGS, size=starts)
    a, b = zeros[i], zeros[j]
    at_a, at_b = F(a) + a, F(b) + b
    for halving in range(HALVINGS):
        middle = (a + b) / 2
        at_middle = F(middle) + middle
        first = np.linalg.norm(at_middle - at_a, axis=1) > np.linalg.norm(at_b - at_middle, axis=1)
        low, high = ((halving < depth) & half for half in (~first, first))
        a[low], at_a[low] = middle[low], at_middle[low]
        b[high], at_b[high] = middle[high], at_middle[high]
    return (a + b) / 2


def _steps(F: VectorField, h: Array, values: Array, known: Array) -> Array:
    A = jacobians(F, h)
    # A tiny shift keeps the system solvable at a singular A; Newton's limit does not depend on it.
    A = A - 1e-13 * np.eye(h.shape[1])
    step = -np.linalg.solve(A, values[..., None])[..., 0]
    away = h[:, None, :] - known  # (n, m, r)
    square = np.maximum((away**2).sum(axis=2), 1e-30)
    gradient = (-2 * away / (square * (1 + square))[..., None]).sum(axis=1)
    factor = 1 - (gradient * step).sum(axis=1)
    factor = np.where(np.abs(factor) < 1e-3, 1e-3, factor)
    step = step / factor[:, None]
    longest = 0.5 * (1 + np.linalg.norm(h, axis=1))
    return step * np.minimum(1, longest / np.maximum(np.linalg.norm(step, axis=1), 1e-300))[:, None]


def _damped(F: VectorField, h: Array, step: Array, known: Array) -> Array:
    """The longest of the steps 1, 1/2, ..., 1/16 that lowers the deflated residual, else 1/16."""
    before = _merit(F, h, known)
    result, open_rows = h + step / 16, np.arange(len(h))
    for halving in range(5):
        trial = h[open_rows] + step[open_rows] / 2**halving
        better = _merit(F, trial, known) < before[open_rows]
        result[open_rows[better]] = trial[better]
        open_rows = open_rows[~better]
        if not len(open_rows):
            break
    return result


def _merit(F: VectorField, h: Array, known: Array) -> Array:
    square = np.maximum(((h[:, None, :] - known) ** 2).sum(axis=2), 1e-30)
    size = np.maximum(np.linalg.norm(F(h), axis=1), 1e-300)
    return np.log(size) + np.log1p(1 / square).sum(axis=1)


def _accept(F: VectorField, h: Array, found: list[FixedPoint], reach: float) -> int:
    """Append to `found` what is a zero, inside, and new; returns how many."""
    good = np.linalg.norm(F(h), axis=1) < 1e-6 * (1 + np.linalg.norm(h, axis=1))
    h = newton(F, h[good], steps=8)
    scale = 1 + np.linalg.norm(h, axis=1)
    good = np.linalg.norm(F(h), axis=1) < TOLERANCE * scale
    good &= np.linalg.norm(h - F.I, axis=1) <= reach * (1 + 1e-9)
    before = len(found)
    for candidate in h[good]:
        if not any(_same(candidate, point.h) for point in found):
            point = describe(F, candidate)
            if not (point.neutral_directions and any(_on_one_orbit(F, point, p) for p in found)):
                found.append(point)
    return len(found) - before


def _same(g: Array, h: Array) -> bool:
    return bool(np.linalg.norm(g - h) < SEPARATION * (1 + np.linalg.norm(h)))


def _on_one_orbit(F: VectorField, p: FixedPoint, q: FixedPoint) -> bool:
    """Degenerate zeros with equal spectra at equal distance from I: members of one family."""
    if not q.neutral_directions:
        return False
    apart = abs(np.linalg.norm(p.h - F.I) - np.linalg.norm(q.h - F.I))
    return bool(apart < 1e-4 and np.abs(p.eigenvalues - q.eigenvalues).max() < 1e-4)
