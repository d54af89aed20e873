"""Chapter 8's explorer: what it draws is what the theory and the library say."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from calibrated import assert_frequency, assert_mean, assert_violations_at_most
from explored import assert_corners_can_be_drawn
from fieldlimit.explorables import derivative_deviation as shown
from fieldlimit.operator_norm import operator_guarantees, sample_norms

STOPS = {"N": [20, 3000], "d": [1, 10], "decay": [0.0, 3.0]}


def test_every_corner_of_the_sliders_can_be_drawn():
    assert_corners_can_be_drawn(shown, STOPS)


def test_a_frame_depends_on_its_parameters_alone():
    """Also when nothing is remembered from frames before."""
    parameters = {"N": 100, "d": 2, "decay": 1.0}
    once = shown.frame(**parameters)
    shown.on_places.cache_clear()
    shown.sampled.cache_clear()
    again = shown.frame(**parameters)
    numbers = [name for name, value in once.items() if not isinstance(value, str)]
    assert all(np.array_equal(once[name], again[name]) for name in numbers)


@pytest.mark.parametrize(("N", "d", "decay"), list(product((20, 1000), (1, 10), (0.0, 3.0))))
def test_no_guarantee_is_broken_and_the_mean_square_is_exact(N, d, decay):
    f = shown.on_places(d, decay).constants
    hs, op = shown.sampled(N, d, decay)
    for bound in operator_guarantees(f, N, shown.DELTA).values():
        assert_violations_at_most(int((op > bound).sum()), len(op), shown.DELTA)
    m1, m2, _ = f.hs.moments(N)
    assert_mean(hs**2, m1, variance=m2 - m1**2)
    assert (op <= hs * (1 + 1e-6)).all()  # float32 sums


def test_sampled_networks_are_those_of_the_library():
    """The quantile drawn is exceeded as often as it says by networks drawn and differentiated by the library.

    slack 0.06: two standard errors of the quantile from 240 draws, and as much for the other 400.
    """
    places = shown.on_places(2, 1.0)
    op = sample_norms(places.model, places.h, 100, 400, rng=np.random.default_rng(1))[1]
    quantile = shown.frame(N=100, d=2, decay=1.0)["quantile"]
    assert_frequency(int((op > quantile).sum()), len(op), shown.DELTA, slack=0.06)


def test_what_the_text_says_of_the_winners():
    """Flat spectrum and many neurons: Bernstein. Steep spectrum: Hilbert-Schmidt. The textbook form is never best."""
    assert shown.frame(N=3000, d=2, decay=0.0)["best"] == "bernstein"
    assert shown.frame(N=3000, d=2, decay=3.0)["best"] == "hilbert-schmidt"
    assert shown.frame(N=3000, d=2, decay=1.0)["best"] == "schatten"
    for corner in product(*STOPS.values()):
        frame = shown.frame(**dict(zip(STOPS, corner, strict=True)))
        assert frame["best"] != "textbook"
        assert frame["price"] > 1.0
