"""A simulation that has been checked, window after window."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array
from fieldlimit.field import VectorField
from fieldlimit.network.blocks import Blocks, blocks
from fieldlimit.network.inputs import Constant, Input
from fieldlimit.network.measure import Measure
from fieldlimit.network.rows import dots, norm
from fieldlimit.network.rules import Acceptance
from fieldlimit.network.spikes import Spikes
from fieldlimit.network.window import Step, Window, run

REMEMBERED = 8  # windows whose excursions set the next tube
MARGIN = 1.2  # of the tube over the largest of them
SPACING = 0.2  # candidates between two looks at the path, over the root of N: little of the tube
WASTE = 1.2  # more candidates a spike than with fresh blocks: then neurons are sorted anew
FIXED = 80_000  # numbers handled for undecided candidates in the time that a window costs as such
CROWD = 50_000  # candidates of a window, and a third of N: many more do not fit into the processor's cache


@dataclass(frozen=True)
class Lengths:
    """Of windows, between shortest and longest: as much work for the window as for its undecided.

    A longer window is worth its overhead until the tube, which grows with it, leaves too many
    candidates undecided, or until there are too many of them. The choice depends on past windows
    only, so it does not change the law.
    """

    shortest: float = 1 / 16  # units of tau
    longest: float = 4.0

    def first(self, rank: int) -> float:
        """The length of the first window, shorter with many coordinates, which the tube must hold."""
        return max(self.shortest, min(self.longest / 2, 40 / (rank + 6)))

    def after(self, length: float, step: Step, N: int) -> float:
        """The length of the window after one of this length that went like this step."""
        rank = len(step.end)
        work = step.undecided * (rank + 6) / (FIXED + N * rank / 60)
        share = max(work, step.tried / (CROWD + N / 3), 1e-3)
        change = share ** (-2 / 3)  # the undecided grow like the power 3/2 of the length
        return min(max(min(max(change, 0.5), 2.0) * length, self.shortest), self.longest)


@dataclass(frozen=True, eq=False)
class Plan:
    """The network from Z_0 = p(0) + y over [0, duration]; to iterate is to simulate, window by window.

    Either rng or measure is given. Windows of a measure end at multiples of their length.
    """

    network: VectorField
    rule: Acceptance
    layout: Blocks  # at the start; with rng it is made anew when potentials have moved
    drive: Input
    duration: float
    lengths: Lengths
    y: Array  # (r,)
    rates: Array  # phi(<k_i, Z_0>), (N,)
    times: Array  # (T,), increasing, at which Z is returned
    kept: NDArray[np.bool_] | None  # (N,), neurons whose spikes are returned; None: all
    rng: np.random.Generator | None
    measure: Measure | None

    def __iter__(self) -> Iterator[Spikes]:
        """What each window has produced."""
        network, drive, times, N = self.network, self.drive, self.times, self.network.size
        spacing = max(1, int(SPACING * math.sqrt(N)))
        squares = dots(network.w, network.w)
        jump = math.sqrt(squares.max()) / N
        rest = None
        if isinstance(drive, Constant):
            rest = network.k @ drive.I if drive.I.any() else np.empty(0)
        excursions: list[float] = []  # over the root of the window's duration
        layout, y = self.layout, self.y
        pull: Array = (self.rates / N) @ network.w  # where Y would settle if the rates stayed
        best, done, start, m, length = np.inf, 0, 0.0, 0, self.lengths.first(len(y))
        while start < self.duration:
            m += 1
            stop = start + length if self.measure is None else m * length
            if stop > self.duration * (1 - 1e-12):
                stop = self.duration
            span = stop - start
            last = stop == self.duration
            until = len(times) if last else int(times.searchsorted(stop, side="right"))
            asked = np.minimum(np.maximum(times[done:until] - start, 0.0), span)
            guess = pull + math.exp(-span / 2) * (y - pull)
            frame = Window(
                network, self.rule, layout, drive, start, span, y, guess, asked, jump, rest
            )
            if excursions:
                radius = MARGIN * math.sqrt(span) * max(excursions)
            else:
                # the way of the mean path, and four standard deviations of the sum of the jumps
                way = norm(pull - y) * -math.expm1(-span)
                variance = float(self.rates @ squares) / N**2 * span
                radius = way + 4 * math.sqrt(variance) + jump
            step = run(frame, radius, rng=self.rng, measure=self.measure, spacing=spacing)
            excursions = [*excursions[-REMEMBERED + 1 :], step.excursion / math.sqrt(span)]
            pull = (step.end - math.exp(-span) * y) / -math.expm1(-span)
            y = step.end
            yield self._part(step, start, times[done:until])
            start, done, length = stop, until, self.lengths.after(length, step, N)
            if self.measure is None and len(step.times):
                waste = step.tried / len(step.times)
                if waste > WASTE * best:
                    z = drive.path(np.array([stop]))[0] + y
                    key = self.rule.order(network.k @ z)
                    layout, best = blocks(network, key, layout.size), np.inf
                else:
                    best = min(best, waste)

    def _part(self, step: Step, start: float, times: Array) -> Spikes:
        spikes, neurons = start + step.times, step.neurons
        if self.kept is not None:
            chosen = self.kept[neurons]
            spikes, neurons = spikes[chosen], neurons[chosen]
        latent = self.drive.path(times) + step.latent
        return Spikes(spikes, neurons.astype(np.int64), times, latent)
