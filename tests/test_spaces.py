"""Similarity spaces: the same properties for every space, then what is special to each."""

import math

import numpy as np
import pytest

from fieldlimit import quadrature
from fieldlimit.spaces import (
    Cube,
    FiniteSpace,
    GaussianSpace,
    Sphere,
    Torus,
    circle,
    default_nodes,
    expectation,
)

SPACES = [
    *[Cube(d) for d in (1, 2, 3, 6)],
    *[Torus(d) for d in (1, 2, 3, 6)],
    *[Sphere(d) for d in (2, 3, 4, 9)],
    *[GaussianSpace(d) for d in (1, 2, 3, 6)],
    FiniteSpace([0.2, 0.5, 0.3]),
]
ids = repr


@pytest.mark.parametrize("space", SPACES, ids=ids)
@pytest.mark.parametrize("n", [1, 10, 1000])
def test_rules_are_probabilities_on_the_space(space, n):
    rule = space.quadrature(n)
    assert rule.nodes.shape == (len(rule), space.dimension)
    assert (rule.weights >= 0).all()
    assert abs(rule.weights.sum() - 1) < 1e-12  # rounding of at most 1000 terms
    assert np.array_equal(space.check(rule.nodes), rule.nodes)
    assert len(rule) <= max(n, quadrature.SCRAMBLES) or rule.exact
    assert rule.exact == isinstance(space, FiniteSpace)


@pytest.mark.parametrize("space", SPACES, ids=ids)
def test_rules_are_the_same_at_every_call_and_cannot_be_changed(space):
    first, second = space.quadrature(500), space.quadrature(500)
    assert np.array_equal(first.nodes, second.nodes)
    with pytest.raises(ValueError, match="read-only"):
        first.nodes[0] = 0


@pytest.mark.parametrize("space", SPACES, ids=ids)
def test_samples_lie_on_the_space_and_are_reproducible(space):
    x = space.sample(50, rng=np.random.default_rng(3))
    assert np.array_equal(space.check(x), x)
    assert x.shape == (50, space.dimension)
    assert np.array_equal(x, space.sample(50, rng=np.random.default_rng(3)))


@pytest.mark.parametrize("space", SPACES, ids=ids)
def test_samples_have_the_law_that_rules_integrate(space):
    """Mean of sum_i cos(x_i + i) over 20,000 draws against the rule.

    False alarm: |z| > 6.2 has probability below 1e-9 for a normal mean. Detects a shift of the mean
    of 6.2 sd / sqrt(20000), 4 % of a standard deviation.
    """
    shift = np.arange(space.dimension)

    def f(x):
        return np.cos(x + shift).sum(axis=1)

    limit = expectation(space, f, 4096)
    draws = f(space.sample(20_000, rng=np.random.default_rng(11)))
    error = draws.std() / math.sqrt(len(draws))
    assert abs(draws.mean() - limit.value) < 6.2 * error + limit.error


KNOWN = [  # (space, f, integral in closed form)
    (Cube(1), lambda x: np.exp(x[:, 0]), math.e - 1),
    (Cube(3), lambda x: np.exp(x.sum(axis=1)), (math.e - 1) ** 3),
    (Cube(6), lambda x: np.exp(x.sum(axis=1)), (math.e - 1) ** 6),
    (Torus(1), lambda x: np.exp(np.cos(x[:, 0])), float(np.i0(1.0))),
    (Torus(3), lambda x: np.exp(np.cos(x).sum(axis=1)), float(np.i0(1.0)) ** 3),
    (Torus(6), lambda x: np.exp(np.cos(x).sum(axis=1)), float(np.i0(1.0)) ** 6),
    (Sphere(2), lambda x: np.exp(x[:, 0]), float(np.i0(1.0))),
    (Sphere(3), lambda x: np.exp(x[:, 0]), math.sinh(1.0)),
    (Sphere(9), lambda x: x[:, 0] ** 4, 3 / (9 * 11)),
    (GaussianSpace(1), lambda x: np.exp(x[:, 0]), math.exp(0.5)),
    (GaussianSpace(3), lambda x: np.exp(x.sum(axis=1) / 2), math.exp(3 / 8)),
    (GaussianSpace(6), lambda x: np.exp(x.sum(axis=1) / 4), math.exp(6 / 32)),
    (FiniteSpace([0.25, 0.75]), lambda x: x[:, 0], 0.75),
]


