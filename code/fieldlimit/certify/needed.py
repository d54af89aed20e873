"""How many neurons are enough: the least N at which every property asked for is certified."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from fieldlimit.certify.certificate import (
    NetworkCertificate,
    certificate_at,
    constants_at,
)
from fieldlimit.certify.constants import CertificateConstants
from fieldlimit.checks import Array, nonnegative, positive, positive_integer, probability
from fieldlimit.field import Model

AHEAD = 2.0 ** (1 / 4)  # ratio of the sizes at which a found number is checked upwards
OCTAVES = 4  # up to 2^4 times the number found


@dataclass(frozen=True, eq=False)
class NeuronsNeeded:
    """N neurons are certified to have the properties asked for; N - 1 are not.

    alone: what each property needs by itself, at its share of delta; N is the largest of them when
    all are monotone. short: what fails at N - 1, "" for N = 1.
    """

    N: int
    delta: float
    certificate: NetworkCertificate
    alone: Mapping[str, int]
    short: str

    def __int__(self) -> int:
        return self.N

    def __str__(self) -> str:
        from fieldlimit.certify.report import text_needed

        return text_needed(self)

    def _repr_html_(self) -> str:
        from fieldlimit.certify.report import html_needed

        return html_needed(self)


@dataclass(frozen=True)
class Wanted:
    """The properties, as bounds on the numbers of a certificate; inf (or 0 for time): any number."""

    radius: float = math.inf
    stability: bool = True
    shift: float = math.inf
    trajectories: bool = False
    error: float = math.inf
    time: float = 0.0

    def missing(self, c: NetworkCertificate) -> Mapping[str, str]:
        """Property -> why it is not certified; those that are do not appear."""
        reasons: dict[str, str] = {}
        there = math.isfinite(c.radius)
        _note(reasons, "fixed point", there, "" if there else c.reason)
        _note(
            reasons,
            "radius",
            c.radius <= self.radius,
            f"the radius is {c.radius:.3g}, above {self.radius:.3g}",
        )
        if self.stability:
            why = c.spectrum.reason if c.spectrum else ""
            _note(reasons, "stability type", c.same_type, why or c.constants.failed)
        if self.stability or math.isfinite(self.shift):
            _note(
                reasons,
                "eigenvalues",
                c.shift <= self.shift,
                f"the shift is {c.shift:.3g}, above {self.shift:.3g}",
            )
        if self.trajectories:
            _note(reasons, "trajectories", not c.apart, c.apart)
            if math.isfinite(self.error):
                why = f"the error is {c.error:.3g}, above {self.error:.3g}"
                _note(reasons, "error", c.error <= self.error, why)
            if self.time > 0.0:
                why = f"the time is {c.time:.3g}, below {self.time:.3g}"
                _note(reasons, "time", c.time >= self.time, why)
        return reasons


def neurons_needed(
    model: Model,
    delta: float,
    *,
    h: Array | None = None,
    rng: np.random.Generator | None = None,
    radius: float = math.inf,
    stability: bool = True,
    shift: float = math.inf,
    trajectories: bool = False,
    start: Array | None = None,
    error: float = math.inf,
    time: float = 0.0,
    tolerance: float = 0.1,
    reach: float = math.inf,
    n: int | None = None,
    most: int = 10**9,
) -> NeuronsNeeded:
    """The least N whose certificate at level delta has all that is asked.

    Asked is always a fixed point within `radius` of h*; with stability, its type; eigenvalues that move
    by at most `shift`; with trajectories, that those from `start` agree up to `error` for ever, or at
    a zero that is not stable up to `tolerance` for at least `time`; to give an error or a time is to
    ask for them. What is not asked for takes no share of delta. h, rng, start, reach, n: as in `certify`.

    The number is found by doubling and bisection. That its certificate holds is verified, and that
    of N - 1 does not; larger sizes are verified at ratios of 2^(1/4) up to 16 N, and a failure
    there moves the search beyond it (the bounds decrease in N except perhaps at small N, where the
    third moment enters). ValueError, with the hypothesis that fails, when N > most.
    """
    trajectories = trajectories or math.isfinite(error) or time > 0.0
    wanted = Wanted(
        nonnegative("radius", radius),
        stability,
        nonnegative("shift", shift),
        trajectories,
        nonnegative("error", error),
        nonnegative("time", time),
    )
    most = positive_integer("most", most)
    positive("tolerance", tolerance)
    constants = constants_at(
        model, h, rng, start=start, spectrum=stability or math.isfinite(shift),
        trajectories=trajectories, reach=reach, n=n,
    )  # fmt: skip
    return least_size(constants, probability("delta", delta), wanted, tolerance, most)


def least_size(
    constants: CertificateConstants,
    delta: float,
    wanted: Wanted,
    tolerance: float = 0.1,
    most: int = 10**9,
) -> NeuronsNeeded:
    """`neurons_needed` for constants that are known."""
    if constants.failed or (wanted.trajectories and constants.no_trajectories):
        raise ValueError(constants.failed or constants.no_trajectories)
    known: dict[int, Mapping[str, str]] = {}

    def missing(N: int) -> Mapping[str, str]:
        if N not in known:
            c = certificate_at(constants, N, delta, tolerance=tolerance, discs=False)
            known[N] = wanted.missing(c)
        return known[N]

    def has(name: str, N: int) -> bool:
        return name not in missing(N)

    N = _search(lambda size: not missing(size), 1, most)
    if N is None:
        reasons = missing(most)
        raise ValueError(
            f"N <= {most} is needed to certify, but at N = {most}: {next(iter(reasons.values()))}"
        )
    names = [name for name in _NAMES if any(name in reasons for reasons in known.values())]
    alone = {name: _bisected(partial(has, name), 1, N) for name in names}
    short = next(iter(missing(N - 1).values()), "") if N > 1 else ""
    final = certificate_at(constants, N, delta, tolerance=tolerance)
    return NeuronsNeeded(N, delta, final, alone, short)


_NAMES = ("fixed point", "radius", "stability type", "eigenvalues", "trajectories", "error", "time")


def _search(good: Callable[[int], bool], least: int, most: int) -> int | None:
    """The least N >= `least`, by bisection, that is good and seen good at larger sizes."""
    while least <= most:
        high = least
        while not good(high):
            if high >= most:
                return None
            high = min(2 * high, most)
        high = _bisected(good, max(least, high // 2 + 1), high)
        ahead = {math.ceil(high * AHEAD**i) for i in range(1, 4 * OCTAVES + 1)}
        failed = [N for N in ahead if N <= most and not good(N)]
        if not failed:
            return high
        least = max(failed) + 1
    return None


def _bisected(good: Callable[[int], bool], least: int, high: int) -> int:
    """A size in least..high that is good while the one before is not (or `least`); `high` is good."""
    low = least - 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if good(middle) else (middle, high)
    return high


def _note(reasons: dict[str, str], name: str, good: bool, why: str) -> None:
    if not good:
        reasons[name] = why
