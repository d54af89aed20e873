"""Calibrated tests of probability claims: when they may fail, and what they would detect.

A claim P(event) <= p is tested by counting events in n independent repetitions. The test fails only
if the count is so large that, were the claim true, it would be seen with probability below `alarm`:
an exact binomial tail, no normal approximation. The default alarm 1e-9 is the false-alarm rate of
each test, so that a red test means a false claim and a seed is never drawn again.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

ALARM = 1e-9


def critical_count(n: int, probability: float, alarm: float = ALARM) -> int:
    """The least c with P(Bin(n, p) >= c) < alarm: that many violations and the test fails."""
    from scipy.stats import binom

    c = int(binom.isf(alarm, n, probability)) + 1
    while binom.sf(c - 1, n, probability) >= alarm:
        c += 1
    return c


def assert_violations_at_most(count: int, n: int, probability: float, alarm: float = ALARM) -> None:
    """`count` violations in n repetitions are compatible with P(violation) <= probability."""
    critical = critical_count(n, probability, alarm)
    assert count < critical, (
        f"{count} violations in {n}: P(violation) <= {probability} allows fewer than {critical} "
        f"(false-alarm rate {alarm:g}; a true probability of "
        f"{detectable(n, probability, alarm):.3g} is detected 999 times in 1000)"
    )


def assert_frequency(
    count: int, n: int, probability: float, slack: float = 0.0, alarm: float = ALARM
) -> None:
    """`count` events in n repetitions are compatible with |P(event) - probability| <= slack."""
    assert_violations_at_most(count, n, min(1.0, probability + slack), alarm)
    assert_violations_at_most(n - count, n, min(1.0, 1.0 - probability + slack), alarm)


def detectable(n: int, probability: float, alarm: float = ALARM, power: float = 0.999) -> float:
    """The least true P(violation) that fails the test with probability >= power."""
    from scipy.stats import beta

    c = critical_count(n, probability, alarm)
    return float(beta.ppf(power, c, n - c + 1)) if c <= n else math.nan


def assert_bound_with_teeth(
    deviations: np.ndarray, bound: float, delta: float, *, weakened: float
) -> None:
    """P(D > bound) <= delta passes, and fails for `weakened * bound`: the test can tell them apart.

    weakened < 1 says what is detected: a bound wrong by that factor, for this law of D.
    """
    assert 0.0 < weakened < 1.0
    n = len(deviations)
    assert_violations_at_most(int((deviations > bound).sum()), n, delta)
    with pytest.raises(AssertionError):
        assert_violations_at_most(int((deviations > weakened * bound).sum()), n, delta)


def assert_mean(
    samples: np.ndarray, expected: float, *, variance: float, alarm: float = ALARM
) -> None:
    """The mean of n independent samples of known variance lies where E = expected puts it.

    By the normal approximation to the law of the mean: right in order of magnitude at this alarm
    for n in the thousands and samples with light tails, and said so here.
    """
    from scipy.stats import norm

    distance = abs(float(np.mean(samples)) - expected)
    allowed = float(norm.isf(alarm / 2.0)) * math.sqrt(variance / len(samples))
    assert distance <= allowed, f"mean is {distance:.3g} off, {allowed:.3g} allowed"


def assert_rejected(check: Callable[[], None]) -> None:
    """The check fails: used to show that a test of a claim has teeth."""
    with pytest.raises(AssertionError):
        check()
