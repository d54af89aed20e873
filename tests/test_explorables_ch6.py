"""flow_plane: the two flows agree with the library's, and the equilibria are equilibria."""

import numpy as np
import pytest

from explorer import Explorer
from fieldlimit.explorables import flow_plane
from fieldlimit.field import finite_network, flow, neural_field

MODELS = list(flow_plane.MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_trajectories_are_those_of_the_adaptive_integrator(model):
    network = finite_network(flow_plane.MODELS[model](2.0), 100, rng=np.random.default_rng(0))
    starts = np.random.default_rng(1).standard_normal((4, len(network.I)))
    times = flow_plane.STEP * np.arange(flow_plane.STEPS + 1)
    for start, path in zip(starts, flow_plane.trajectories(network, starts), strict=True):
        # the classical rule's error at this step; a pixel of the picture is 1.7e-2
        np.testing.assert_allclose(path, flow(network, start, times), rtol=0, atol=5e-3)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("N", [50, 1000])
def test_equilibria_are_zeros_with_the_stability_shown(model, N):
    frame = flow_plane.frame(model=model, N=N, gain=2.0, seed=4)
    assert frame["equilibria"] % 2 == 1
    limit = flow_plane._limit(model, 2.0)
    network = finite_network(flow_plane.MODELS[model](2.0), N, rng=np.random.default_rng(4))
    found, stable = flow_plane.zeros(network, limit.guesses)
    assert np.abs(network(found)).max() < 1e-7
    for h, is_stable in zip(found, stable, strict=True):
        assert (np.linalg.eigvals(network.derivative(h)).real.max() < 0) == is_stable
    assert frame["stable"] == stable.sum() == len(frame["network_rest_x"])


def test_the_field_with_two_memories_has_nine_equilibria_with_the_square_s_symmetry():
    frame = flow_plane.frame(model="two memories", N=20, gain=2.0, seed=0)
    rest = np.stack([frame["rest_x"], frame["rest_y"]], axis=1)
    saddles = np.stack([frame["saddle_x"], frame["saddle_y"]], axis=1)
    assert len(rest) == 4 and len(saddles) == 5
    np.testing.assert_allclose(
        np.sort(np.abs(rest), axis=1)[:, 0], 0, atol=1e-8
    )  # on the axes; Newton's tolerance
    np.testing.assert_allclose(
        np.abs(saddles[:, 0]), np.abs(saddles[:, 1]), atol=1e-8
    )  # on the diagonals
    assert frame["field_stable"] == "4 stable equilibria"


@pytest.mark.parametrize("gain", [0.98, 1.02])
def test_without_input_two_memories_lose_stability_at_gain_one(gain):
    F = neural_field(flow_plane.two_memories(gain))
    np.testing.assert_allclose(
        F.derivative(np.zeros(2)), (gain - 1) * np.eye(2), atol=1e-12
    )  # rounding


def test_the_ring_of_the_field_is_a_circle_of_zeros():
    limit = flow_plane._limit("ring", 2.0)
    F = neural_field(flow_plane.ring(2.0))
    on_circle = limit.guesses[:16]
    assert np.abs(F(on_circle)).max() < 1e-6  # relaxed for 30 time constants from t = 10
    np.testing.assert_allclose(on_circle[:, 1:], limit.circle[:-1:3], rtol=0, atol=0)


def test_a_frame_is_pure_and_refuses_unknown_models():
    first = flow_plane.frame(model="ring", N=20, gain=1.5, seed=3)
    again = flow_plane.frame(model="ring", N=20, gain=1.5, seed=3)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    with pytest.raises(ValueError, match="two memories"):
        flow_plane.frame(model="chaos", N=20, gain=1.5, seed=3)


def test_the_chapter_s_explorer_can_be_made_and_describes_itself():
    explorer = Explorer(
        flow_plane.frame,
        view=flow_plane.view,
        model=MODELS,
        N=[20, 100],
        gain=[0.8, 2.0],
        seed=range(2),
    )
    assert "1 stable equilibrium" in explorer.description
    explorer.N, explorer.gain, explorer.model = 100, 2.0, "ring"
    assert "a circle of equilibria" in explorer.description


def test_arrows_keep_the_direction_of_the_velocity():
    limit = flow_plane._limit("two memories", 1.5)
    velocity = neural_field(flow_plane.two_memories(1.5), 1024)(limit.grid)
    cross = limit.arrows[:, 0] * velocity[:, 1] - limit.arrows[:, 1] * velocity[:, 0]
    assert np.abs(cross).max() < 1e-12  # rounding
    assert (np.sum(limit.arrows * velocity, axis=1) >= 0).all()
