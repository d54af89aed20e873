"""Picard's iteration on the undecided candidates of a window: its fixed point is the path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, nonnegative, positive, positive_integer
from fieldlimit.network.rules import Acceptance, Mask
from fieldlimit.statements import states


@dataclass(frozen=True, eq=False)
class Undecided:
    """Candidates (m,) in the order of time whose acceptance is open. Times from the window's start.

    key: of their heights; h: the potentials just before them if none of them is accepted. By
    coordinates, long axis last: jump (r, m), e^t w / N; k (r, m), e^{-t} times the receptive
    feature, so that the sum of the jumps before a candidate adds its product with k to h.
    """

    key: Array
    h: Array
    k: Array
    jump: Array

    def __len__(self) -> int:
        return len(self.key)


def one_pass(candidates: Undecided, rule: Acceptance, accepted: Mask) -> Mask:
    """P(A): assume that the candidates A are accepted, and decide afresh on all, (m,) -> (m,)."""
    jumps = candidates.jump * accepted
    before = np.cumsum(jumps, axis=1) - jumps
    return rule.spikes(candidates.h + (candidates.k * before).sum(axis=0), candidates.key)


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


def picard(candidates: Undecided, rule: Acceptance, start: Mask) -> tuple[Mask, Array, int]:
    """The accepted candidates (m,), the jumps before each and in all (r, m + 1), the number of passes.

    A pass assumes an acceptance, adds up the jumps, and decides afresh. Up to the first candidate
    that a pass has changed nothing will change again, so the next pass starts behind it.
    """
    m = len(candidates)
    accepted = start.copy()
    before = np.zeros((len(candidates.jump), m + 1))
    first, passes = 0, 0
    while first < m:
        passes += 1
        jumps = candidates.jump[:, first:] * accepted[first:]
        jumps[:, 0] += before[:, first]
        np.cumsum(jumps, axis=1, out=before[:, first + 1 :])
        h = candidates.h[first:] + (candidates.k[:, first:] * before[:, first:-1]).sum(axis=0)
        decided = rule.spikes(h, candidates.key[first:])
        changed = np.flatnonzero(decided != accepted[first:])
        if not len(changed):
            break
        accepted[first:] = decided
        settled = first + int(changed[0]) + 1
        last = settled - 1  # its jump has come or gone; all before it stay
        before[:, settled] = before[:, last] + accepted[last] * candidates.jump[:, last]
        first = settled
    return accepted, before, passes
