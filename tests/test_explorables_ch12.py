"""Chapter 12's explorers: what they draw is what the library and the theorems say."""

from __future__ import annotations

import time

import numpy as np
import pytest

from explored import assert_corners_can_be_drawn
from fieldlimit import long_times as lt
from fieldlimit.explorables import error_in_time, rhythm
from fieldlimit.field import flow, neural_field

STOPS = {"N": [1000, 1_000_000], "gain": [1.9, 2.5], "away": [0.0, 0.6], "seed": [0, 1]}
CYCLES = {"N": [3000, 100_000], "gain": [0.7, 1.0], "seed": [0, 1]}


@pytest.mark.parametrize(("module", "stops"), [(error_in_time, STOPS), (rhythm, CYCLES)])
def test_every_corner_of_the_sliders_can_be_drawn(module, stops):
    assert_corners_can_be_drawn(module, stops)


@pytest.mark.parametrize("module", [error_in_time, rhythm])
def test_a_frame_depends_on_its_parameters_alone_and_is_fast(module):
    """10 ms alone on a machine, once a setting has been visited; 0.5 s leaves room for a busy one."""
    point = {"N": 10_000, "gain": 2.5 if module is error_in_time else 1.0, "seed": 1}
    point |= {"away": 0.3} if module is error_in_time else {}
    once = module.frame(**point)
    start = time.perf_counter()
    again = module.frame(**point)
    assert time.perf_counter() - start < 0.5
    for name, value in once.items():
        np.testing.assert_array_equal(value, again[name])


@pytest.mark.parametrize("gain", [2.0, 2.5])
def test_the_green_line_is_the_theorem_and_the_others_stay_below(gain):
    N = 100_000
    frame = error_in_time.frame(N=N, gain=gain, away=0.3, seed=2)
    constants = error_in_time._limit(gain, 0.3).constants
    certificate = lt.trajectory_certificate(constants, N, error_in_time.DELTA)
    assert certificate.holds and f"{certificate.error:.2g}" in frame["promise"]
    np.testing.assert_allclose(frame["bound"][1:], certificate.error_at(error_in_time.TIMES)[1:])
    assert (frame["high"][4:] <= frame["bound"][4:]).all()
    later = frame["t"] > 1  # where Gronwall's bound has outgrown it, for good
    grown = np.where(np.isnan(frame["gronwall"]), np.inf, frame["gronwall"])
    assert (grown[later] >= frame["bound"][later]).all()


def test_trajectories_are_those_of_the_library():
    """The fixed step against adaptive steps: 1e-5, the error of order four at step 1/4."""
    model = error_in_time.populations(2.5)
    start = np.array([-0.9, -0.7])
    h = error_in_time.trajectories(model, error_in_time.FRACTIONS[None], start)[0]
    exact = flow(neural_field(model), start, error_in_time.TIMES)
    np.testing.assert_allclose(h, exact, atol=1e-5)


def test_periods_are_those_of_newton():
    """Two routes to the period of a network: passages of a trajectory, and the closed orbit."""
    model = rhythm.oscillator(1.0)
    field = neural_field(model)
    cycle = lt.attracting_cycle(field, np.array([1.0, 0.0]))
    period = rhythm.periods(model, rhythm.FRACTIONS[None], cycle.states[0])[0]
    assert period == pytest.approx(cycle.period, rel=1e-4)  # interpolation at step 0.04
    assert np.isnan(rhythm.periods(rhythm.oscillator(0.5), rhythm.FRACTIONS[None], np.ones(2))[0])
