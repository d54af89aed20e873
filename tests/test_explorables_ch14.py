"""Chapter 14's explorers: what they draw is what the library and the theorems say."""

from __future__ import annotations

import numpy as np
import pytest

from explored import assert_corners_can_be_drawn
from fieldlimit import spike_noise as sn
from fieldlimit.explorables import noise_cloud, two_noises, wandering_bump
from fieldlimit.field import finite_network, neural_field

STOPS = {
    noise_cloud: {"N": [10, 100], "gain": [1.0, 6.0], "rank": [3, 11]},
    two_noises: {"N": [30, 100], "cue": [0.0, 0.8], "seed": [0]},
    wandering_bump: {"N": [50, 200], "seed": [0, 1]},
}
NAMES = {module: module.__name__.rsplit(".", 1)[1] for module in STOPS}


@pytest.mark.parametrize("module", STOPS, ids=NAMES.values())
def test_every_corner_of_the_sliders_can_be_drawn(module):
    assert_corners_can_be_drawn(module, STOPS[module])


@pytest.mark.parametrize("module", STOPS, ids=NAMES.values())
def test_a_frame_depends_on_its_parameters_alone(module):
    corner = {name: values[0] for name, values in STOPS[module].items()}
    once, again = module.frame(**corner), module.frame(**corner)
    for name, value in once.items():
        np.testing.assert_array_equal(value, again[name])


def test_the_cloud_lies_in_the_ellipse_and_below_the_guarantee():
    """200 runs: 95 % within three standard errors (4.6 %), and the mean square within 30 % of linear noise."""
    for rank in (3, 11):
        frame = noise_cloud.frame(N=300, gain=1.0, rank=rank)
        assert 0.90 <= frame["inside"] <= 1.0
        assert 0.7 < frame["ratio"] < 1.3
        bound = np.interp(frame["times"], frame["fine"], frame["guaranteed"])
        assert (frame["measured"] < bound).all()
        assert (frame["predicted"] < frame["guaranteed"]).all()


def test_a_negative_rate_of_dissipation_guarantees_nothing():
    frame = noise_cloud.frame(N=100, gain=6.0, rank=5)
    assert frame["alpha"] < 0 and np.isnan(frame["guaranteed"]).all()


def test_the_rate_equations_of_many_networks_are_solved_together():
    """As `fieldlimit.field.flow` does it for one of them; Runge and Kutta's steps of 1/4 err by 1e-3."""
    from fieldlimit.field import flow

    model = two_noises.ring(0.2)
    rng = np.random.default_rng(1)
    networks = [finite_network(model, 40, rng=rng) for _ in range(3)]
    h = np.array([-0.4, 0.7, 0.0])
    together = two_noises._rates(networks, h)
    for network, path in zip(networks, together, strict=True):
        np.testing.assert_allclose(path, flow(network, h, two_noises.TIMES), atol=2e-3)


def test_the_variances_are_those_of_the_fluctuation_limit():
    frame = two_noises.frame(N=100, cue=0.2, seed=0)
    model = two_noises.ring(0.2)
    F = neural_field(model)
    limit = two_noises._limit(0.2)
    assert np.linalg.norm(F(limit.h)) < 1e-9
    claim = sn.fluctuation_limit(F, limit.h, two_noises.TIMES[5])
    for name, matrix in (("dynamic", claim.dynamic), ("quenched", claim.quenched)):
        np.testing.assert_allclose(
            frame[name][4], np.sqrt(matrix[2, 2] / 100) / limit.h[1], rtol=1e-4
        )


def test_stable_places_are_zeros_of_the_velocity_where_it_falls():
    frame = wandering_bump.frame(N=200, seed=1)
    model, h, motion = wandering_bump._bump()
    network = finite_network(model, 200, rng=np.random.default_rng([1, 200]))
    size = frame["typical"]
    for theta in frame["stable_x"]:
        v = sn.phase_drift(network, motion, model, h, theta + np.array([-0.1, 0.0, 0.1]))
        assert abs(v[1]) < 0.02 * size and v[0] > 0 > v[2]
