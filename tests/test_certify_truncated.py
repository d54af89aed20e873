"""A zero of the whole kernel near that of the truncated one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from certified import DELTA
from fieldlimit.certify import certify, settled_state, truncated_fixed_point
from fieldlimit.explorables.certified_ball import populations
from fieldlimit.field import Model
from fieldlimit.kernels import gaussian_kernel
from fieldlimit.nonlinearities import Logistic
from fieldlimit.spaces import Torus


@pytest.mark.checks("prop-truncated-fixed-point")
@pytest.mark.parametrize("rank", [5, 7, 9, 11])
def test_the_zero_of_the_whole_field_is_as_near_as_promised(rank):
    """A wrapped Gaussian with 41 modes against fewer: within 2.1 times, 1.2 times with s' given."""
    whole = gaussian_kernel(Torus(1), 0.6, 41)
    part = gaussian_kernel(Torus(1), 0.6, rank)
    I = np.zeros(41)
    I[:3] = 0.1, 0.3, 0.0
    few, many = (
        Model(k, Logistic(gain=3.0), I[: k.rank])
        for k in (part, whole)
    )  # fmt: skip
    h, g = (settled_state(m, rng=np.random.default_rng(0)) for m in (few, many))
    distance = np.linalg.norm(g - np.concatenate([h, np.zeros(41 - rank)]))
    given = float(whole.singular_values[rank])
    for dropped, factor in ((None, 2.2), (given, 1.2)):
        radii = truncated_fixed_point(few, h, dropped=dropped)
        assert distance <= radii.existence < factor * distance
        assert radii.existence < radii.uniqueness


@pytest.mark.checks("prop-truncated-fixed-point")
def test_truncation_is_said_and_refused():
    kernel = gaussian_kernel(Torus(1), 0.6, 5)
    model = Model(kernel, Logistic(gain=3.0))
    h = settled_state(model, rng=np.random.default_rng(0))
    assert "The kernel is truncated" in str(certify(model, 1000, DELTA, h=h))
    with pytest.raises(ValueError, match="the whole kernel has a finite trace"):
        truncated_fixed_point(replace(model, kernel=replace(kernel, tail=math.inf)), h)
    with pytest.raises(ValueError, match="native features"):
        truncated_fixed_point(populations(2.5), np.zeros(2))
