"""Uniform control of a ball: the guarantees, each step of their proof, the worst state, and shattering."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from calibrated import assert_bound_with_teeth, assert_violations_at_most
from conftest import Point
from fieldlimit.concentration import deviation
from fieldlimit.field import Model, finite_network, neural_field
from fieldlimit.kernels import finite_rank_kernel, population_kernel, power_law, torus_kernel
from fieldlimit.nonlinearities import Logistic, ThresholdLinear
from fieldlimit.spaces import FiniteSpace
from fieldlimit.uniform import (
    ball,
    contraction_mean,
    rank_deviation,
    shattering_floor,
    shattering_state,
    told_apart,
    uniform_deviation,
    uniform_guarantees,
    uniform_mean,
    worst_state,
)

N, DELTA, DRAWS = 200, 0.05, 600


def worst_of_many(point: Point, radius: float, draws: int) -> np.ndarray:
    """The worst deviation that a short ascent finds in each of many networks."""
    rng, field = np.random.default_rng(17), neural_field(point.model, 576)
    seen = [
        worst_state(
            finite_network(point.model, N, rng=rng),
            field,
            point.h,
            radius,
            rng=rng,
            starts=3,
            steps=6,
        ).deviation
        for _ in range(draws)
    ]
    return np.array(seen)


@pytest.mark.checks("thm-uniform")
def test_small_ball_with_teeth(point: Point) -> None:
    """At radius 0.01 the guarantee with J = 2 is that of the centre: 0.45 of it is exceeded too often."""
    bound = uniform_guarantees(ball(point.model, point.h, 0.01), N, DELTA)["J = 2"]
    assert_bound_with_teeth(worst_of_many(point, 0.01, DRAWS), bound, DELTA, weakened=0.45)


@pytest.mark.checks("thm-uniform", "prop-uniform-rank")
@pytest.mark.parametrize("radius", [0.1, 1.0, 10.0])
def test_no_guarantee_is_broken_by_the_worst_state_found(point: Point, radius: float) -> None:
    """A lower bound of S against each guarantee: a factor of some ten too small would be seen, no less."""
    seen = worst_of_many(point, radius, 60)
    for name, bound in uniform_guarantees(ball(point.model, point.h, radius), N, DELTA).items():
        assert_violations_at_most(
            int((seen > bound).sum()), len(seen), 0.0 if name == "sure" else DELTA
        )


@pytest.mark.checks("thm-uniform")
@pytest.mark.parametrize("J", [0, 1])
def test_the_mean_against_an_exact_supremum(J: int) -> None:
    """Two places +-1, k = w = x, phi logistic: S = |mean of x|/2 on every ball, E S = 1/sqrt(2 pi N).

    With J = 1 the polynomial alone exceeds it by sqrt(pi/2); a fourth of the whole is too little.
    """
    from scipy.stats import binom

    coin = FiniteSpace(np.array([0.5, 0.5]))
    sign = lambda x: 2.0 * x - 1.0
    model = Model(finite_rank_kernel(coin, sign, sign), Logistic())
    radius = 0.05
    b = ball(model, np.zeros(1), radius, J=1)
    for n in (10, 1000):
        heads = np.arange(n + 1)
        walk = np.abs(2.0 * heads / n - 1.0)
        exact = float(binom.pmf(heads, n, 0.5) @ walk) * 0.5
        polynomial = float(np.sqrt(b.pointwise[0].trace / n)) if J else 0.0
        promised = polynomial + uniform_mean(n, b.remainders[J])
        assert exact <= promised
        assert exact > (0.1 if J == 0 else 0.25) * promised
    x = np.zeros((5, 1))
    network = finite_network(model, 5, rng=np.random.default_rng(0), locations=x)
    found = worst_state(
        network, neural_field(model), np.zeros(1), 3.0, rng=np.random.default_rng(0)
    )
    assert found.deviation == pytest.approx(0.5, rel=1e-6)


@pytest.mark.checks("thm-uniform")
def test_the_comparison_of_increments() -> None:
    """(psi b - psi' b')^2 <= (1 + p) (lambda B (a - a'))^2 + (1 + 1/p) (theta (b - b'))^2, at random."""
    rng, B, phi = np.random.default_rng(2), 1.7, Logistic(2.0, 3.0)
    a, other = rng.uniform(-1.5, 1.5, (2, 20_000))
    b, b_other = rng.uniform(-B, B, (2, 20_000))
    theta, slope = phi.sup(0, 1.5), phi.sup(1, 1.5)
    left = (phi(a) * b - phi(other) * b_other) ** 2
    for p in (0.1, 1.0, 7.0):
        right = (1 + p) * (slope * B * (a - other)) ** 2 + (1 + 1 / p) * (
            theta * (b - b_other)
        ) ** 2
        assert (left <= right * (1 + 1e-12)).all()


@pytest.mark.checks("thm-uniform")
def test_the_best_weights_by_brute_force(torus: Point) -> None:
    """min over p of sqrt(1 + p) be + sqrt(1 + 1/p) al is (al^(2/3) + be^(2/3))^(3/2); 1e-6: the grid of p."""
    p = np.logspace(-4, 4, 20_001)
    for remainder in ball(torus.model, torus.h, 0.4).remainders:
        least = (np.sqrt(1 + p) * remainder.beta + np.sqrt(1 + 1 / p) * remainder.alpha).min()
        assert uniform_mean(7, remainder) == pytest.approx(np.sqrt(2 * np.pi / 7) * least, rel=1e-6)
        both = remainder.alpha + remainder.beta
        assert (
            uniform_mean(7, remainder)
            < contraction_mean(7, remainder)
            <= 4 * both / 7**0.5 * (1 + 1e-12)
        )


@pytest.mark.checks("thm-uniform")
def test_contraction_by_enumeration() -> None:
    """E sup sum eps_j h_j(f(x_j)) <= sqrt(2) E sup sum (eps_j a_j + eps'_j b_j) over all signs, ten classes."""
    rng = np.random.default_rng(4)
    signs = np.array(list(product((-1.0, 1.0), repeat=4)))
    ratios = []
    for _ in range(10):
        a, b = rng.standard_normal((2, 6, 4))  # six functions at four points
        values = np.sqrt((a - 0.3) ** 2 + (b + 0.2) ** 2)  # Lipschitz with constant 1
        left = (signs @ values.T).max(axis=1).mean()
        right = (signs[:, None] @ a.T + (signs @ b.T)[None]).max(axis=2).mean()
        ratios.append(left / right)
    assert max(ratios) <= np.sqrt(2.0)


@pytest.mark.checks("thm-uniform")
def test_the_remainder_is_what_taylor_leaves(torus: Point) -> None:
    """theta_J and its Lipschitz constant on a grid of potentials around three values of h0(x)."""
    phi, kappa, radius = torus.model.phi, torus.model.kernel.kappa, 0.2
    reach = kappa * radius
    root = np.sqrt(torus.model.kernel.singular_values.sum())
    for remainder in ball(torus.model, torus.h, radius, J=2).remainders[1:]:
        theta, slope = remainder.alpha / root, remainder.beta / root / radius / kappa
        for centre in (-0.3, 0.0, 0.4):
            v = np.linspace(-reach, reach, 401)
            left = phi(centre + v) - phi(centre)
            if remainder.J == 2:
                left = left - phi.derivative(np.array([centre]), 1) * v
            assert np.abs(left).max() <= theta * (1 + 1e-9)
            assert np.abs(np.diff(left)).max() <= slope * (v[1] - v[0]) * (1 + 1e-9)


@pytest.mark.checks("thm-uniform")
def test_by_hand_and_refusals(torus: Point) -> None:
    b = ball(torus.model, torus.h, 0.3, J=1)
    r = b.remainders[1]
    t = r.size * np.sqrt(2.0 / 50)
    value = uniform_deviation(50, float(np.exp(-1.0)), [0.5], r, radius=0.3)
    assert value <= 0.5 + uniform_mean(50, r) + t + 1e-12
    with pytest.raises(ValueError, match="entries"):
        uniform_deviation(50, 0.1, [], r, radius=0.3)
    with pytest.raises(ValueError, match="class C"):
        ball(Model(torus.model.kernel, ThresholdLinear()), torus.h, 0.3)


@pytest.mark.checks("prop-uniform-rank")
def test_cuts_by_half_spaces_are_as_few_as_counted() -> None:
    """r = 1: half-lines cut N points in exactly 2N ways, as many as the formula says; 2^N when N <= r + 1."""
    rng = np.random.default_rng(1)
    for n in (2, 3, 8, 30):
        x = rng.standard_normal(n)
        cuts = {tuple(s * x > s * c) for s in (-1.0, 1.0) for c in (*x, -np.inf, np.inf)}
        assert len(cuts) == 2 * n
        for rank, count in ((1, 2.0 * n), (40, 2.0**n)):
            by_hand = (2 + 2 * np.sqrt(2 * np.log(count)) + np.sqrt(2 * np.log(20))) / np.sqrt(n)
            assert rank_deviation(n, 0.05, rank=rank, size=1.0) == pytest.approx(by_hand)


@pytest.mark.checks("prop-uniform-rank")
def test_kolmogorov_and_smirnov() -> None:
    """k = (x, 1), w = (0, 1), phi nearly a step: S is the distance of Kolmogorov and Smirnov.

    A twelfth of the bound is detected as too small; the true 95 % quantile is 1.36/sqrt N.
    """
    rng, draws = np.random.default_rng(3), 400
    x = np.sort(rng.random((draws, N)), axis=1)
    up = (np.arange(1, N + 1) / N - x).max(axis=1)
    down = (x - np.arange(N) / N).max(axis=1)
    bound = rank_deviation(N, DELTA, rank=2, size=1.0)
    assert_bound_with_teeth(np.maximum(up, down), bound, DELTA, weakened=0.08)


# ---- the worst state -------------------------------------------------------------------------------


def test_the_worst_state_is_attained_and_in_the_ball(point: Point) -> None:
    rng = np.random.default_rng(6)
    network, field = finite_network(point.model, 50, rng=rng), neural_field(point.model, 576)
    centre = deviation(network, field, point.h)
    last = centre
    for radius in (0.1, 0.5, 2.0):
        found = worst_state(network, field, point.h, radius, rng=np.random.default_rng(1))
        assert np.linalg.norm(found.h - point.h) <= radius * (1 + 1e-9)
        assert found.deviation == pytest.approx(deviation(network, field, found.h), rel=1e-9)
        assert found.deviation > last
        last = found.deviation


def test_ascent_beats_random_states(torus: Point) -> None:
    rng = np.random.default_rng(6)
    network, field = finite_network(torus.model, 50, rng=rng), neural_field(torus.model, 576)
    u = rng.standard_normal((500, len(torus.h)))
    states = torus.h + u / np.linalg.norm(u, axis=1)[:, None]
    typical = np.linalg.norm(network(states) - field(states), axis=1)
    found = worst_state(network, field, torus.h, 1.0, rng=rng)
    assert found.deviation > typical.max()


# ---- no uniform law ---------------------------------------------------------------------------------


@pytest.mark.checks("prop-no-uniform-law")
@pytest.mark.parametrize("n", [5, 20, 80])
def test_two_networks_cannot_both_be_near_the_field(n: int) -> None:
    """The state that tells them apart: the mean of the two deviations is at least the floor, less what phi(+-1) lacks.

    phi(1) - phi(-1) = 0.9640 for gain 4. 0.9: the mean of |<u, w>| over n points of the circle.
    """
    model = Model(torus_kernel(power_law(100, 1.5), 1), Logistic(gain=4.0))
    field, rng = neural_field(model, 1024), np.random.default_rng(n)
    one, two = (finite_network(model, n, rng=rng) for _ in range(2))
    h = told_apart(one, two, 1.0)
    assert np.allclose(one.potentials(h) ** 2, 1.0) and np.allclose(two.potentials(h) ** 2, 1.0)
    mean = (deviation(one, field, h) + deviation(two, field, h)) / 2
    floor = shattering_floor(model, n=1024)
    assert mean >= 0.9 * 0.964 * floor
    assert mean < 2.2 * floor  # not idle
    assert deviation(one, field, 0 * h) < mean


@pytest.mark.checks("prop-no-uniform-law")
def test_the_floor_by_hand() -> None:
    """Two populations, w = e_1 or e_2 with probability 1/2: int |<u, w>| = (|u_1| + |u_2|)/2 <= 1/sqrt 2."""
    kernel = population_kernel(np.eye(2), np.array([0.5, 0.5]))
    w = kernel.w(np.array([[0.0], [1.0]]))
    norm = float(np.linalg.norm(w[0]))
    assert w[0] @ w[1] == pytest.approx(0.0)
    expected = 0.5 * norm / np.sqrt(2.0)
    assert shattering_floor(Model(kernel, Logistic())) == pytest.approx(expected)
    doubled = shattering_floor(Model(kernel, Logistic()), oscillation=2.0)
    assert doubled == pytest.approx(2 * expected)


@pytest.mark.checks("prop-no-uniform-law")
def test_points_that_cannot_be_told_apart_are_refused() -> None:
    model = Model(torus_kernel(power_law(3, 1.5), 1), Logistic())
    rng = np.random.default_rng(0)
    one, two = (finite_network(model, 4, rng=rng) for _ in range(2))
    with pytest.raises(ValueError, match="told apart"):
        told_apart(one, two, 1.0)
    with pytest.raises(ValueError, match="linearly independent"):
        shattering_state(np.vstack([one.k[:2], one.k[:1]]), np.ones(3))
