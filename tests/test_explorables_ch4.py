"""Chapter 4's explorers: what they draw is what the library and the theorems say."""

from __future__ import annotations

import numpy as np
import pytest

from explored import assert_corners_can_be_drawn
from fieldlimit import classical as cl
from fieldlimit.explorables import gronwall_price, same_dice
from fieldlimit.field import Model, finite_network, flow, neural_field
from fieldlimit.nonlinearities import Logistic

DICE = {"N": [30, 3000], "gain": [0.8, 6.4], "seed": [0, 1]}
PRICE = {
    "place": list(gronwall_price.PLACES),
    "strength": [1.5, 4.0],
    "N": [100, 1_000_000],
    "seed": [0],
}
CASES = [pytest.param(same_dice, DICE, id="dice"), pytest.param(gronwall_price, PRICE, id="price")]


@pytest.mark.parametrize(("module", "stops"), CASES)
def test_every_corner_of_the_sliders_can_be_drawn(module, stops):
    assert_corners_can_be_drawn(module, stops)


@pytest.mark.parametrize(("module", "stops"), CASES)
def test_a_frame_depends_on_its_parameters_alone(module, stops):
    first = {name: values[0] for name, values in stops.items()}
    once = module.frame(**first)
    module._limit.cache_clear()
    again = module.frame(**first)
    for name, value in once.items():
        np.testing.assert_array_equal(value, again[name])
    other = module.frame(**{**first, "seed": 7})
    assert any(not np.array_equal(once[name], other[name]) for name in ("error",))


def test_the_raster_counts_the_points_of_the_measure():
    frame = same_dice.frame(N=12, gain=6.4, seed=3)
    drawn = sum(len(frame[f"{name}_times"]) for name in ("both", "network", "limit"))
    either = len(frame["network_times"]) + len(frame["limit_times"])
    assert frame["rows"] == 12  # all of them, so that every spike is drawn
    assert frame["common"] == pytest.approx(100 * (1 - either / drawn), rel=1e-12)
    rows = np.unique(np.concatenate([frame["network_rows"], frame["limit_rows"]]))
    assert frame["share"] == pytest.approx(100 * len(rows) / 12)


@pytest.mark.parametrize("gain", [0.8, 1.6])
def test_the_bounds_of_the_picture_hold_on_average(gain):
    """12 seeds, t = 8: mean error below the bound along the trajectory, share below the promise.

    Both are a factor 1.5 or more below, some 8 standard errors of a mean of 12; no false alarm.
    """
    frames = [same_dice.frame(N=100, gain=gain, seed=seed) for seed in range(12)]
    errors = np.mean([f["error"] for f in frames], axis=0)
    shares = np.mean([f["differing"] for f in frames], axis=0)
    assert (errors <= frames[0]["along"] * 1.05 + 1e-9).all()
    assert (frames[0]["along"] <= frames[0]["a_priori"] * (1 + 1e-6)).all()
    assert (shares <= frames[0]["promised"] + 1e-9).all()
    assert frames[0]["strength"] == pytest.approx(2.5 * gain / 4)


@pytest.mark.parametrize("place", gronwall_price.PLACES)
def test_paths_are_those_of_networks(place):
    """A network with the same mean sign, by the adaptive method: the same path."""
    frame = gronwall_price.frame(place=place, strength=2.0, N=40, seed=0)
    limit = gronwall_price._limit(place, 2.0)
    model = Model(cl.sign_kernel(-2.0 if place == "inhibition" else 2.0), Logistic(1.0, 4.0))
    network = finite_network(model, 40, rng=np.random.default_rng(1))
    eta = float(np.mean(2 * network.locations - 1))
    start = np.array([gronwall_price.PLACES[place]])
    exact = flow(network, start, gronwall_price.TIMES)[:, 0]
    drawn = gronwall_price._paths(np.array([limit.push * eta]), start, limit)[:, 0]
    np.testing.assert_allclose(drawn, exact, atol=1e-6)  # order 4 with steps of 0.05
    field = flow(neural_field(model), start, gronwall_price.TIMES)[:, 0]
    np.testing.assert_allclose(frame["field"], field, atol=1e-6)


@pytest.mark.parametrize("place", gronwall_price.PLACES)
def test_truth_below_bound_and_near_the_leading_order(place):
    frame = gronwall_price.frame(place=place, strength=2.0, N=1_000_000, seed=1)
    # 200 networks know a root mean square to 5 %: four standard errors
    assert (frame["rms"][1:] <= 1.2 * frame["one_sided"][1:]).all()
    np.testing.assert_allclose(frame["rms"][1:20], frame["linear"][1:20], rtol=0.2)
    if place == "inhibition":
        assert frame["mu"] == pytest.approx(-1.0)
        assert frame["ratio"] < 5
    if place == "sink":
        assert frame["ratio"] > 1e3


@pytest.mark.parametrize("strength", [1.5, 2.0, 3.0])
def test_bound_and_leading_order_agree_at_the_saddle(strength):
    """Both are sigma (e^{mu t} - 1)/mu, up to t = 12: RK4 with mu dt <= 0.1 errs by 2e-5 at most."""
    frame = gronwall_price.frame(place="saddle", strength=strength, N=100, seed=0)
    np.testing.assert_allclose(frame["linear"][1:], frame["one_sided"][1:], rtol=1e-4)


def test_places_that_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="place is one of saddle, sink, inhibition"):
        gronwall_price.frame(place="node", strength=2.0, N=10, seed=0)
