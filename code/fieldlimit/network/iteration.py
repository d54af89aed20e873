"""Picard's iteration on the undecided candidates of a window: its fixed point is the path."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, nonnegative, positive, positive_integer
from fieldlimit.network.rows import dots, running
from fieldlimit.network.rules import Acceptance, Mask
from fieldlimit.statements import states

Indices = NDArray[np.int64]
ALLOWANCE = 3.0  # all that later passes change, over the change of one


@dataclass(frozen=True, eq=False)
class Undecided:
    """Candidates (m,) in the order of time whose acceptance is open. Times from the window's start.

    key: of their heights; h: the potentials just before them if those `assumed` are accepted; growth:
    e^t. k: their neurons' receptive features (m, r); neurons: the rows of their projective ones in the
    table w (n, r); length: ||k||, (m,) or one number when all are equal. N: a spike at s adds
    <k, w> e^(s - t) / N to the potential.
    """

    key: Array
    h: Array
    growth: Array
    assumed: Mask
    k: Array
    neurons: NDArray[np.integer]
    w: Array
    length: Array | float
    N: int

    def __len__(self) -> int:
        return len(self.key)

    def sums(self, flipped: Indices, accepted: Mask) -> Array:
        """By how much N e^t Z is changed after each of the flipped (n,): (n, r).

        They jump now, or no longer, as `accepted` (n,) says.
        """
        growth = self.growth.take(flipped)
        sums: Array = self.w.take(self.neurons.take(flipped), axis=0)
        sums *= np.copysign(growth, accepted - 0.5)[:, None]
        return running(sums)

    def gain(self, flipped: Indices, sums: Array) -> Array:
        """By how much the `sums` of the flipped change the potentials, (m,)."""
        count = flipped.searchsorted(np.arange(len(self)))  # of those before
        gain = np.zeros(len(self))
        after = count.nonzero()[0]
        before = sums.take(count.take(after) - 1, axis=0)
        gain[after] = dots(self.k.take(after, axis=0), before)
        return gain / (self.N * self.growth)


def one_pass(candidates: Undecided, rule: Acceptance, accepted: Mask) -> Mask:
    """P(A): assume that the candidates A are accepted, and decide afresh on all, (m,) -> (m,)."""
    flipped = (accepted != candidates.assumed).nonzero()[0]
    gain = candidates.gain(flipped, candidates.sums(flipped, accepted.take(flipped)))
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
    """The accepted candidates (m,), those not as assumed (n,), their `sums` (n, r), and the number of passes.

    A pass decides afresh only on the candidates that it and later passes can still decide. When in the
    end this cannot be vouched for, all are decided once more, from what has been found: each time, by
    causality, the path is right at least one candidate further.
    """
    latest, passes = candidates, 0
    while True:
        accepted, more, sure = _iterated(latest, rule)
        flipped = (accepted != candidates.assumed).nonzero()[0]
        sums = candidates.sums(flipped, accepted.take(flipped))
        passes += more
        if sure:
            return accepted, flipped, sums, passes
        h = candidates.h + candidates.gain(flipped, sums)
        latest = replace(candidates, h=h, assumed=accepted)


def _iterated(candidates: Undecided, rule: Acceptance) -> tuple[Mask, int, bool]:
    """The accepted candidates (m,), the number of passes, and whether no other pass would change them.

    What comes before the first flip of a pass is decided for good. Of the rest, when the flips move Z
    by c at most, the pass leaves aside the candidates that a distance ALLOWANCE * c cannot decide
    (Cauchy and Schwarz). They stay as they are if its moves and all later ones add up to no more. That
    is looked at in the end.
    """
    c, near = candidates, np.arange(len(candidates))
    key, h, length, k, decay = c.key, c.h, c.length, c.k, 1 / (c.N * c.growth)
    excess = rule.excess(h, key)
    accepted, before, now = c.assumed.copy(), c.assumed, excess > 0
    moves: list[float] = []
    while len(flips := (now != before).nonzero()[0]):
        flipped, new = near.take(flips), now.take(flips)
        accepted[flipped] = new
        sums = c.sums(flipped, new)
        squares = dots(sums, sums) * decay.take(flips) ** 2
        moves.append(math.sqrt(squares.max()))
        margin = ALLOWANCE * moves[-1] * length
        after = flips[0] + 1
        open_ = rule.open(excess, margin)[after:].nonzero()[0] + after
        near, key, h = near.take(open_), key.take(open_), h.take(open_)
        decay, before, k = decay.take(open_), now.take(open_), k.take(open_, axis=0)
        if not isinstance(length, float):
            length = length.take(open_)
        gain = sums.take(flipped[1:].searchsorted(near), axis=0)
        h += dots(k, gain) * decay
        excess = rule.excess(h, key)
        now = excess > 0
    ahead = 0.0
    for move in reversed(moves):
        ahead += move
        if ahead > 0.999 * ALLOWANCE * move:  # lengths may be in single precision
            return accepted, len(moves) + 1, False
    return accepted, len(moves) + 1, True
