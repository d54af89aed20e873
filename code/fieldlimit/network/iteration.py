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
        changed = (accepted != self.assumed).nonzero()[0]
        signed = self.growth[changed] * (2.0 * accepted[changed] - 1.0)
        sums = np.zeros((len(changed) + 1, self.jump.shape[1]))
        (self.jump[changed] * signed[:, None]).cumsum(axis=0, out=sums[1:])
        return changed, sums

    def changed_to(self, accepted: Mask, chosen: Indices) -> Undecided:
        """These candidates only, when `accepted` is assumed of all."""
        changed, sums = self.sums(accepted)
        before = sums.take(changed.searchsorted(chosen), axis=0)
        k, growth = self.k.take(chosen, axis=0), self.growth[chosen]
        h = self.h[chosen] + np.einsum("ij,ij->i", k, before) / growth
        return Undecided(
            self.key[chosen], h, k, self.jump.take(chosen, axis=0), growth, accepted[chosen]
        )


def one_pass(candidates: Undecided, rule: Acceptance, accepted: Mask) -> Mask:
    """P(A): assume that the candidates A are accepted, and decide afresh on all, (m,) -> (m,)."""
    found = candidates.changed_to(accepted, np.arange(len(candidates)))
    return rule.excess(found.h, found.key) > 0


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


def picard(candidates: Undecided, rule: Acceptance) -> tuple[Mask, int]:
    """The accepted candidates (m,), and the number of passes from the assumed ones on.

    The first pass shows how far the path is from the assumed one. A potential further from its
    threshold than twice that is settled (Cauchy and Schwarz), and the other passes leave it out; in
    the end one looks whether the path has gone further.
    """
    excess = rule.excess(candidates.h, candidates.key)
    found = excess > 0
    first = _largest(candidates.sums(found)[1])
    if first == 0:
        return found, 1
    reach = np.sqrt(np.einsum("ij,ij->i", candidates.k, candidates.k)) / candidates.growth
    far = first
    while True:
        allowed = 2 * far
        near = rule.open(excess, allowed * reach).nonzero()[0]
        accepted, passes, moved = _all_passes(candidates.changed_to(found, near), rule)
        far = first + moved
        if far <= allowed:
            found[near] = accepted
            return found, passes + 1


def _all_passes(candidates: Undecided, rule: Acceptance) -> tuple[Mask, int, float]:
    """The fixed point, the number of passes, and how far the path is from the assumed one."""
    jumps = candidates.jump * candidates.growth[:, None]
    decay, sums = 1 / candidates.growth, np.zeros((len(jumps) + 1, jumps.shape[1]))
    accepted, passes = candidates.assumed, 0
    while True:
        passes += 1
        gain = np.einsum("ij,ij->i", candidates.k, sums[:-1]) * decay
        decided = rule.excess(candidates.h + gain, candidates.key) > 0
        if (decided == accepted).all():
            return accepted, passes, _largest(sums)
        accepted = decided
        change = accepted.astype(float) - candidates.assumed
        (jumps * change[:, None]).cumsum(axis=0, out=sums[1:])


def _largest(a: Array) -> float:
    return float(np.sqrt(np.einsum("ij,ij->i", a, a).max()))
