"""Networks with their limit copies on one Poisson measure, and means that tell bounds apart.

Where a bound of an expectation is checked by the mean of independent runs, the margin is 6.5 standard
errors of that mean (normal tail 4e-11, one-sided): a false-alarm rate below 1e-9 with the usual
allowance for the normal approximation.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from fieldlimit import classical as cl
from fieldlimit.field import Model, neural_field
from fieldlimit.kernels import cosine_ring, shifted_ring
from fieldlimit.nonlinearities import Logistic

RING = Model(cosine_ring(-0.5, 1.0), Logistic(1.0, 1.2), np.array([0.3, 0.2, 0.0]))  # Lambda 0.45
STRONG = Model(cosine_ring(-1.0, 6.0), Logistic(1.0, 4.0))  # Lambda 7
SHIFTED = Model(shifted_ring(-1.0, 3.0, 0.4), Logistic(1.0, 2.0))
START = np.array([0.1, 0.4, -0.2])
T = 3.0


def driven(model, N, seed, *, times=(0.0, T), h0=START):
    return cl.sample_coupled(
        model,
        neural_field(model, 64),
        N,
        times=np.array(times),
        h0=h0,
        rng=np.random.default_rng(seed),
    )


@cache
def runs(N=50, copies=300):
    """Independent networks of the weakly coupled ring, each with its limit on the same measure."""
    return [driven(RING, N, [31, seed]) for seed in range(copies)]


def assert_mean_between(samples, low, high):
    """low <= E X <= high, as far as the mean of the samples can tell (6.5 standard errors)."""
    mean, error = np.mean(samples), np.std(samples, ddof=1) / math.sqrt(len(samples))
    assert low - 6.5 * error <= mean <= high + 6.5 * error