@pytest.mark.parametrize(("space", "f", "integral"), KNOWN, ids=lambda v: repr(v)[:24])
def test_expectation_finds_known_integrals_within_its_error(space, f, integral):
    estimate = expectation(space, f, 2**14)
    # 1e-13: rounding; a deterministic rule, so a Sobol error outside its estimate is a defect here
    assert abs(estimate.value - integral) <= estimate.error + 1e-13 * abs(integral)
    # the rules are good: ten digits where they are smooth products, four for Sobol points
    assert estimate.error <= (1e-9 if space.dimension <= 3 else 1e-2) * abs(integral)


def test_torus_rule_is_exact_below_the_number_of_nodes():
    x = circle().quadrature(8)
    for m in range(1, 8):
        assert abs(x.weights @ np.exp(1j * m * x.nodes[:, 0])) < 1e-15 * 8
    assert abs(x.weights @ np.exp(8j * x.nodes[:, 0])) > 0.99  # aliasing: the claim has teeth


@pytest.mark.parametrize("d", [2, 3, 5, 20, 200])
def test_zonal_rule_has_the_moments_of_a_coordinate(d):
    rule = Sphere(d).zonal_quadrature(12)
    t = rule.nodes[:, 0]
    moment = 1.0
    for power in range(2, 23, 2):  # exact to degree 2n - 1 = 23
        moment *= (power - 1) / (d + power - 2)
        assert rule.weights @ t**power == pytest.approx(moment, rel=1e-11)  # rounding
    assert abs(rule.weights @ t**3) < 1e-16


def test_zonal_rule_agrees_with_the_rule_on_the_sphere():
    def f(t):
        return 1 / (1 + np.exp(-4 * t))

    for d in (2, 3):
        full = Sphere(d).quadrature(10_000)
        line = Sphere(d).zonal_quadrature(60)
        pole = np.full(d, d**-0.5)
        assert full.weights @ f(full.nodes @ pole) == pytest.approx(
            line.weights @ f(line.nodes[:, 0]), abs=1e-12
        )


@pytest.mark.parametrize("family", ["legendre", "hermite"])
def test_gauss_rules_agree_with_numpy(family):
    theirs = {
        "legendre": np.polynomial.legendre.leggauss,
        "hermite": np.polynomial.hermite_e.hermegauss,
    }[family](30)
    nodes, weights = quadrature.gauss(family, 30)
    assert np.allclose(nodes, theirs[0], rtol=0, atol=1e-13)
    assert np.allclose(weights, theirs[1] / theirs[1].sum(), rtol=0, atol=1e-14)


def test_sobol_replicates_are_eight_and_balanced():
    rule = Torus(10).quadrature(1024)
    assert np.array_equal(np.bincount(rule.replicate), np.full(8, 128))


@pytest.mark.parametrize(
    ("space", "x", "message"),
    [
        (Cube(2), [[0.5, 1.5]], r"\[0, 1\].* 1.5"),
        (Torus(1), [[4.0]], r"\[-pi, pi\).* 4.0"),
        (Sphere(3), [[1.0, 1.0, 0.0]], "norm 1"),
        (FiniteSpace([0.5, 0.5]), [[2.0]], r"0\.\.1.* 2.0"),
        (FiniteSpace([0.5, 0.5]), [[0.5]], "integers"),
        (Cube(2), [0.5, 0.5], r"shape \(any, 2\)"),
        (Cube(2), [[0.5, 0.5, 0.5]], r"shape \(any, 2\)"),
        (GaussianSpace(1), [[math.nan]], "finite"),
    ],
)
def test_locations_outside_the_space_are_refused(space, x, message):
    with pytest.raises(ValueError, match=message):
        space.check(x)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Cube(0), "dimension is an integer >= 1, but dimension = 0"),
        (lambda: Torus(1.5), "dimension = 1.5"),
        (lambda: Sphere(1), "dimension is an integer >= 2"),
        (lambda: FiniteSpace([0.5, 0.6]), "sum 1"),
        (lambda: FiniteSpace([1.5, -0.5]), "positive"),
        (lambda: FiniteSpace([]), "at least one population"),
        (lambda: Torus(1).quadrature(0), "n = 0"),
        (lambda: Torus(1).sample(0, rng=np.random.default_rng(0)), "n = 0"),
    ],
)
def test_hypotheses_are_checked(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_default_nodes_grow_with_the_dimension():
    assert [default_nodes(Torus(d)) for d in (1, 2, 3, 4)] == [512, 4096, 13824, 16384]
