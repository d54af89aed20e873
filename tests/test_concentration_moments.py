"""thm-mean-square, prop-lower, thm-moments: exact moments against enumeration of every network."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from calibrated import assert_bound_with_teeth, assert_mean, assert_rejected
from conftest import Point
from fieldlimit.concentration import (
    cantelli_deviation,
    cubic_deviation,
    cubic_tail,
    fluctuation,
    mean_square,
    moments_deviation,
    paley_zygmund_lower,
    sample_deviations,
)
from fieldlimit.field import Model, neural_field
from fieldlimit.kernels import population_kernel
from fieldlimit.nonlinearities import Logistic

ROUNDING = 1e-11  # relative: sums of up to 4^5 products of numbers of order 1


def every_square(point: Point, N: int, m: int) -> tuple[np.ndarray, np.ndarray]:
    """D^2 and its probability for each of the P^N networks on a finite space, from the tensors."""
    rule = point.model.kernel.space.quadrature(1)
    k, w = point.model.kernel.k(rule.nodes), point.model.kernel.w(rule.nodes)
    Y = point.model.phi.derivative(k @ point.h, m)[:, None] * w
    for _ in range(m):
        Y = (Y[:, :, None] * k[:, None, :]).reshape(len(k), -1)
    xi = Y - rule.weights @ Y
    tuples = np.array(list(itertools.product(range(len(k)), repeat=N)))  # (P^N, N)
    squares = (xi[tuples].mean(axis=1) ** 2).sum(axis=1)
    return squares, rule.weights[tuples].prod(axis=1)


@pytest.mark.checks("thm-mean-square", "thm-moments")
@pytest.mark.parametrize("m", [0, 1, 2])
@pytest.mark.parametrize("N", [1, 2, 3, 5])
def test_moments_are_exact(populations: Point, N: int, m: int) -> None:
    squares, probabilities = every_square(populations, N, m)
    constants = fluctuation(populations.model, populations.h, m)
    moments = constants.moments(N)
    for p in (1, 2, 3):
        assert moments[p - 1] == pytest.approx(probabilities @ squares**p, rel=ROUNDING)
    assert mean_square(N, trace=constants.trace) == pytest.approx(moments.m1, rel=ROUNDING)


@pytest.mark.checks("thm-mean-square")
@pytest.mark.parametrize("m", [0, 1])
def test_mean_square_by_simulation(point: Point, m: int) -> None:
    """Detects a relative error of 25 %: six standard errors of the mean of 2000 squares."""
    N, rng = 60, np.random.default_rng(11)
    squares = sample_deviations(point.model, point.h, N, 2000, rng=rng, m=m) ** 2
    moments = fluctuation(point.model, point.h, m).moments(N)
    variance = moments.m2 - moments.m1**2
    assert_mean(squares, moments.m1, variance=variance)
    for wrong in (0.75, 1.25):
        assert_rejected(
            lambda wrong=wrong: assert_mean(squares, wrong * moments.m1, variance=variance)
        )


@pytest.mark.checks("prop-lower")
@pytest.mark.parametrize("N", [1, 2, 4])
def test_lower_bound_holds_for_every_law(populations: Point, N: int) -> None:
    squares, probabilities = every_square(populations, N, 0)
    m1, m2, _ = fluctuation(populations.model, populations.h).moments(N)
    for theta in np.linspace(0.0, 0.99, 50):
        promised = paley_zygmund_lower(theta, m1=m1, m2=m2)
        assert promised <= probabilities[squares > theta * m1].sum() + ROUNDING


@pytest.mark.checks("prop-lower")
def test_lower_bound_has_teeth() -> None:
    """One rare population that alone is heard: the inequality is nearly attained."""
    rare = np.array([0.02, 0.98])
    model = Model(population_kernel(np.array([[1.0, 0.0], [0.0, 0.0]]), rare), Logistic())
    point = Point(model, np.zeros(2))
    squares, probabilities = every_square(point, 1, 0)
    m1, m2, _ = fluctuation(model, point.h).moments(1)
    theta = 0.05
    truth = probabilities[squares > theta * m1].sum()
    promised = paley_zygmund_lower(theta, m1=m1, m2=m2)
    assert promised <= truth < 1.2 * promised


@pytest.mark.checks("thm-moments")
@pytest.mark.parametrize("delta", [0.5, 0.2, 0.05, 0.01, 1e-3])
@pytest.mark.parametrize("N", [1, 2, 5])
def test_moment_bounds_hold_exactly(populations: Point, N: int, delta: float) -> None:
    squares, probabilities = every_square(populations, N, 0)
    moments = fluctuation(populations.model, populations.h).moments(N)
    for bound in (
        cantelli_deviation(delta, m1=moments.m1, m2=moments.m2),
        cubic_deviation(delta, **moments._asdict()),
    ):
        assert probabilities[squares > bound**2].sum() <= delta


@pytest.mark.checks("thm-moments")
@pytest.mark.parametrize("bound", [cantelli_deviation, cubic_deviation])
@pytest.mark.parametrize("delta", [0.3, 0.05, 0.01])
def test_moment_bounds_are_attained(bound: object, delta: float) -> None:
    """No bound from these moments alone can be less: a law on two or three points attains it."""
    if bound is cantelli_deviation:
        atoms, weights = np.array([1.0, 5.0]), np.array([1.0 - delta, delta])
    else:
        atoms, weights = (
            np.array([0.0, 1.0, 6.0]),
            np.array([0.4 * (1 - delta), 0.6 * (1 - delta), delta]),
        )
    m = [float(weights @ atoms**p) for p in (1, 2, 3)]
    if bound is cantelli_deviation:
        value = cantelli_deviation(delta, m1=m[0], m2=m[1])
    else:
        value = cubic_deviation(delta, m1=m[0], m2=m[1], m3=m[2])
    assert value**2 == pytest.approx(atoms[-1], rel=1e-9)  # bisection stops at 1e-12
    assert value**2 >= atoms[-1]  # and on the safe side


@pytest.mark.checks("thm-moments")
def test_cubic_tail_is_the_minimum_over_alpha(torus: Point) -> None:
    m1, m2, m3 = fluctuation(torus.model, torus.h).moments(50)
    for square in m1 * np.array([0.5, 1.0, 2.0, 4.0, 8.0]):
        alpha = np.linspace(-50.0 * square, square, 400_001)[:-1]  # any al < s is admissible
        values = (m3 - 2 * alpha * m2 + alpha**2 * m1) / (square * (square - alpha) ** 2)
        tail = cubic_tail(square, m1=m1, m2=m2, m3=m3)
        assert tail <= min(1.0, values.min()) + 1e-12
        if square > m2 / m1:  # the minimiser is interior: the grid of step 1e-4 s comes near it
            assert tail == pytest.approx(values.min(), rel=1e-4)


@pytest.mark.checks("thm-moments")
@pytest.mark.parametrize("m", [0, 1])
def test_moment_bound_by_simulation(point: Point, m: int) -> None:
    """2000 networks of 100 neurons; a bound too small by a factor 0.7 is detected."""
    N, delta, rng = 100, 0.05, np.random.default_rng(12)
    D = sample_deviations(
        point.model, point.h, N, 2000, rng=rng, m=m, field=neural_field(point.model, 4096)
    )
    bound = moments_deviation(delta, **fluctuation(point.model, point.h, m).moments(N)._asdict())
    assert_bound_with_teeth(D, bound, delta, weakened=0.7)


def test_degenerate_laws() -> None:
    assert cantelli_deviation(0.05, m1=0.0, m2=0.0) == 0.0
    assert cubic_deviation(0.05, m1=0.0, m2=0.0, m3=0.0) == 0.0
    # D constant: the moments know it, and no bound is larger than rounding allows.
    assert cantelli_deviation(0.05, m1=4.0, m2=16.0) == pytest.approx(2.0, rel=1e-9)
    assert cubic_deviation(0.05, m1=4.0, m2=16.0, m3=64.0) == pytest.approx(2.0, rel=1e-9)
    # D^2 is 0 or 4, the latter with probability 0.3: 4 for delta < 0.3, and Markov's m_1/delta above.
    law = {f"m{p}": 0.3 * 4.0**p for p in (1, 2, 3)}
    assert cubic_deviation(0.1, **law) == pytest.approx(2.0, rel=1e-6)  # root of a rounding error
    assert cubic_deviation(0.5, **law) == pytest.approx((1.2 / 0.5) ** 0.5, rel=1e-9)


def test_errors() -> None:
    with pytest.raises(ValueError, match=r"delta is a probability in \(0, 1\), but delta = 1.2"):
        cantelli_deviation(1.2, m1=1.0, m2=2.0)
    with pytest.raises(ValueError, match="m2 is at least 0, but m2 = -1.0"):
        cantelli_deviation(0.1, m1=1.0, m2=-1.0)
    with pytest.raises(ValueError, match=r"theta is at least 0 and below 1"):
        paley_zygmund_lower(1.0, m1=1.0, m2=2.0)
    with pytest.raises(ValueError, match=r"m1\^2 <= m2"):
        paley_zygmund_lower(0.5, m1=2.0, m2=1.0)
    with pytest.raises(ValueError, match="N is an integer >= 1, but N = 0"):
        mean_square(0, trace=1.0)


def test_levels_too_small_for_a_square_are_no_error() -> None:
    """Where (t - mu)^2 is beyond floating point the bounds are huge, and finite."""
    m1, m2, m3 = 1e-3, 2e-6, 6e-9
    for delta in (1e-100, 1e-200, 1e-300):
        assert 1.0 < cubic_deviation(delta, m1=m1, m2=m2, m3=m3) < math.inf
