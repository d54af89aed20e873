"""Chapter 9's explorer: what it draws is what the theory and the library say."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from explored import assert_corners_can_be_drawn
from fieldlimit.explorables import worst_state as shown
from fieldlimit.uniform import ball, uniform_guarantees

STOPS = {"N": [20, 2000], "R": [0.1, 30.0], "decay": [0.5, 3.0]}


def test_every_corner_of_the_sliders_can_be_drawn():
    assert_corners_can_be_drawn(shown, STOPS)


def test_a_frame_depends_on_its_parameters_alone():
    """Also when nothing is remembered from frames before."""
    once = shown.frame(N=100, R=1.0, decay=1.5)
    shown.searched.cache_clear()
    shown.on_places.cache_clear()
    again = shown.frame(N=100, R=1.0, decay=1.5)
    assert all(np.array_equal(once[name], again[name]) for name in once)


@pytest.mark.parametrize(("N", "decay"), list(product((20, 2000), (0.5, 3.0))))
def test_what_is_drawn(N, decay):
    """The worst state is in its ball and has the deviation drawn, above the typical and below the guarantee."""
    found, field = shown.searched(N, decay), shown.on_places(decay)
    norms = np.linalg.norm(found.worst, axis=1)
    assert (norms <= shown.RADII * (1 + 1e-9)).all()
    assert (np.diff(found.largest) >= 0).all()
    p = (found.shares - 1.0) / shown.PLACES
    k = field.features
    at_worst = [np.linalg.norm((p * field.model.phi(k @ h)) @ k) for h in found.worst]
    assert np.allclose(at_worst, found.largest, rtol=1e-9)
    assert (found.quantiles[0] < found.largest).all()
    assert (found.largest < found.promised).all()
    promised = uniform_guarantees(ball(field.model, np.zeros(25), 1.0), N, shown.DELTA)
    assert shown.frame(N=N, R=1.0, decay=decay)["bound"] == pytest.approx(min(promised.values()))


def test_what_the_text_says_of_the_guarantee():
    """Within a factor 2.5 of the worst at R = 0.1, beyond five at R = 1, falling like N^(-1/2)."""
    near, far = (shown.frame(N=500, R=R, decay=1.5) for R in (0.1, 1.0))
    assert near["factor"] < 2.5 and far["factor"] > 5.0
    many = shown.frame(N=10_000, R=1.0, decay=1.5)
    assert 0.1 < many["D"] / far["D"] < 0.45  # 20^(-1/2) = 0.22, of two draws
    assert far["gap"] > 1.3
