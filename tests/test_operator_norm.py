"""The derivative: operator norm against Hilbert-Schmidt norm, both orders in one event, and a ball around a point."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from calibrated import assert_bound_with_teeth, assert_mean, assert_violations_at_most
from conftest import Point
from fieldlimit.concentration import (
    best_deviation,
    combination,
    deviation,
    fluctuation,
    joint_fluctuation,
    sample_deviations,
)
from fieldlimit.field import Model, derivative_constants, finite_network, neural_field
from fieldlimit.kernels import cosine_ring, population_kernel, power_law, torus_kernel
from fieldlimit.nonlinearities import Logistic, ThresholdLinear
from fieldlimit.operator_norm import (
    intrinsic_bernstein_deviation,
    operator_deviation,
    operator_fluctuation,
    operator_guarantees,
    sample_norms,
    schatten_deviation,
    top_by_products,
)
from fieldlimit.uniform import moment_root, neighbourhood_deviation

N, DELTA, DRAWS = 100, 0.05, 1500
TEETH = {"hilbert-schmidt": 0.4, "bernstein": 0.35, "schatten": 0.3}


@pytest.fixture(scope="module")
def norms(populations: Point, torus: Point) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """(D_HS, D_op) of the same networks on both test beds."""
    draws = {}
    for point in (populations, torus):
        rng, field = np.random.default_rng(31), neural_field(point.model, 4096)
        draws[id(point)] = sample_norms(point.model, point.h, N, DRAWS, rng=rng, field=field)
    return draws


# ---- the bounds by simulation ----------------------------------------------------------------------


def check(norms: dict, point: Point, name: str) -> None:
    bound = operator_guarantees(operator_fluctuation(point.model, point.h), N, DELTA)[name]
    assert_bound_with_teeth(norms[id(point)][1], bound, DELTA, weakened=TEETH[name])


@pytest.mark.checks("thm-operator")
@pytest.mark.parametrize("name", ["bernstein", "hilbert-schmidt"])
def test_operator_deviation_by_simulation(norms: dict, point: Point, name: str) -> None:
    """A factor 0.35 (0.4 for the Hilbert-Schmidt bound) too small is detected."""
    check(norms, point, name)


@pytest.mark.checks("thm-schatten")
def test_schatten_deviation_by_simulation(norms: dict, point: Point) -> None:
    """A factor 0.3 too small is detected: at N = 100 the cross term of Bousquet's inequality is large."""
    check(norms, point, "schatten")


@pytest.mark.checks("thm-operator")
def test_one_dimension_is_bennett_on_the_line() -> None:
    """r = 1: s_1 = v, the intrinsic dimension is 2, and log(2/delta) stands as for a real variable.

    Two populations without spread of the sign of w, one silent: exact binomial tail at every level.
    """
    from scipy.stats import binom

    kernel = population_kernel(np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([0.3, 0.7]))
    f = operator_fluctuation(Model(kernel, Logistic()), np.zeros(kernel.rank))
    assert f.variance == pytest.approx(f.hs.trace, rel=1e-12)
    step = f.sup_op / 0.7  # ||Y|| on the loud population: xi is 0.7 or -0.3 times it
    for delta, n in product((0.2, 0.01, 1e-4), (20, 200)):
        bound = operator_deviation(n, delta, trace=f.hs.trace, variance=f.variance, sup_op=f.sup_op)
        far = n * bound / step
        exact = binom.sf(np.ceil(0.3 * n + far) - 1, n, 0.3) + binom.cdf(0.3 * n - far, n, 0.3)
        assert exact <= delta
        assert binom.sf(np.ceil(0.3 * n + 0.6 * far) - 1, n, 0.3) > delta / 10  # not idle


