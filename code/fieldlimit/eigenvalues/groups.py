"""Eigenvalues of a self-adjoint operator by groups: what moves one group, and how little the rest does.

Three parts of the spectrum of A, the group in the middle. A perturbation E moves the eigenvalues of the
group by its block there, to first order; through what is below it can only push them up, through
what is above only down, and by the square of its block there over the distance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, nonnegative, positive, positive_integer
from fieldlimit.statements import states

TOGETHER = 0.05  # distances below it, relative to lambda_1 - lambda_r, do not part two groups


@states("thm-groups")
def push(own: float, coupling: float, rest: float, width: float) -> float:
    """t with (t - b_0)(1 - b_2 + t/width) = b_1^2: lambda_n(A + E) <= lambda_n(A) + t in the group.

    P projects on the group's space, P_- on that of what is below. own: b_0 >= ||P E P||; coupling:
    b_1 >= ||C^{-1} P_- E P||; rest: b_2 >= ||C^{-1} P_- E P_- C^{-1}||; width >= ||C^2||, where 0 < C^2 <=
    lambda - A on the range of P_-, lambda the group's least eigenvalue. Downwards the same with P_+, C^2 <=
    A - lambda and its largest. Where nothing is below, or above, coupling = rest = 0 and t = b_0.
    C^2 = gap, own = rest = 0: the bound of Li and Li (2005) for off-diagonal perturbations.
    """
    e, a, f = nonnegative("own", own), nonnegative("coupling", coupling), nonnegative("rest", rest)
    if a == 0.0 and f <= 1.0:
        return e
    if not math.isfinite(e + a + f):
        return math.inf
    b = (1.0 - f) * positive("width", width)
    root = math.sqrt((e + b) ** 2 + 4.0 * a * a * width)
    if e + b >= 0.0:  # t - b_0, without cancellation
        return e + 2.0 * a * a * width / (e + b + root) if root else e
    return e + (root - (e + b)) / 2.0


@dataclass(frozen=True, eq=False)
class Group:
    """Eigenvalues first..first + size - 1 of A, decreasing, with bases of their space and of the rest."""

    first: int  # counted from 0
    values: Array  # (g,) decreasing
    P: Array  # (r, g)  orthonormal columns
    Q: Array  # (r, r - g)  C^{-1} on the rest: eigenvectors over the root of their distance to the group
    gap: float  # the least distance; inf when there is no rest
    below: float  # the largest distance to what is below; 0 when there is nothing
    above: float  # the same upwards

    @property
    def size(self) -> int:
        """g."""
        return len(self.values)


def group_of(A: Array, first: int, size: int) -> Group:
    """The group of the eigenvalues first..first + size - 1 of A (r, r), decreasing; A symmetric.

    ValueError when it is not parted from the rest.
    """
    values, vectors = np.linalg.eigh((A + A.T) / 2)
    values, vectors = values[::-1], vectors[:, ::-1]
    first, size = positive_integer("first", first, least=0), positive_integer("size", size)
    last = first + size
    if last > len(values):
        raise ValueError(f"first + size <= {len(values)}, but {first} + {size} = {last}")
    up, down = values[:first] - values[first], values[last - 1] - values[last:]
    apart = np.concatenate([up, down])
    if len(apart) and not apart.min() > 0:
        raise ValueError(
            f"the group is parted from the rest, but the distance is {apart.min():.3g}"
        )
    outside = np.concatenate([vectors[:, :first], vectors[:, last:]], axis=1)
    return Group(
        first,
        values[first:last],
        vectors[:, first:last],
        outside / np.sqrt(apart),
        float(apart.min(initial=math.inf)),
        float(down.max(initial=0.0)),
        float(up.max(initial=0.0)),
    )


def group_sizes(A: Array, most: int | None = None) -> tuple[int, ...]:
    """Sizes of the groups of A's eigenvalues, decreasing, parted where the distance is not small.

    Small: below TOGETHER times the whole range. most: the last of that many groups is all the rest.
    """
    values = np.linalg.eigvalsh((A + A.T) / 2)[::-1]
    cuts = 1 + np.flatnonzero(-np.diff(values) > TOGETHER * (values[0] - values[-1]))
    if most is not None:
        cuts = cuts[: positive_integer("most", most) - 1]
    return tuple(int(size) for size in np.diff([0, *cuts, len(values)]))


def leading_size(A: Array) -> int:
    """The number g of leading eigenvalues whose distance to the rest, divided by g, is largest.

    So few that they say something, so far from the rest that thm-groups can tell them apart.
    """
    values = np.linalg.eigvalsh((A + A.T) / 2)[::-1]
    if len(values) == 1:
        return 1
    gaps = -np.diff(values)
    return 1 + int((gaps / np.arange(1, len(values))).argmax())


def trace_weights(g: int, trace: float, traceless: float) -> tuple[float, float]:
    """al, be >= 0 with ||M||^2 <= al^2 (tr M)^2/g + be^2 ||M - tr M/g||_HS^2 for symmetric M (g, g).

    That holds when 1/(g al^2) + (g - 1)/(g be^2) <= 1. Among these, those for which the mean of
    the right-hand side is least when its two parts have the means `trace` and `traceless`; al <= 3,
    and g al^2 >= 1.001, since a part that does not fluctuate may be rounding, of either sign.
    """
    if g == 1:
        return 1.0, 0.0
    x, y = math.sqrt(max(trace, 0.0) / g), math.sqrt(max(traceless, 0.0) * (g - 1) / g)
    al = 3.0 if x == 0.0 else min(3.0, math.sqrt((x + max(y, 1e-3 * x)) / (g * x)))
    return al, math.sqrt((g - 1) / g / (1.0 - 1.0 / (g * al * al)))
