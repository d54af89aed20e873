"""Picard's iteration on the undecided candidates of a window: its fixed point is the path."""

from __future__ import annotations

from dataclasses import dataclass

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
    k (m, r): receptive features, jump (m, r): w / N; growth: e^t, so that a spike at an earlier time
    s adds <k, jump> e^s / e^t to the potential.
    """

    key: Array
    h: Array
    k: Array
    jump: Array
    growth: Array
    assumed: Mask

    def __len__(self) -> int:
        return len(self.key)

    def sums(self, accepted: Mask) -> tuple[Indices, Array]:
        """Where `accepted` is not as assumed (n,), and the sums of the e^t jumps up to there (n + 1, r)."""
        changed = np.flatnonzero(accepted != self.assumed)
        sign = np.where(accepted[changed], 1.0, -1.0)
        sums = np.zeros((len(changed) + 1, self.jump.shape[1]))
        jumps = self.jump[changed] * (sign * self.growth[changed])[:, None]
        np.cumsum(jumps, axis=0, out=sums[1:])
        return changed, sums


def one_pass(candidates: Undecided, rule: Acceptance, accepted: Mask) -> Mask:
    """P(A): assume that the candidates A are accepted, and decide afresh on all, (m,) -> (m,)."""
    changed, sums = candidates.sums(accepted)
    before = sums[np.searchsorted(changed, np.arange(len(candidates)))]
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


def picard(
    candidates: Undecided, rule: Acceptance, start: Mask
) -> tuple[Mask, Indices, Array, int]:
    """The accepted candidates (m,), their `sums`, and the number of passes from `start` on.

    Most potentials are so far from their thresholds that the changes that are still in question
    cannot decide them (Cauchy and Schwarz). A pass touches the others only.
    """
    excess = rule.excess(candidates.h, candidates.key)
    settled, reach = excess > 0, _norms(candidates.k) / candidates.growth
    accepted, passes = start, 0
    while True:
        passes += 1
        changed, sums = candidates.sums(accepted)
        near = np.flatnonzero(rule.open(excess, reach * _norms(sums).max()))
        gain = np.einsum("ij,ij->i", candidates.k[near], sums[np.searchsorted(changed, near)])
        h = candidates.h[near] + gain / candidates.growth[near]
        decided = settled.copy()
        decided[near] = rule.excess(h, candidates.key[near]) > 0
        if np.array_equal(decided, accepted):
            return accepted, changed, sums, passes
        accepted = decided


def _norms(a: Array) -> Array:
    return np.sqrt(np.einsum("ij,ij->i", a, a))