@pytest.mark.checks("thm-operator")
def test_operator_deviation_by_hand_and_against_the_textbook() -> None:
    """L = 1: N = 4, v = 2, M = 3. And its constants are below those of the form with 4 d."""
    delta = float(2.0 * 5.0 / 2.0 / np.e)  # log(2 s_1/(v delta)) = 1 needs delta > 1: shift by e^2
    delta *= float(np.exp(-2.0))
    by_hand = (2 * 2 * 3 / 4) ** 0.5 + 3 * 3 / 12  # L = 3
    value = operator_deviation(4, delta, trace=5.0, variance=2.0, sup_op=3.0)
    assert value == pytest.approx(by_hand)
    for n, level, s1 in product((1, 30, 10**6), (0.9, 1e-2, 1e-9), (1.0, 40.0)):
        constants = {"trace": s1, "variance": 1.0, "sup_op": 2.0}
        textbook = intrinsic_bernstein_deviation(n, level, **constants)
        assert operator_deviation(n, level, **constants) < textbook
        assert n * textbook >= n**0.5 + 2.0 / 3.0  # the threshold never binds
        t, d = n * textbook, 2.0 * s1
        assert 4 * d * np.exp(-(t**2) / 2 / (n + 2.0 * t / 3)) == pytest.approx(level)


@pytest.mark.checks("thm-operator")
def test_the_quotient_of_the_proof_is_below_one() -> None:
    """(1 - e^-G)/(1 - e^-T)^2 <= 1 wherever 2 e^-(T-G) < 1, with T = (v/M^2) u log(1+u), G its gv."""
    u, scale = np.meshgrid(np.logspace(-4, 6, 400), np.logspace(-8, 8, 400))
    T, G = scale * u * np.log1p(u), scale * (u - np.log1p(u))
    useful = T - G > np.log(2.0)
    quotient = -np.expm1(-G) / np.expm1(-T) ** 2
    assert useful.any() and (quotient[useful] <= 1.0 + 1e-12).all()


@pytest.mark.checks("thm-operator", "thm-schatten")
def test_a_law_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="v_op <= s_1"):
        operator_deviation(10, 0.1, trace=1.0, variance=2.0, sup_op=1.0)
    assert operator_deviation(10, 0.1, trace=0.0, variance=0.0, sup_op=0.0) == 0.0
    with pytest.raises(ValueError, match="probability"):
        schatten_deviation(10, 1.0, fourth_moment=1.0, trace=1.0, weak=1.0, sup_op=1.0)
    with pytest.raises(ValueError, match="derivative"):
        operator_fluctuation(
            Model(torus_kernel(power_law(2, 1.0), 1), ThresholdLinear()), np.zeros(5)
        )


# ---- the constants -----------------------------------------------------------------------------------


@pytest.mark.checks("thm-schatten")
@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_fourth_moment_by_enumeration(populations: Point, size: int) -> None:
    """All 4^N networks of N = 1, 2, 3 neurons in four populations: equality to rounding."""
    model, h = populations.model, populations.h
    f, field = operator_fluctuation(model, h), neural_field(model).derivative(h)
    p, rng = model.kernel.space.weights, np.random.default_rng(0)
    fourth = square = 0.0
    for places in product(range(4), repeat=size):
        x = np.array(places, dtype=float)[:, None]
        A = finite_network(model, size, rng=rng, locations=x).derivative(h) - field
        singular = np.linalg.svd(A, compute_uv=False)
        fourth += p[list(places)].prod() * (singular**4).sum()
        square += p[list(places)].prod() * singular[0] ** 2
    assert f.fourth_moment(size) == pytest.approx(fourth, rel=1e-10)
    assert f.variance / size <= square <= min(fourth**0.5, f.hs.trace / size)


