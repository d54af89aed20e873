"""Picard's iteration on the undecided candidates of a window: its fixed point is the path."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, nonnegative, positive, positive_integer
from fieldlimit.network.rules import Acceptance, Mask
from fieldlimit.statements import states

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Undecided:
    """Candidates (m,) in the order of time whose acceptance is open. Times from the window's start.

    key: of their heights; h: the potentials just before them if those `assumed` are accepted.
    k and w (m, r): features; growth: e^t; N: a spike at s adds <k, w> e^(s - t) / N to the potential.
    """

    key: Array
    h: Array
    k: Array
    w: Array
    growth: Array
    assumed: Mask
    N: int

    def __len__(self) -> int:
        return len(self.key)

    @cached_property
    def step(self) -> Array:
        """e^t / N, with the sign that a change of what is assumed has, (m,)."""
        return np.where(self.assumed, -self.growth, self.growth) / self.N

    def sums(self, accepted: Mask) -> tuple[Indices, Array]:
        """Where `accepted` is not as assumed (n,), and by how much e^t Z is changed by then (n + 1, r)."""
        changed = (accepted != self.assumed).nonzero()[0]
        sums = np.zeros((len(changed) + 1, self.w.shape[1]))
        jumps = self.w.take(changed, axis=0) * self.step.take(changed)[:, None]
        jumps.cumsum(axis=0, out=sums[1:])
        return changed, sums


def one_pass(candidates: Undecided, rule: Acceptance, accepted: Mask) -> Mask:
    """P(A): assume that the candidates A are accepted, and decide afresh on all, (m,) -> (m,)."""
    changed, sums = candidates.sums(accepted)
    before = sums.take(changed.searchsorted(np.arange(len(candidates))), axis=0)
    gain = np.einsum("ij,ij->i", candidates.k, before) / candidates.growth
    return rule.excess(candidates.h + gain, candidates.key) > 0


@states("thm-picard")
def wrong_candidates(
    passes: int, *, N: int, rate: float, coupling: float, duration: float
) -> float:
    """E(number of wrong decisions after p passes) <= N rate coupling^p E(l - Gamma_p)^+.

    rate: a bound of phi, below which all candidates lie; coupling: phi_1 max_j (1/N) sum_i
    |w(x_i, x_j)|, at most kappa omega phi_1; duration l of the window. Gamma_p has the gamma law of
    order p, and E(l - Gamma_p)^+ = l P(Gamma_p <= l) - p P(Gamma_{p+1} <= l) <= l^{p+1} / (p + 1)!.
    Also a bound of the probability that the path is not yet found.
    """
    from scipy.special import gammainc

    p, length = positive_integer("passes", passes, least=0), positive("duration", duration)
    level = positive_integer("N", N) * nonnegative("rate", rate)
    if p == 0:
        return level * length
    early = length * gammainc(p, length) - p * gammainc(p + 1, length)
    return level * nonnegative("coupling", coupling) ** p * max(float(early), 0.0)


def picard(candidates: Undecided, rule: Acceptance) -> tuple[Mask, Indices, Array, int]:
    """The accepted candidates (m,), their `sums`, and the number of passes from the assumed ones on.

    A pass decides afresh on those whose potential is so near its threshold that the change of the
    path can decide them (Cauchy and Schwarz), or a change thrice as large as one seen before.
    """
    excess = rule.excess(candidates.h, candidates.key)
    reach = norms(candidates.k) / candidates.growth
    accepted, passes, allowed = excess > 0, 1, -1.0
    while True:
        changed, sums = candidates.sums(accepted)
        if (change := float(norms(sums).max())) > allowed:
            allowed = 3 * change
            near = rule.open(excess, allowed * reach).nonzero()[0]
            of_near = (candidates.key, candidates.h, candidates.k, candidates.growth)
            key, h, k, growth = (a.take(near, axis=0) for a in of_near)
        before = sums.take(changed.searchsorted(near), axis=0)
        decided = rule.excess(h + np.einsum("ij,ij->i", k, before) / growth, key) > 0
        if (decided == accepted.take(near)).all():
            return accepted, changed, sums, passes
        accepted[near] = decided
        passes += 1


def norms(a: Array) -> Array:
    """Lengths of the rows, (n, r) -> (n,)."""
    return np.sqrt(np.einsum("ij,ij->i", a, a))
