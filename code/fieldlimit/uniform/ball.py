"""Every state of a ball at once: S = sup over ||h - h0|| <= R of ||D^m F_N(h) - D^m F(h)||.

Taylor's polynomial of degree J - 1 at h0 is taken off; what it leaves is a class of functions of
the location, indexed by h, whose supremum is bounded by Gaussian comparison (thm-uniform). J = 0
takes off nothing. Every term is of order N^(-1/2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fieldlimit.checks import nonnegative, positive_integer, probability, shaped
from fieldlimit.concentration import Fluctuation, best_deviation, fluctuation
from fieldlimit.field import Model, bounded_sup
from fieldlimit.kernels import projective_moment, receptive_moment
from fieldlimit.statements import states


@dataclass(frozen=True)
class Remainder:
    """What Taylor's polynomial of degree J - 1 leaves of phi^(m)(h(x)) w (x) k^(x)m on the ball."""

    J: int
    size: float  # sup ||remainder||: omega kappa^m theta_J
    alpha: float  # >= (int theta_J^2 ||w||^2 ||k||^(2m) drho)^(1/2)
    beta: float  # >= lambda_J R (int ||w||^2 ||k||^(2m + 2) drho)^(1/2)
    weak: float  # >= Var of every <u, remainder>: a top eigenvalue in place of a trace


@dataclass(frozen=True)
class Ball:
    """A model around h0: the fluctuations at h0 of order m, m + 1, ..., and the remainders."""

    radius: float
    pointwise: tuple[Fluctuation, ...]
    remainders: tuple[Remainder, ...]  # J = 0, 1, ..., len(pointwise)
    sure: float  # 2 omega kappa^m phi_m >= S whatever the locations
    rank: int  # of the kernel: dim H
    m: int


def ball(
    model: Model, h0: ArrayLike, radius: float, m: int = 0, J: int = 2, n: int | None = None
) -> Ball:
    """The constants of thm-uniform for Taylor polynomials with 0, ..., J terms at h0 (r,).

    phi is C^(m + max(J, 1)) with derivatives bounded on |s| <= kappa (||h0|| + radius); ValueError
    otherwise. Fluctuations by a rule with about n nodes.
    """
    kernel, phi = model.kernel, model.phi
    h0 = shaped("h0", h0, (kernel.rank,))
    m, J = positive_integer("m", m, least=0), positive_integer("J", J, least=0)
    R = nonnegative("radius", radius)
    if phi.smoothness < m + max(J, 1):
        raise ValueError(
            f"phi is of class C^{m + max(J, 1)}, but {phi} is of class C^{phi.smoothness:g}"
        )
    reach = kernel.kappa * (float(np.linalg.norm(h0)) + R)
    sups = [bounded_sup(phi, m + j, reach) for j in range(max(J, 1) + 1)]
    w, k = (np.linalg.eigvalsh(moment(kernel)) for moment in (projective_moment, receptive_moment))
    scale = kernel.kappa**m
    root = scale * math.sqrt(w.sum())  # (int ||w||^2 ||k||^(2m))^(1/2)
    root_k = scale * min(kernel.kappa * math.sqrt(w.sum()), kernel.omega * math.sqrt(k.sum()))
    remainders = []
    for order in range(J + 1):
        theta, slope = _taylor(sups, order, kernel.kappa * R, m)
        remainders.append(
            Remainder(
                J=order,
                size=kernel.omega * scale * theta,
                alpha=theta * root,
                beta=slope * R * root_k,
                weak=(theta * scale) ** 2 * float(w[-1]),
            )
        )
    pointwise = tuple(fluctuation(model, h0, m + j, n) for j in range(J))
    sure = 2.0 * kernel.omega * scale * sups[0]
    return Ball(R, pointwise, tuple(remainders), sure, kernel.rank, m)


