"""Chapter 13's explorer: what it draws is what the certificate says."""

from __future__ import annotations

import time
from itertools import product

import numpy as np
import pytest

from explorer import Explorer
from fieldlimit.certify import certificate_at
from fieldlimit.certify.claims import rounded_up
from fieldlimit.explorables import calculator

STOPS = {"model": calculator.MODELS, "N": [30, 3000], "delta": [0.05]}


def test_every_corner_of_the_sliders_can_be_drawn():
    explorer = Explorer(calculator.frame, view=calculator.view, **STOPS)
    for corner in product(*STOPS.values()):
        for name, value in zip(STOPS, corner, strict=True):
            setattr(explorer, name, value)
        assert "certified" in explorer.description


def test_a_frame_depends_on_its_parameters_alone():
    once = calculator.frame(model="bit: silent", N=1000, delta=0.05)
    for cache in (calculator._certificate, calculator._networks, calculator._over_sizes):
        cache.cache_clear()
    again = calculator.frame(model="bit: silent", N=1000, delta=0.05)
    for name, value in once.items():
        np.testing.assert_array_equal(value, again[name])


def test_a_visited_frame_is_fast():
    """Below 1 ms alone on a machine; 0.2 s leaves room for a busy one."""
    calculator.frame(model="head direction", N=1000, delta=0.05)
    start = time.perf_counter()
    calculator.frame(model="head direction", N=1000, delta=0.05)
    assert time.perf_counter() - start < 0.2


@pytest.mark.parametrize("model", ["bit: silent", "orientation, d = 1", "head direction"])
def test_the_green_is_the_certificate(model):
    """Radius, discs and error curve are those of `certificate_at`; drawn networks keep to them."""
    N, delta = 1000, 0.05
    frame = calculator.frame(model=model, N=N, delta=delta)
    c = certificate_at(calculator._state(model).constants, N, delta)
    at = np.interp(np.log(N), np.log(frame["sizes"]), np.log(frame["radius"]))
    assert np.exp(at) == pytest.approx(c.radius, rel=0.05)  # between two sizes
    assert np.nanmax(frame["bound"]) <= c.error * (1 + 1e-9)
    assert np.mean(frame["seen"] > c.radius) < 0.5  # 5 % of 16 networks at most, as a rule none
    above = frame["wobble"] > frame["bound"] + 1e-9
    assert not above[:, 1:].any()
    centres = c.constants.eigenvalues[: calculator.SHOWN]
    radius = np.abs(frame["disc_x"][0] + 1j * frame["disc_y"][0] - centres[0])
    expected = c.spectrum.discs[0].radius if c.spectrum.discs else c.shift
    np.testing.assert_allclose(radius, expected, rtol=1e-9)
    assert f"within {rounded_up(c.radius)} of" in frame["answer"]
    for value, words in ((c.radius, "answer"), (c.shift, "moves"), (c.error, "stays")):
        printed = [float(word.strip(",")) for word in frame[words].split() if word[0].isdigit()]
        assert min(abs(x - value) for x in printed if x >= value) < 0.01 * value  # outwards


def test_the_saddle_is_left_in_the_end():
    frame = calculator.frame(model="bit: saddle", N=1_000_000, delta=0.05)
    last = np.isfinite(frame["bound"])
    assert last[0] and not last[-1]
    assert (frame["wobble"][:, last] <= frame["bound"][last] + 1e-3).all()  # interpolated curve


def test_errors():
    with pytest.raises(ValueError, match="model is one of bit: silent"):
        calculator.frame(model="none", N=30, delta=0.05)