@pytest.mark.checks("thm-schatten")
def test_the_fourth_moment_on_the_torus(norms: dict, torus: Point) -> None:
    """By simulation of the norms: E D_HS^4 >= E tr (AA*)^2 >= E D_op^4, and v/N <= E D_op^2."""
    f = operator_fluctuation(torus.model, torus.h)
    hs, operator = norms[id(torus)]
    assert (operator**4).mean() < f.fourth_moment(N) < (hs**4).mean()
    assert f.variance / N < (operator**2).mean() < f.fourth_moment(N) ** 0.5
    assert (operator <= hs).all()
    m1, m2, _ = f.hs.moments(N)
    assert_mean(hs**2, m1, variance=m2 - m1**2)


@pytest.mark.checks("thm-operator")
def test_the_cosine_ring_by_hand() -> None:
    """Constant potential s: Sigma has J0 J1 and J1^2/4 twice each, times phi'(s)^2; E xi xi* is diagonal."""
    J0, J1, s = 1.0, 2.0, 0.7
    model = Model(cosine_ring(J0=J0, J1=J1), Logistic())
    f = operator_fluctuation(model, np.array([s, 0.0, 0.0]))
    g = float(model.phi.derivative(s, 1)) ** 2
    expected = g * np.array([J0 * J1, J0 * J1, J1**2 / 4, J1**2 / 4])
    assert np.allclose(np.sort(f.hs.eigenvalues[:4]), np.sort(expected), rtol=1e-9)
    assert f.hs.trace == pytest.approx(g * (2 * J0 * J1 + J1**2 / 2), rel=1e-9)
    assert f.variance == pytest.approx(g * max(J0 * J1, J0 * J1 / 2 + J1**2 / 4), rel=1e-9)


def test_top_eigenvalue_without_a_matrix(point: Point) -> None:
    """Lanczos on products against the eigenvalues of the Gram matrix; 1e-8 is above its tolerance 1e-10."""
    top, count = top_by_products(point.model, point.h, 256)
    assert top == pytest.approx(fluctuation(point.model, point.h, 1, 256).top, rel=1e-8)
    assert count < 400


def test_the_derivative_pays_for_chance_coincidences_of_frequencies() -> None:
    """At h = 0: s_1 and v are functions of the spectrum, the same on every torus; s_2 is not.

    2e-2: Sobol rule in d = 5, 3 % at most in such integrals.
    """
    seen = []
    for d in (1, 5):
        kernel = torus_kernel(power_law(5, decay=1.0), d)
        f = operator_fluctuation(Model(kernel, Logistic()), np.zeros(kernel.rank), 1024)
        g = float(Logistic().derivative(0.0, 1)) ** 2
        lam = kernel.singular_values
        assert f.hs.trace == pytest.approx(g * (lam.sum() ** 2 - (lam**2).sum()), rel=2e-2)
        assert f.variance == pytest.approx(g * (lam.sum() * lam - lam**2).max(), rel=2e-2)
        seen.append(f.hs.s[1] / f.hs.trace**2)
    assert seen[0] > 1.05 * seen[1]


# ---- both orders at once -----------------------------------------------------------------------------


@pytest.mark.checks("prop-joint")
def test_the_pair_has_the_sums_of_the_parts(point: Point) -> None:
    gamma = 0.7
    pair = joint_fluctuation(point.model, point.h, gamma)
    zeroth, first = (fluctuation(point.model, point.h, m, None if m else 1024) for m in (0, 1))
    if point.model.kernel.space.quadrature(4).exact:
        zeroth = fluctuation(point.model, point.h)
    assert pair.trace == pytest.approx(zeroth.trace + gamma**2 * first.trace, rel=1e-9)
    assert pair.sup_xi**2 <= (zeroth.sup_xi**2 + gamma**2 * first.sup_xi**2) * (1 + 1e-12)
    low, high = max(zeroth.top, gamma**2 * first.top), zeroth.top + gamma**2 * first.top
    assert low * (1 - 1e-9) <= pair.top <= high * (1 + 1e-9)
    assert pair.eigenvalues.sum() == pytest.approx(pair.trace, rel=1e-9)
    assert (pair.eigenvalues**2).sum() == pytest.approx(pair.s[1], rel=1e-9)


