"""Nonlinearities: derivatives against Taylor remainders, sups against dense grids."""

import math

import numpy as np
import pytest

from fieldlimit.nonlinearities import (
    ErrorFunction,
    Exponential,
    Logistic,
    ThresholdLinear,
    tanh_rate,
)

SMOOTH = [Logistic(2.0, 3.0, 0.5), ErrorFunction(2.0, 3.0, 0.5), tanh_rate(1.5, 0.7, -1.0)]
ALL_SMOOTH = [*SMOOTH, Exponential(0.5, 1.3)]
ids = repr


@pytest.mark.parametrize("phi", ALL_SMOOTH, ids=ids)
@pytest.mark.parametrize("m", range(6))
def test_derivatives_have_taylor_remainders_of_order_two(phi, m):
    s = np.linspace(-1.0, 1.5, 7)
    steps = 0.02 / 2.0 ** np.arange(6)
    remainders = [
        np.linalg.norm(
            phi.derivative(s + e, m) - phi.derivative(s, m) - e * phi.derivative(s, m + 1)
        )
        for e in steps
    ]
    slope = np.polyfit(np.log(steps), np.log(remainders), 1)[0]
    assert abs(slope - 2) < 0.05  # style: the remainder is e^2 up to e^3


@pytest.mark.parametrize("phi", ALL_SMOOTH, ids=ids)
@pytest.mark.parametrize("m", range(9))
@pytest.mark.parametrize("radius", [0.0, 0.2, 0.9, 3.0, math.inf])
def test_sups_are_attained_and_never_exceeded(phi, m, radius):
    if math.isinf(radius) and not phi.bounded:
        assert phi.sup(m) == math.inf
        return
    reach = min(radius, 30.0)
    grid = np.linspace(-reach, reach, 40_001)
    largest = np.abs(phi.derivative(grid, m)).max()
    sup = phi.sup(m, radius)
    assert largest <= sup * (1 + 1e-9)  # rounding of polynomials of degree up to 9
    # the grid misses a maximum by step^2/2 |phi^(m+2)|: below 1e-4 relative at these gains
    assert largest >= sup * (1 - 1e-4)


@pytest.mark.parametrize("phi", SMOOTH, ids=ids)
def test_sup_grows_with_the_radius_to_its_limit(phi):
    radii = [0.1, 0.5, 1.0, 2.0, 5.0, math.inf]
    for m in range(5):
        sups = [phi.sup(m, R) for R in radii]
        assert sups == sorted(sups)


@pytest.mark.parametrize("phi", [*ALL_SMOOTH, ThresholdLinear(2.0, 0.5)], ids=ids)
def test_the_inverse_undoes_phi(phi):
    """To rounding (where it does not cancel), and without a warning at 0 and beyond the largest rate."""
    h = np.linspace(0.6, 1.5, 19)
    np.testing.assert_allclose(phi.inverse(phi(h)), h, rtol=1e-12)
    u = np.array([1e-9, 0.3, 0.9])
    np.testing.assert_allclose(
        phi(phi.inverse(u)), u, rtol=1e-6
    )  # 1e-9 is the difference of numbers of order 1
    if phi.bounded:
        assert np.array_equal(phi.inverse([0.0, phi.rate, 2 * phi.rate]), [-np.inf, np.inf, np.inf])


def test_closed_forms():
    logistic = Logistic(2.0, 3.0, 0.5)
    assert logistic.sup(0) == 2.0
    assert logistic.sup(1) == pytest.approx(2 * 3 / 4, rel=1e-14)
    assert logistic.sup(2) == pytest.approx(2 * 9 / (6 * math.sqrt(3)), rel=1e-13)
    assert logistic.sup(3) == pytest.approx(2 * 27 / 8, rel=1e-13)
    normal = ErrorFunction(2.0, 3.0, 0.5)
    assert normal.sup(1) == pytest.approx(6 / math.sqrt(2 * math.pi), rel=1e-14)
    assert normal.sup(2) == pytest.approx(18 / math.sqrt(2 * math.pi * math.e), rel=1e-13)
    h = np.linspace(-2, 2, 9)
    assert np.allclose(tanh_rate(3.0, 2.0, 0.1)(h), 1.5 * (1 + np.tanh(2 * (h - 0.1))), rtol=1e-14)
    assert normal(np.array([0.5])) == 1.0


def test_tails_keep_their_relative_accuracy():
    """s^(m)(t) ~ e^t far left and (-1)^(m+1) e^(-t) far right: P_m(s) near s = 1 would cancel."""
    phi = Logistic()
    for m in range(1, 7):
        left, right = phi.derivative(np.array([-45.0, 45.0]), m)
        assert left == pytest.approx(math.exp(-45), rel=1e-13)
        assert right == pytest.approx((-1) ** (m + 1) * math.exp(-45), rel=1e-13)
    with np.errstate(all="raise", under="ignore"):
        assert np.array_equal(phi(np.array([-1e6, 1e6])) > 0.5, [False, True])


@pytest.mark.parametrize("phi", [*ALL_SMOOTH, ThresholdLinear(2.0, 0.3)], ids=ids)
def test_rates_are_nonnegative_and_increase(phi):
    values = phi(np.linspace(-4, 4, 200))
    assert (values >= 0).all()
    assert (np.diff(values) >= 0).all()


def test_threshold_linear_is_flagged():
    phi = ThresholdLinear(2.0, 0.3)
    assert phi.smoothness == 0
    assert not phi.bounded
    assert np.array_equal(phi.derivative(np.array([0.0, 0.3, 1.0]), 1), [0.0, 0.0, 2.0])
    assert (phi.sup(0, 1.3), phi.sup(1), phi.sup(1, 0.2)) == (2.0, 2.0, 0.0)
    assert phi.sup(0) == math.inf
    with pytest.raises(ValueError, match=r"kink.* m = 2"):
        phi.derivative(np.zeros(1), 2)
    with pytest.raises(ValueError, match=r"kink.* m = 3"):
        phi.sup(3)


def test_exponential_is_flagged():
    phi = Exponential(0.5, 2.0)
    assert not phi.bounded
    assert phi.smoothness == math.inf
    assert phi.sup(2, 1.0) == pytest.approx(0.5 * 4 * math.exp(2.0), rel=1e-15)
    assert phi.sup(0, 1e6) == math.inf  # beyond the range of floats


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Logistic(rate=-1.0), "rate is finite and positive, but rate = -1.0"),
        (lambda: Logistic(gain=math.nan), "gain is finite and positive, but gain = nan"),
        (lambda: ErrorFunction(threshold=math.inf), "threshold is finite"),
        (lambda: ThresholdLinear(gain=0.0), "gain = 0.0"),
        (lambda: Exponential(rate=0.0), "rate = 0.0"),
        (lambda: Logistic().derivative(np.zeros(1), -1), "m is an integer >= 0, but m = -1"),
        (lambda: Logistic().sup(1.5), "m = 1.5"),
        (lambda: Logistic().sup(0, -1.0), "radius is at least 0, but radius = -1.0"),
        (lambda: ErrorFunction().sup(2, math.nan), "radius = nan"),
    ],
)
def test_hypotheses_are_checked(make, message):
    with pytest.raises(ValueError, match=message):
        make()
