"""Chapter 15's explorers: what they draw is what the library and the theorems say."""

from __future__ import annotations

import time
from itertools import product

import numpy as np
import pytest

from explored import assert_corners_can_be_drawn
from fieldlimit.explorables import clock_bias, one_window
from fieldlimit.field import VectorField, neural_field
from fieldlimit.network import PoissonCells, clocked_eigenvalue, simulate, thinning

STOPS = {"N": [20, 300], "J": [-4.0, 1.0, 4.0], "tube": list(one_window.WIDTHS), "step": [0, 3, 6]}


def test_every_corner_of_the_sliders_can_be_drawn():
    clock = {"dt": [0.02, 0.2], "N": [300], "damping": [0.05, 0.5]}
    assert_corners_can_be_drawn(one_window, STOPS)
    assert_corners_can_be_drawn(clock_bias, clock)


@pytest.mark.parametrize("J", STOPS["J"])
def test_the_last_pass_is_the_network(J):
    """The same points through the sequential loop and through `simulate`: the same spikes and path."""
    N = 300
    drive = one_window.REST - 0.34 * J
    net = VectorField(
        np.ones((N, 1)), np.full((N, 1), J), np.full(N, 1 / N), one_window.PHI, np.array([drive])
    )
    measure, h0 = PoissonCells(N, seed=3, duration=one_window.LENGTH), np.array([one_window.START])
    spikes = thinning(net, measure.points(0), one_window.LENGTH, h0=h0)
    again = simulate(
        net, one_window.LENGTH, rng=None, measure=measure, h0=h0, window=1.0, at=one_window.GRID
    )
    frame = one_window.frame(N=N, J=J, tube="as needed", step=6)
    assert frame["spikes"] == len(spikes.times) == len(again.times)
    assert frame["now_wrong"] == 0
    np.testing.assert_allclose(frame["exact"], one_window.PHI(again.latent[:, 0]), atol=1e-12)
    np.testing.assert_allclose(frame["exact"], frame["iterate"], atol=1e-12)
    shown = np.sort(np.concatenate([frame["certain_t"], frame["accepted_t"]]))
    np.testing.assert_allclose(shown, spikes.times, atol=6e-4)  # rounded to three digits


def test_the_verdict_is_that_of_the_check():
    for N, J in product((20, 80, 300), STOPS["J"]):
        for tube, width in one_window.WIDTHS.items():
            frame = one_window.frame(N=N, J=J, tube=tube, step=0)
            if width > 1:
                assert "stays" in frame["verdict"] and frame["low"][0] < frame["high"][0]
                continue
            assert "leaves" in frame["verdict"]


def test_the_field_of_the_circuit_rings_as_it_says():
    for damping in (0.05, 0.5):
        F = neural_field(clock_bias.circuit(damping, 3.0))
        assert np.abs(F(np.zeros(2))).max() < 1e-14
        found = np.linalg.eigvals(F.derivative(np.zeros(2)))
        np.testing.assert_allclose(
            np.sort_complex(found), [-damping - 3j, -damping + 3j], atol=1e-12
        )


def test_the_clock_makes_the_circuit_oscillate():
    """Damping 0.3: 0.1 tau is beyond the edge, 0.02 within; the exact network is quiet in both."""
    loud, quiet = (clock_bias.frame(dt=dt, N=3000, damping=0.3) for dt in (0.1, 0.02))
    assert loud["now"] > 0 > quiet["now"] == pytest.approx(clocked_eigenvalue(-0.3 + 3j, 0.02).real)
    assert loud["amplitude_clocked"] > 2 * loud["amplitude"]
    assert quiet["amplitude_clocked"] < loud["amplitude_clocked"] / 2


def test_frames_are_fast_once_visited():
    """Below 5 ms alone on a machine; 0.5 s leaves room for a busy one."""
    one_window.frame(N=300, J=4.0, tube="as needed", step=0)
    clock_bias.frame(dt=0.1, N=300, damping=0.3)
    start = time.perf_counter()
    one_window.frame(N=300, J=4.0, tube="as needed", step=3)
    clock_bias.frame(dt=0.1, N=300, damping=0.3)
    assert time.perf_counter() - start < 0.5


def test_errors():
    with pytest.raises(ValueError, match="tube is one of too narrow, as needed, too wide"):
        one_window.frame(N=20, J=1.0, tube="none", step=0)
