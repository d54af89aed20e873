"""Picard's iteration on the undecided candidates of a window: its fixed point is the path."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array
from fieldlimit.network.acceptance import Acceptance, Mask


@dataclass(frozen=True, eq=False)
class Undecided:
    """Candidates (m,) in the order of time whose acceptance is open.

    key: of their heights; h: the potentials just before them if none of them is accepted;
    k, jump (m, r): receptive feature, and e^{t} w / N; decay (m,): e^{-t}. Times from the start of
    the window.
    """

    key: Array
    h: Array
    k: Array
    jump: Array
    decay: Array

    def __len__(self) -> int:
        return len(self.key)


def picard(candidates: Undecided, rule: Acceptance, start: Mask) -> tuple[Mask, Array, int]:
    """The accepted candidates (m,), the jumps before each (m, r), and the number of passes.

    A pass assumes an acceptance, adds up the jumps, and decides afresh. Up to the first candidate
    that a pass has changed nothing will change again, so the next pass starts behind it.
    """
    accepted = start.copy()
    before = np.zeros_like(candidates.jump)
    first, passes = 0, 0
    while first < len(candidates):
        passes += 1
        tail = slice(first, None)
        jumps = accepted[tail, None] * candidates.jump[tail]
        before[tail] = np.cumsum(jumps, axis=0) - jumps
        if first:
            before[tail] += before[first - 1] + accepted[first - 1] * candidates.jump[first - 1]
        h = candidates.h[tail] + candidates.decay[tail] * np.einsum(
            "ij,ij->i", candidates.k[tail], before[tail]
        )
        decided = rule.spikes(h, candidates.key[tail])
        changed = np.flatnonzero(decided != accepted[tail])
        accepted[tail] = decided
        if not len(changed):
            break
        first += int(changed[0]) + 1
    return accepted, before, passes
