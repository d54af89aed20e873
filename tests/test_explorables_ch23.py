"""The explorers of chapters 2 and 3: pure frames that show what the chapters say."""

import numpy as np
import pytest

from explorer import Explorer
from fieldlimit.explorables import field_in_time, kernel_shape
from fieldlimit.field import finite_network, flow, neural_field
from fieldlimit.spread import leading_spread

EXPLORERS = [kernel_shape, field_in_time]


@pytest.mark.parametrize("module", EXPLORERS, ids=lambda m: m.__name__.rpartition(".")[2])
def test_frames_are_deterministic_and_fit_their_view(module):
    explorer = Explorer(module.frame, view=module.view, start=module.start, **module.stops)
    first, second = explorer.compute(), module.frame(**module.start)
    for name, value in second.items():
        assert np.array_equal(first[name], value), name
    assert explorer.description


@pytest.mark.parametrize("family", kernel_shape.FAMILIES)
@pytest.mark.parametrize("d", [1, 20])
@pytest.mark.parametrize("length", [0.3, 3.0])
def test_every_family_has_frames_and_functions_below_kappa(family, d, length):
    explorer = Explorer(kernel_shape.frame, view=kernel_shape.view, **kernel_shape.stops)
    shown = explorer.compute({"family": family, "length": length, "d": d})
    assert shown["largest"] <= 1 + 1e-12
    assert np.abs(shown["shape"]).max() <= 1 + 1e-12
    assert shown["patterns"] >= 1 - 1e-12


@pytest.mark.parametrize("family", ["power law", "exponential", "head direction"])
def test_prescribed_spectra_do_not_see_the_dimension(family):
    one = kernel_shape.frame(family=family, length=0.5, d=1)
    many = kernel_shape.frame(family=family, length=0.5, d=20)
    for name in ("positive", "other", "top"):
        assert np.array_equal(one[name], many[name])


def test_the_gaussian_keeps_its_shape_and_loses_its_spectrum():
    frames = [kernel_shape.frame(family="Gaussian", length=0.8, d=d) for d in (1, 2, 3)]
    assert all(np.array_equal(f["shape"], frames[0]["shape"]) for f in frames)
    patterns = np.array([f["patterns"] for f in frames])
    assert np.allclose(patterns, patterns[0] ** np.array([1, 2, 3]))


def test_a_hat_has_eigenvalues_of_both_signs():
    shown = kernel_shape.frame(family="Mexican hat", length=0.5, d=1)
    assert len(shown["positive"]) > 0
    assert len(shown["other"]) > 0


def test_field_in_time_shows_errors_of_the_trajectories_it_draws():
    """Against a finer integration of the same network and field."""
    setting = {"N": 300, "gain": 1.2, "input": 0.2, "seed": 2}
    shown = field_in_time.frame(**setting)
    made = field_in_time.model(1.2, 0.2)
    network = finite_network(made, 300, rng=np.random.default_rng([2, 300, 1]))
    h0 = field_in_time.coordinates(0.0, field_in_time.CUE, field_in_time.ANGLE)
    fine = [flow(F, h0, field_in_time.TIMES) for F in (neural_field(made, 512), network)]
    # the frame integrates with rtol 1e-4 a step; 64 nodes are exact to rounding at this gain
    assert np.allclose(shown["errors"], np.linalg.norm(fine[1] - fine[0], axis=1)[1:], atol=5e-3)
    assert shown["ends"][field_in_time.SIZES.index(300)] == shown["last"]


def test_field_in_time_takes_values_between_its_stops():
    shown = field_in_time.frame(N=77, gain=1.33, input=0.1, seed=1)
    assert shown["here_N"][0] == 77


def test_leading_spread_predicts_the_mean_square_distance():
    """200 networks of 1000 neurons, gain 1.2, eps 0.2, where second order is small.

    The mean of 200 squared distances, whose relative standard deviation is at most sqrt(2) a piece
    for a Gaussian in 3 dimensions, is known to 10 %; five of these and 10 % of second order are
    allowed for: a false alarm is rarer than 1e-6, a prediction wrong by a factor 1.7 is detected.
    """
    made = field_in_time.model(1.2, 0.2)
    h0 = field_in_time.coordinates(0.0, field_in_time.CUE, field_in_time.ANGLE)
    times = np.array([0.0, 1.0, 6.0])
    limit = flow(neural_field(made), h0, times)
    rng = np.random.default_rng(11)
    squares = [
        np.sum(
            (flow(finite_network(made, 1000, rng=rng), h0, times, rtol=1e-5) - limit) ** 2, axis=1
        )
        for _ in range(200)
    ]
    seen = 1000 * np.mean(squares, axis=0)[1:]
    ratio = seen / leading_spread(made, h0, times)[1:] ** 2
    assert (ratio > 1 / 1.6).all()
    assert (ratio < 1.6).all()


def test_leading_spread_of_a_short_time_is_the_variance_of_the_field():
    """Exact to first order: v_x(t) = t (w_x phi(h0(x)) - mean) + O(t^2)."""
    made = field_in_time.model(2.0, 0.0)
    h0 = field_in_time.coordinates(0.0, 0.5, 1.0)
    F = neural_field(made)
    drives = F.phi(F.potentials(h0))[:, None] * F.w
    trace = F.weights @ np.sum((drives - F.weights @ drives) ** 2, axis=1)
    t = 1e-4
    seen = leading_spread(made, h0, np.array([0.0, t]), rtol=1e-9)[1]
    assert seen == pytest.approx(t * np.sqrt(trace), rel=1e-3)


def test_leading_spread_refuses_times_that_do_not_start_at_zero():
    made = field_in_time.model(2.0, 0.0)
    with pytest.raises(ValueError, match="from 0"):
        leading_spread(made, np.zeros(3), np.array([1.0, 2.0]))
