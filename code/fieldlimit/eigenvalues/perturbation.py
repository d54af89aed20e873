"""Eigenvalues and eigenspaces under a perturbation of known size: four classical inequalities."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fieldlimit.checks import Array, finite_array, nonnegative, positive, shaped
from fieldlimit.statements import states


@states("thm-weyl")
def weyl_intervals(
    eigenvalues: ArrayLike, size: float, weights: ArrayLike | None = None
) -> tuple[Array, Array]:
    """Lower and upper bounds of the eigenvalues of A + E, decreasing: A self-adjoint, E too.

    size >= ||C^{-1} E C^{-1}|| where C commutes with A and C^2 has the eigenvalues `weights` > 0
    (r,), in the order of `eigenvalues` (r,) of A; None: C = Id and size >= ||E||. The n-th bounds
    are the n-th largest of lambda_j -+ size weights_j.
    """
    values = finite_array("eigenvalues", eigenvalues)
    squares = np.ones_like(values) if weights is None else finite_array("weights", weights)
    if not (squares > 0).all():
        raise ValueError(f"weights are positive, but the least is {squares.min()}")
    size = nonnegative("size", size)
    lower, upper = np.sort(values - size * squares), np.sort(values + size * squares)
    return lower[::-1], upper[::-1]


@states("thm-hoffman-wielandt")
def hoffman_wielandt(A: Array, B: Array) -> tuple[float, float]:
    """sum_n (lambda_n(B) - lambda_n(A))^2, both decreasing, and ||B - A||_HS^2, which is no less.

    A, B (r, r) symmetric. ValueError when one is not: the inequality is false then.
    """
    A, B = shaped("A", A, (len(A), len(A))), shaped("B", B, (len(A), len(A)))
    for name, matrix in (("A", A), ("B", B)):
        skew = float(np.abs(matrix - matrix.T).max())
        if skew > 1e-9 * (1 + np.abs(matrix).max()):
            raise ValueError(f"{name} is symmetric, but an entry differs by {skew}")
    gaps = np.linalg.eigvalsh(B) - np.linalg.eigvalsh(A)
    return float((gaps**2).sum()), float(((B - A) ** 2).sum())


@states("thm-davis-kahan")
def eigenspace_angle(size: float, gap: float) -> float:
    """The angle between an eigenspace of A and that of A + E is at most asin(2 size/gap)/2, radians.

    A, E self-adjoint, size >= ||E||; gap: from an interval that holds the group of eigenvalues to
    the rest of the spectrum of A. ||P - P'|| is at most the sine. ValueError unless size < gap/2.
    """
    size, gap = nonnegative("size", size), positive("gap", gap)
    if not size < gap / 2:
        raise ValueError(f"size < gap/2, but size = {size}, gap = {gap}")
    return math.asin(2 * size / gap) / 2


@dataclass(frozen=True)
class FirstOrder:
    """|lambda' - lambda - <u*, E u>/<u*, u>| <= remainder, lambda' the eigenvalue of A + E."""

    remainder: float
    holds: bool  # resolvent * size < 1


@states("lem-first-order")
def first_order(size: float, *, radius: float, resolvent: float) -> FirstOrder:
    """2 radius^2 M^3 ||E||^2/(1 - M ||E||): how far the eigenvalue of A + E is from first order.

    lambda simple, the only point of the spectrum of A in |z - lambda| <= radius;
    resolvent: M >= ||(z - A)^{-1}|| on |z - lambda| = radius; size >= ||E||. remainder = inf when
    M ||E|| >= 1.
    """
    size, radius, M = (
        nonnegative("size", size),
        positive("radius", radius),
        positive("resolvent", resolvent),
    )
    if not M * size < 1:
        return FirstOrder(math.inf, False)
    return FirstOrder(2 * radius**2 * M**3 * size**2 / (1 - M * size), True)