@states("thm-uniform")
def uniform_deviation(
    N: int, delta: float, deviations: Sequence[float], remainder: Remainder, *, radius: float
) -> float:
    """S <= sum_(j<J) D_(m+j) R^j/j! + E + t, E = sqrt(2 pi/N) (al^(2/3) + be^(2/3))^(3/2).

    t = min of b sqrt(2L/N) and sqrt(2L(v/N + 4 b E/N)) + 2 b L/(3N), b = remainder.size,
    v = remainder.weak, L = log(1/delta). deviations: the D_(m+j) at h0 or guarantees for them; the
    inequality fails with probability at most delta where they hold.
    """
    if len(deviations) != remainder.J:
        raise ValueError(
            f"deviations has J = {remainder.J} entries, but {len(deviations)} are given"
        )
    r = nonnegative("radius", radius)
    polynomial = math.fsum(D * r**j / math.factorial(j) for j, D in enumerate(deviations))
    L, b = -math.log(probability("delta", delta)), remainder.size
    mean = uniform_mean(N, remainder)
    bousquet = math.sqrt(2.0 * L * (remainder.weak + 4.0 * b * mean) / N) + 2.0 * b * L / (3.0 * N)
    return polynomial + mean + min(b * math.sqrt(2.0 * L / N), bousquet)


def uniform_mean(N: int, remainder: Remainder) -> float:
    """sqrt(2 pi/N) (alpha^(2/3) + beta^(2/3))^(3/2) >= E sup of the remainder's deviation."""
    both = (remainder.alpha ** (2 / 3) + remainder.beta ** (2 / 3)) ** 1.5
    return math.sqrt(2.0 * math.pi / positive_integer("N", N)) * both


def contraction_mean(N: int, remainder: Remainder) -> float:
    """The same by Maurer's contraction, 2 sqrt(2/N) (...)^(3/2): larger by 2/sqrt(pi) = 1.13."""
    return uniform_mean(N, remainder) * 2.0 / math.sqrt(math.pi)


def uniform_guarantees(b: Ball, N: int, delta: float) -> Mapping[str, float]:
    """Every guarantee for S at level delta: "J = 0", "J = 1", ..., "rank", "sure". The least counts.

    With J terms each of the J pointwise deviations and the remainder has the level delta/(J + 1).
    "rank" (m = 0 only) asks that phi increases from inf phi = 0, as all of `nonlinearities` do.
    """
    bounds = {}
    for remainder in b.remainders:
        share = probability("delta", delta) / (remainder.J + 1)
        D = [best_deviation(f, N, share).deviation for f in b.pointwise[: remainder.J]]
        bounds[f"J = {remainder.J}"] = uniform_deviation(N, share, D, remainder, radius=b.radius)
    if b.m == 0:
        bounds["rank"] = rank_deviation(N, delta, rank=b.rank, size=b.remainders[0].size)
    return {**bounds, "sure": b.sure}


@states("prop-uniform-rank")
def rank_deviation(N: int, delta: float, *, rank: int, size: float) -> float:
    """sup over ALL h in H = R^r of ||F_N - F|| <= (b/sqrt N)(2 + 2 sqrt(2 log n) + sqrt(2L)).

    b = size = omega sup phi, for phi increasing with inf phi = 0 (over the states of a ball the sup
    over |s| <= kappa (||h0|| + R) is enough: phi(h) is still a mixture of half-spaces, the whole
    space among them, of weight phi(kappa (||h0|| + R))); n = 2 sum_(i <= r) C(N - 1, i) is
    the number of ways in which half-spaces of R^r cut N points. L = log(1/delta).
    """
    N, r = positive_integer("N", N), positive_integer("rank", rank)
    logs = [
        math.lgamma(N) - math.lgamma(i + 1) - math.lgamma(N - i) for i in range(min(r, N - 1) + 1)
    ]
    cuts = math.log(2.0) + max(logs) + math.log(math.fsum(math.exp(a - max(logs)) for a in logs))
    L = -math.log(probability("delta", delta))
    total = 2.0 + 2.0 * math.sqrt(2.0 * cuts) + math.sqrt(2.0 * L)
    return nonnegative("size", size) * total / math.sqrt(N)


def _taylor(sups: list[float], J: int, reach: float, m: int) -> tuple[float, float]:
    """theta_J >= sup|remainder| and lambda_J, its Lipschitz constant, for |h(x) - h0(x)| <= reach.

    The remainder of one term is also at most the oscillation: phi_0 for phi >= 0, else 2 phi_m.
    """
    if J == 0:
        return sups[0], sups[1]
    theta = sups[J] * reach**J / math.factorial(J)
    if J == 1:
        theta = min(theta, sups[0] if m == 0 else 2.0 * sups[0])
    return theta, sups[J] * reach ** (J - 1) / math.factorial(J - 1)
