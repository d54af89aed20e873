"""At equal spectrum the fixed point and its derivative do not see the dimension; the cloud does."""

from __future__ import annotations

import numpy as np
import pytest

from fieldlimit.dimension import displacement, equal_spectrum
from fieldlimit.fixed_points import fixed_point_certificate, fixed_point_constants
from fieldlimit.sweeps import sweep
from fieldlimit.tightness import _deviations
from fieldlimit.wasserstein import torus_diameter, wasserstein_lower

DIMENSIONS = (1, 3, 20)


@pytest.fixture(scope="module")
def measured():
    grid = {"N": [300], "d": DIMENSIONS, "decay": [2.0], "networks": [250]}
    return sweep(displacement, grid, seed=13, progress=False, workers=1)


def test_distance_and_shift_do_not_depend_on_the_dimension(measured):
    """95 % quantiles of 250 networks each, known to 5 % (7 % for the shift): spread over d.

    Distance and derivative have the same trace of the covariance in every d; the law beyond it
    differs, by less than 10 % here. The shift is a quadratic form whose fourth moments differ more.
    """
    for name, most in (("distance", 1.25), ("derivative", 1.25), ("shift", 1.6)):
        quantiles = np.quantile(measured[name], 0.95, axis=-1).ravel()
        assert np.isfinite(quantiles).all()
        assert quantiles.max() < most * quantiles.min(), (name, quantiles)


def test_the_distance_of_clouds_does(measured):
    W = measured["wasserstein"].ravel()
    assert (np.diff(W) > 0).all() and W[-1] > 6 * W[0]
    lower = [wasserstein_lower(300, d) / torus_diameter(d) for d in DIMENSIONS]
    # a cloud of N points is at least that far from rho, so two clouds' mean distance exceeds it
    assert lower[-1] > 10 * lower[0] and lower[-1] < W[-1]


def test_the_guarantees_agree_as_well():
    """Radii at one N for d = 1, 3, within 5 %: the traces agree, the higher moments nearly so."""
    radii = []
    for d in (1, 3):
        state = equal_spectrum(d, 2.0)
        constants = fixed_point_constants(state.model, state.h, n=729)
        radii.append(fixed_point_certificate(constants, 1000, 0.05).radius)
    assert max(radii) < 1.05 * min(radii)


def test_the_tables_of_tightness_are_a_sweep():
    """Families of `tightness_table` as tasks: the same deviations on one worker and on two."""
    grid = {"family": [0, 3, 9], "states": [5], "N": [20], "draws": [30]}
    one, two = (
        sweep(_deviations, grid, seed=3, progress=False, workers=workers) for workers in (1, 2)
    )
    shapes = [values["D"].shape for values in one.results]
    assert shapes == [(4, 30), (2, 30), (1, 30)]
    for a, b in zip(one.results, two.results, strict=True):
        assert np.array_equal(a["D"], b["D"])
