"""All zeros, proven: a lower bound of ||F|| outside given balls, by covering the rest with boxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, positive_integer, shaped
from fieldlimit.field import VectorField, bounded_sup
from fieldlimit.fixed_points.search import jacobians
from fieldlimit.statements import states

MOST_DIMENSIONS = 4
_BATCH = 2048


@dataclass(frozen=True)
class Census:
    """||F|| >= margin in the ball of `radius` around I, outside the given balls.

    Every field G with ||G - F|| < margin there, in particular F itself when margin > 0, has all
    its zeros in B(I, radius) in the given balls. margin = 0: the budget of boxes was not enough.
    """

    margin: float
    seen: float  # the least ||F|| met outside the balls: the margin cannot exceed it
    boxes: int
    radius: float


@states("thm-global")
def census(
    F: VectorField, centres: Array, radii: Array, *, share: float = 0.5, boxes: int = 400_000
) -> Census:
    """A lower bound of ||F|| on B(I, R) minus the balls (centres (m, r), radii (m,)).

    R = phi_0 max ||w_i||: on a finite space the ball of thm-well-posed, which holds the zeros of
    every network too. Branch and bound: on a box of
    half-diagonal e around c, ||F|| >= ||F(c)|| - e ||DF(c)|| - e^2 L/2, L the Lipschitz constant of
    DF; a box is split until that is at least `share` times the least value seen. Proven up to
    rounding for the measure of F; for a quadrature of rho, subtract its `field_error`. Boxes grow
    like powers of r: ValueError beyond r = 4.
    """
    r = len(F.I)
    if r > MOST_DIMENSIONS:
        raise ValueError(f"a census is for r <= {MOST_DIMENSIONS} (boxes fill H), but r = {r}")
    centres = shaped("centres", centres, (None, r))
    radii = shaped("radii", radii, (len(centres),))
    budget = positive_integer("boxes", boxes)
    longest = float(np.linalg.norm(F.w, axis=1).max())
    R = bounded_sup(F.phi, 0) * longest * max(1.0, float(np.abs(F.weights).sum()))
    Kop = F.k.T @ (np.abs(F.weights)[:, None] * F.k)
    L = bounded_sup(F.phi, 2) * longest * float(np.linalg.eigvalsh(Kop)[-1])
    pending, half = F.I[None, :].copy(), R
    corners = _corners(r)
    margin, seen, count = np.inf, np.inf, 0
    while len(pending):
        count += len(pending)
        if count > budget:
            return Census(0.0, seen, count, R)
        e = half * r**0.5
        pending = pending[_relevant(F, pending, e, R, centres, radii)]
        values, lower = _bounds(F, pending, e, L)
        outside = _outside(pending, centres, radii) & (np.linalg.norm(pending - F.I, axis=1) <= R)
        seen = min(seen, float(values[outside].min(initial=np.inf)))
        done = lower >= share * seen
        margin = min(margin, float(lower[done].min(initial=np.inf)))
        half /= 2
        pending = (pending[~done][:, None, :] + half * corners).reshape(-1, r)
    return Census(max(margin, 0.0), seen, count, R)


def _corners(r: int) -> Array:
    return np.stack(np.meshgrid(*[(-1.0, 1.0)] * r), axis=-1).reshape(-1, r)


def _relevant(F: VectorField, c: Array, e: float, R: float, centres: Array, radii: Array) -> Array:
    """Boxes that reach into the ball around I and are not swallowed by one of the given balls."""
    meets = np.linalg.norm(c - F.I, axis=1) <= R + e
    if not len(centres):
        return meets
    away = np.linalg.norm(c[:, None, :] - centres, axis=2)
    return meets & ~(away + e < radii).any(axis=1)


def _outside(c: Array, centres: Array, radii: Array) -> Array:
    if not len(centres):
        return np.ones(len(c), dtype=bool)
    return (np.linalg.norm(c[:, None, :] - centres, axis=2) >= radii).all(axis=1)


def _bounds(F: VectorField, c: Array, e: float, L: float) -> tuple[Array, Array]:
    """||F(c)|| and the lower bound on the box, each (m,)."""
    values, lower = np.empty(len(c)), np.empty(len(c))
    for first in range(0, len(c), _BATCH):
        part = slice(first, first + _BATCH)
        values[part] = np.linalg.norm(F(c[part]), axis=1)
        slopes = np.linalg.norm(jacobians(F, c[part]), 2, axis=(1, 2))
        lower[part] = values[part] - e * slopes - e**2 * L / 2
    return values, lower