@pytest.mark.checks("prop-joint")
def test_the_pair_by_simulation(point: Point) -> None:
    """The mean square, the best guarantee for the pair with teeth, and a combination of the two orders."""
    gamma, model, h = 0.7, point.model, point.h
    field = neural_field(model, 4096)
    D0, D1 = (
        sample_deviations(model, h, N, DRAWS, rng=np.random.default_rng(5), m=m, field=field)
        for m in (0, 1)
    )
    pair = joint_fluctuation(model, h, gamma)
    m1, m2, _ = pair.moments(N)
    assert_mean(D0**2 + gamma**2 * D1**2, m1, variance=m2 - m1**2)
    t = best_deviation(pair, N, DELTA).deviation
    assert_bound_with_teeth(np.hypot(D0, gamma * D1), t, DELTA, weakened=0.55)
    bound = combination(t, gamma, alpha=1.0, beta=0.5)
    assert_violations_at_most(int((D0 + 0.5 * D1 > bound).sum()), DRAWS, DELTA)


# ---- a neighbourhood ---------------------------------------------------------------------------------


@pytest.mark.checks("prop-neighbourhood")
@pytest.mark.parametrize(("m", "J"), [(0, 1), (0, 2), (1, 1)])
def test_one_point_decides_about_a_ball(point: Point, m: int, J: int) -> None:
    """200 states on spheres of three radii: no exception, as the inequality is deterministic."""
    rng = np.random.default_rng(8)
    network = finite_network(point.model, 50, rng=rng)
    field = neural_field(point.model)
    values = [deviation(network, field, point.h, m + j) for j in range(J)]
    ell = 2.0 * derivative_constants(point.model, m + J - 1).lipschitz
    if m == 0:  # the top eigenvalues in place of kappa omega: never larger
        roots = moment_root(network) + moment_root(field)
        kernel = point.model.kernel
        sharper = point.model.phi.sup(J) * kernel.kappa ** (J - 1) * roots
        assert sharper < ell
        ell = sharper
    for radius in (0.01, 0.3, 3.0):
        bound = neighbourhood_deviation(values, lipschitz=ell, radius=radius)
        directions = rng.standard_normal((70, len(point.h)))
        for u in radius * directions / np.linalg.norm(directions, axis=1)[:, None]:
            assert deviation(network, field, point.h + u, m) <= bound * (1 + 1e-12)


@pytest.mark.checks("prop-neighbourhood")
def test_half_of_the_neighbourhood_bound_is_reached() -> None:
    """All neurons in a population of measure 1/100 that alone has outputs: with 0.45 of the last term it fails."""
    kernel = population_kernel(np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([0.01, 0.99]))
    model = Model(kernel, Logistic())
    x = np.zeros((5, 1))
    network = finite_network(model, 5, rng=np.random.default_rng(0), locations=x)
    field, k = neural_field(model), kernel.k(x[:1])[0]
    h = np.zeros(len(k))
    ell, radius = 2.0 * derivative_constants(model, 0).lipschitz, 0.1 / kernel.kappa
    D, moved = (
        deviation(network, field, state) for state in (h, h + radius * k / np.linalg.norm(k))
    )
    assert moved <= neighbourhood_deviation([D], lipschitz=ell, radius=radius)
    assert np.linalg.norm(k) == pytest.approx(kernel.kappa)
    assert moved > neighbourhood_deviation([D], lipschitz=0.45 * ell, radius=radius)


@pytest.mark.checks("prop-neighbourhood")
def test_neighbourhood_by_hand() -> None:
    assert neighbourhood_deviation([1.0, 2.0], lipschitz=6.0, radius=0.5) == pytest.approx(
        1.0 + 1.0 + 3.0 * 0.25
    )
    with pytest.raises(ValueError, match="at least"):
        neighbourhood_deviation([], lipschitz=1.0, radius=1.0)
