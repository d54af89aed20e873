"""Chapter 5's explorer: what it draws is what the theorems and the library say."""

from __future__ import annotations

import numpy as np
import pytest

from explored import assert_corners_can_be_drawn
from fieldlimit.concentration import sample_deviations, spectral_constants
from fieldlimit.explorables import curse
from fieldlimit.field import Model
from fieldlimit.kernels import power_law, torus_kernel
from fieldlimit.nonlinearities import Logistic
from fieldlimit.wasserstein import torus_diameter, wasserstein_lower

STOPS = {"N": [10, 300, 10**6], "d": [1, 20], "decay": [0.5, 3.0]}


def test_every_corner_of_the_sliders_can_be_drawn():
    assert_corners_can_be_drawn(curse, STOPS)


def test_a_frame_depends_on_its_parameters_alone():
    once = curse.frame(N=100, d=3, decay=1.0)
    for part in (curse._matched, curse._places, curse._unit, curse._deviations):
        part.cache_clear()
    again = curse.frame(N=100, d=3, decay=1.0)
    assert once.keys() == again.keys()
    assert all(np.array_equal(once[name], again[name]) for name in once)


@pytest.mark.parametrize("d", curse.DIMENSIONS)
def test_the_cloud_falls_with_the_dimension_and_the_field_without(d):
    """Slopes of the curves are those of the formulas; the measured field's to three standard errors of 400 draws."""
    frame = curse.frame(N=10**6, d=d, decay=1.5)
    logs = np.log(frame["sizes"])
    # 0.01: the sizes of the curves are rounded to whole neurons
    assert abs(np.polyfit(logs, np.log(frame["cloud"]), 1)[0] + 1 / d) < 0.01
    assert np.polyfit(logs, np.log(frame["field"]), 1)[0] == pytest.approx(-0.5)
    measured = np.polyfit(np.log(frame["measured"]), np.log(frame["measured_field"]), 1)[0]
    assert abs(measured + 0.5) < 0.05
    assert (frame["field"] <= frame["promised"]).all()


def test_two_clouds_are_farther_apart_than_the_best_cloud_from_its_law():
    """T = E W1(rho_N, rho_N') >= E W1(rho_N, rho), and T <= 2 E W1: both ends of the band, with room for few pairs."""
    for d in curse.DIMENSIONS:
        for N in curse.MATCHED:
            T = curse._matched(N, d)
            assert curse._lower(N, d) < T < 2 * curse._upper(N, d)
            assert curse._lower(N, d) == wasserstein_lower(N, d) / torus_diameter(d)


def test_the_band_is_narrow_in_high_dimension():
    frame = curse.frame(N=1000, d=20, decay=1.5)
    wide = frame["random_by_d"] / frame["cloud_by_d"]
    assert (wide[2:] < 1.75).all() and wide[-1] < 1.2  # from d = 3 on


@pytest.mark.parametrize("d", [1, 20])
def test_places_stand_for_the_torus(d):
    """Root mean square of D on the continuous torus, in the same unit: 5 % for 500 draws and for the Sobol places."""
    kernel = torus_kernel(power_law(curse.PAIRS, 1.5), d)
    model, h = Model(kernel, Logistic(gain=4.0)), np.full(kernel.rank, kernel.rank**-0.5)
    D = sample_deviations(model, h, 100, 500, rng=np.random.default_rng(d))
    unit = np.sqrt(spectral_constants(kernel).nuclear)
    assert curse._field(d, 1.5) / 10 == pytest.approx(np.sqrt((D**2).mean()) / unit, rel=0.08)


def test_in_twenty_dimensions_the_cloud_is_hundreds_of_times_worse():
    frame = curse.frame(N=10**6, d=20, decay=1.5)
    assert frame["ratio"] > 300
    assert curse.frame(N=10**6, d=1, decay=1.5)["ratio"] < 0.01
