"""Picard's iteration on the undecided candidates of a window: its fixed point is the path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, nonnegative, positive, positive_integer
from fieldlimit.network.rules import Acceptance, Mask
from fieldlimit.statements import states

Indices = NDArray[np.int64]
ALLOWANCE = 8.0  # all that later passes change, over the change of one
STRIPS = 4_000  # numbers: below, a plain cumulative sum is faster than one by strips


@dataclass(frozen=True, eq=False)
class Undecided:
    """Candidates (m,) in the order of time whose acceptance is open. Times from the window's start.

    key: of their heights; h: the potentials just before them if those `assumed` are accepted; growth:
    e^t. neurons: their rows in the tables of features k and w (n, r); length: ||k||, (m,) or one number
    when all are equal. N: a spike at s adds <k, w> e^(s - t) / N to the potential.
    """

    key: Array
    h: Array
    growth: Array
    assumed: Mask
    neurons: NDArray[np.integer]
    k: Array
    w: Array
    length: Array | float
    N: int

    def __len__(self) -> int:
        return len(self.key)

    def sums(self, flipped: Indices, accepted: Mask) -> Array:
        """By how much e^t Z is changed before each of the flipped (n,), and in the end: (n + 1, r).

        They jump now, or no longer, as `accepted` (n,) says.
        """
        growth = self.growth.take(flipped) / self.N
        jumps = np.where(accepted, growth, -growth)[:, None]
        sums = np.empty((len(flipped) + 1, self.w.shape[1]))
        sums[0] = 0.0
        np.multiply(self.w.take(self.neurons.take(flipped), axis=0), jumps, out=sums[1:])
        return running(sums)


def one_pass(candidates: Undecided, rule: Acceptance, accepted: Mask) -> Mask:
    """P(A): assume that the candidates A are accepted, and decide afresh on all, (m,) -> (m,)."""
    flipped = (accepted != candidates.assumed).nonzero()[0]
    sums = candidates.sums(flipped, accepted.take(flipped))
    before = sums.take(flipped.searchsorted(np.arange(len(candidates))), axis=0)
    k = candidates.k.take(candidates.neurons, axis=0)
    gain = np.einsum("ij,ij->i", k, before) / candidates.growth
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
    """The accepted candidates (m,), those not as assumed (n,), their `sums` (n + 1, r), and the number of passes.

    A pass decides afresh only on the candidates that it and later passes can still decide.
    """
    allowance = ALLOWANCE
    while (found := _iterated(candidates, rule, allowance)) is None:
        allowance *= 4
    accepted, passes = found
    flipped = (accepted != candidates.assumed).nonzero()[0]
    return accepted, flipped, candidates.sums(flipped, accepted.take(flipped)), passes


def _iterated(candidates: Undecided, rule: Acceptance, allowance: float) -> tuple[Mask, int] | None:
    """The accepted candidates (m,) and the number of passes; None when the allowance was too small.

    When the flips of a pass move Z by c at most, the pass leaves aside the candidates that a
    distance allowance * c cannot decide (Cauchy and Schwarz). They stay as they are if its moves and all
    later ones add up to no more. That is looked at in the end.
    """
    c, near = candidates, np.arange(len(candidates))
    key, h, growth, length = c.key, c.h, c.growth, c.length
    excess = rule.excess(h, key)
    accepted, decided = c.assumed.copy(), excess > 0
    moves: list[float] = []
    while len(flips := (decided != accepted.take(near)).nonzero()[0]):
        flipped, now = near.take(flips), decided.take(flips)
        accepted[flipped] = now
        sums = c.sums(flipped, now)
        moves.append(float((norms(sums[1:]) / growth.take(flips)).max()))
        open_ = rule.open(excess, allowance * moves[-1] * length).nonzero()[0]
        near = near.take(open_)
        key, h, growth = (a.take(open_) for a in (key, h, growth))
        if not isinstance(length, float):
            length = length.take(open_)
        k = c.k.take(c.neurons.take(near), axis=0)
        h += np.einsum("ij,ij->i", k, sums.take(flipped.searchsorted(near), axis=0)) / growth
        excess = rule.excess(h, key)
        decided = excess > 0
    ahead = 0.0
    for move in reversed(moves):
        ahead += move
        if ahead > 0.999 * allowance * move:  # lengths may be in single precision
            return None
    return accepted, len(moves) + 1


def running(a: Array) -> Array:
    """The sums of the rows up to each, (n, r) -> (n, r), in place.

    In strips of eight rows, all strips at once, which is twice as fast as to go down each column.
    """
    n, r = a.shape
    if n * r < STRIPS or min(n, r) < 8:
        return np.cumsum(a, axis=0, out=a)
    whole = n - n % 8
    strips = a[:whole].reshape(-1, 8, r)
    for j in range(1, 8):
        strips[:, j] += strips[:, j - 1]
    strips[1:] += strips[:-1, -1].cumsum(axis=0)[:, None]
    a[whole - 1 :] = np.cumsum(a[whole - 1 :], axis=0)
    return a


def norms(a: Array) -> Array:
    """Lengths of the rows, (n, r) -> (n,)."""
    return np.sqrt(np.einsum("ij,ij->i", a, a))
