"""Picard's iteration on the undecided candidates of a window: its fixed point is the path."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, nonnegative, positive, positive_integer
from fieldlimit.network.rules import Acceptance, Mask
from fieldlimit.statements import states

Indices = NDArray[np.int64]
ALLOWANCE = 3.0  # all that later passes change, over the change of one
STRIPS = 4_000  # numbers: below, a plain cumulative sum is faster than one by strips
STRIP = 16  # rows
TRIANGLE = np.tri(STRIP)


@dataclass(frozen=True, eq=False)
class Undecided:
    """Candidates (m,) in the order of time whose acceptance is open. Times from the window's start.

    key: of their heights; h: the potentials just before them if those `assumed` are accepted; growth:
    e^t. k: their neurons' receptive features (m, r); neurons: the rows of their emissive ones in the
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

    @cached_property
    def flips(self) -> Array:
        """By how much e^t Z jumps in addition when a candidate is not as assumed, over w: (m,)."""
        return np.where(self.assumed, self.growth, -self.growth) / -self.N

    def sums(self, flipped: Indices, jumps: Array) -> Array:
        """By how much e^t Z is changed before each of the flipped (n,), and in the end: (n + 1, r).

        Each makes it jump by w times its entry of `jumps` (n,), in addition.
        """
        sums = np.empty((len(flipped) + 1, self.w.shape[1]))
        sums[0] = 0.0
        w = self.w.take(self.neurons.take(flipped), axis=0)
        np.multiply(w, jumps[:, None], out=sums[1:])
        return running(sums)

    def gain(self, flipped: Indices, sums: Array) -> Array:
        """By how much the `sums` of the flipped change the potentials, (m,)."""
        before = sums.take(flipped.searchsorted(np.arange(len(self))), axis=0)
        return np.einsum("ij,ij->i", self.k, before) / self.growth


def one_pass(candidates: Undecided, rule: Acceptance, accepted: Mask) -> Mask:
    """P(A): assume that the candidates A are accepted, and decide afresh on all, (m,) -> (m,)."""
    flipped = (accepted != candidates.assumed).nonzero()[0]
    gain = candidates.gain(flipped, candidates.sums(flipped, candidates.flips.take(flipped)))
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
    latest, passes = candidates, 0
    while True:
        accepted, more, sure = _iterated(latest, rule)
        flipped = (accepted != candidates.assumed).nonzero()[0]
        sums = candidates.sums(flipped, candidates.flips.take(flipped))
        passes += more
        if sure:
            return accepted, flipped, sums, passes
        h = candidates.h + candidates.gain(flipped, sums)
        latest = replace(candidates, h=h, assumed=accepted)


def _iterated(candidates: Undecided, rule: Acceptance) -> tuple[Mask, int, bool]:
    """The accepted candidates (m,), the number of passes, and whether no other pass would change them.

    When the flips of a pass move Z by c at most, the pass leaves aside the candidates that a
    distance ALLOWANCE * c cannot decide (Cauchy and Schwarz). They stay as they are if its moves and all
    later ones add up to no more. That is looked at in the end.
    """
    c, near = candidates, np.arange(len(candidates))
    key, h, growth, length, k = c.key, c.h, c.growth, c.length, c.k
    excess = rule.excess(h, key)
    accepted, jumps, decided = c.assumed.copy(), c.flips.copy(), excess > 0
    moves: list[float] = []
    while len(flips := (decided != accepted.take(near)).nonzero()[0]):
        flipped = near.take(flips)
        accepted[flipped] = decided.take(flips)
        jump = jumps.take(flipped)
        jumps[flipped] = -jump
        sums = c.sums(flipped, jump)
        moves.append(float((norms(sums[1:]) / growth.take(flips)).max()))
        open_ = rule.open(excess, ALLOWANCE * moves[-1] * length).nonzero()[0]
        near = near.take(open_)
        key, h, growth = (a.take(open_) for a in (key, h, growth))
        k = k.take(open_, axis=0)
        if not isinstance(length, float):
            length = length.take(open_)
        h += np.einsum("ij,ij->i", k, sums.take(flipped.searchsorted(near), axis=0)) / growth
        excess = rule.excess(h, key)
        decided = excess > 0
    ahead = 0.0
    for move in reversed(moves):
        ahead += move
        if ahead > 0.999 * ALLOWANCE * move:  # lengths may be in single precision
            return accepted, len(moves) + 1, False
    return accepted, len(moves) + 1, True


def running(a: Array) -> Array:
    """The sums of the rows up to each, (n, r) -> (n, r). May overwrite its argument.

    In strips of rows, by a product with a triangle of ones, which is faster than to go down each column.
    """
    n, r = a.shape
    if n * r < STRIPS or min(n, r) < 8:
        return np.cumsum(a, axis=0, out=a)
    whole = n - n % STRIP
    strips = TRIANGLE @ a[:whole].reshape(-1, STRIP, r)
    strips[1:] += strips[:-1, -1].cumsum(axis=0)[:, None]
    a[:whole] = strips.reshape(whole, r)
    a[whole - 1 :] = np.cumsum(a[whole - 1 :], axis=0)
    return a


def norms(a: Array) -> Array:
    """Lengths of the rows, (n, r) -> (n,)."""
    return np.sqrt(np.einsum("ij,ij->i", a, a))
