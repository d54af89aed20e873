"""Chapter 10's explorers: what they draw is what the library and the theorems say."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from explorer import Explorer
from fieldlimit.explorables import certified_ball, two_diagrams
from fieldlimit.field import finite_network, neural_field
from fieldlimit.fixed_points import fixed_point_certificate, fixed_point_constants, fixed_points
from fieldlimit.nonlinearities import Logistic

STOPS = {"N": [10, 1000, 1_000_000], "gain": [1.6, 1.886, 2.5], "seed": [0, 1]}


def test_every_corner_of_the_sliders_can_be_drawn():
    explorer = Explorer(certified_ball.frame, view=certified_ball.view, **STOPS)
    for corner in product(*STOPS.values()):
        for name, value in zip(STOPS, corner, strict=True):
            setattr(explorer, name, value)
        assert explorer.description


def test_a_frame_depends_on_its_parameters_alone():
    once = certified_ball.frame(N=1000, gain=2.5, seed=1)
    certified_ball._limit.cache_clear()
    again = certified_ball.frame(N=1000, gain=2.5, seed=1)
    for name, value in once.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, again[name])
        else:
            assert value == again[name]


@pytest.mark.parametrize("gain", [1.6, 2.0, 2.5])
def test_the_circles_are_those_of_the_theorem(gain):
    frame = certified_ball.frame(N=10_000, gain=gain, seed=0)
    model = certified_ball.populations(gain)
    found = fixed_points(neural_field(model), rng=np.random.default_rng(3)).points
    assert frame["zeros"] == len(found)
    certificates = [
        fixed_point_certificate(fixed_point_constants(model, point.h), 10_000, certified_ball.DELTA)
        for point in found
    ]
    held = [(p.h, c.radius) for p, c in zip(found, certificates, strict=True) if c.holds]
    assert frame["certified"] == len(held) == len(frame["inner_x"])
    for x, y, (h, radius) in zip(frame["inner_x"], frame["inner_y"], held, strict=True):
        np.testing.assert_allclose(np.hypot(x - h[0], y - h[1]), radius, rtol=1e-6)


def test_the_zeros_of_a_network_are_zeros_and_all_that_the_search_finds():
    frame = certified_ball.frame(N=300, gain=2.5, seed=2)
    rng = np.random.default_rng([2, 300])
    network = certified_ball.drawn_network(certified_ball.populations(2.5), 300, rng)
    h = np.stack([frame["network_x"], frame["network_y"]], axis=1)
    assert np.abs(network(h)).max() < 1e-3  # rounded to four digits, and the slope is below 10
    assert len(h) == len(fixed_points(network, rng=np.random.default_rng(0)))


def test_a_drawn_network_is_a_network():
    """Gathering the neurons of a population changes nothing."""
    model = certified_ball.populations(2.5)
    one = finite_network(model, 50, rng=np.random.default_rng(4))
    share = np.bincount(one.locations[:, 0].astype(int), minlength=2) / 50
    h = np.array([0.3, -0.4])
    by_hand = -h + model.I + (share * model.phi(h)) @ certified_ball.J.T
    np.testing.assert_allclose(one(h), by_hand, atol=1e-12)  # order of summation
    drawn = certified_ball.drawn_network(model, 50, np.random.default_rng(4))
    assert np.isclose(drawn.weights.sum(), 1) and (drawn.weights * 50 % 1 < 1e-9).all()


@pytest.mark.parametrize("model", two_diagrams.MODELS)
def test_two_diagrams(model):
    """All curves are zeros; field and network differ, and less so for a larger network."""
    explorer = Explorer(
        two_diagrams.frame, view=two_diagrams.view, model=[model], N=[30, 300], seed=range(2)
    )
    assert "bifurcates at gain" in explorer.description
    frame = two_diagrams.frame(model=model, N=300, seed=1)
    field = neural_field(
        two_diagrams.one_memory(1.0) if model == "one memory" else certified_ball.populations(1.0)
    )
    h = np.where(np.isnan(frame["field_stable"]), frame["field_unstable"], frame["field_stable"])
    shown = np.flatnonzero(np.isfinite(h))[::5]
    for i in shown:
        gain = frame["field_gain"][i]
        at = replace(field, phi=Logistic(two_diagrams.RATE[model], gain))
        zeros = fixed_points(at, rng=np.random.default_rng(0), starts=12).points
        assert min(abs(point.h[0] - h[i]) for point in zeros) < 1e-6
    critical = {"one memory": 1.0, "two populations": 1.885028}[model]
    assert frame["critical"] == pytest.approx(critical, abs=1e-3)


def test_two_diagrams_errors():
    with pytest.raises(ValueError, match="model is one of one memory, two populations"):
        two_diagrams.frame(model="none", N=30, seed=0)
