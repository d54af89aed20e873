"""All zeros in a ball: found, counted by their indices, and proven complete by a census."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fieldlimit.explorables.certified_ball import FRACTIONS, drawn_network, populations
from fieldlimit.explorables.flow_plane import ring, two_memories
from fieldlimit.field import Model, finite_network, neural_field
from fieldlimit.fixed_points import (
    census,
    describe,
    fixed_points,
    index_sum,
    newton,
    posterior_certificate,
)
from fieldlimit.fixed_points.search import jacobians
from fieldlimit.kernels import mexican_hat, population_kernel, power_law, torus_kernel
from fieldlimit.nonlinearities import ErrorFunction, Exponential, Logistic


def random_populations(seed, size=3):
    rng = np.random.default_rng(seed)
    J = 6.0 * rng.standard_normal((size, size))
    return Model(
        population_kernel(J, rng.dirichlet(5 * np.ones(size))),
        Logistic(1.0, 6.0),
        rng.normal(size=size),
    )


def search(F, seed=1, **options):
    return fixed_points(F, rng=np.random.default_rng(seed), **options)


def test_zeros_are_zeros_with_their_eigenvalues():
    F = neural_field(populations(2.5))
    found = search(F)
    assert [p.stable for p in found.points] == [True, True, False]
    for point in found.points:
        assert point.residual < 1e-10
        expected = np.linalg.eigvals(F.derivative(point.h))
        np.testing.assert_allclose(np.sort(point.eigenvalues), np.sort(expected), atol=1e-12)
        assert point.unstable_directions == (expected.real > 0).sum()
    assert found.nearest(found.points[1].h + 0.01) is found.points[1]
    assert len(found.stable) == 2 and len(found) == 3


def test_jacobians_row_by_row():
    F = neural_field(torus := Model(torus_kernel(power_law(4, 1.5), 2), Logistic(2.0, 3.0)))
    h = np.random.default_rng(3).standard_normal((5, torus.kernel.rank))
    for A, row in zip(jacobians(F, h), h, strict=True):
        np.testing.assert_allclose(A, F.derivative(row), atol=1e-12)  # order of summation


@pytest.mark.parametrize("seed", range(4))
def test_nine_zeros_of_two_memories_whatever_the_starts(seed):
    found = search(neural_field(two_memories(2.0), 1024), seed)
    assert len(found) == 9 and len(found.stable) == 4 and found.index_sum == 1


def test_the_search_agrees_with_a_grid_of_starts():
    """A scalar field: sign changes on a fine grid are all the zeros; the search finds each."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        kernel = population_kernel(np.array([[rng.uniform(2, 8)]]), [1.0])
        model = Model(kernel, Logistic(1.0, rng.uniform(1, 12)), [-rng.uniform(0, 4)])
        F = neural_field(model)
        s = np.linspace(-5, 9, 20_001)
        changes = (np.diff(np.sign(F(s[:, None])[:, 0])) != 0).sum()
        assert len(search(F, seed)) == changes


def test_deflation_leaves_what_is_known():
    F = neural_field(two_memories(2.0), 1024)
    known = np.array([p.h for p in search(F).points if p.stable])
    starts = known + 0.05 * np.random.default_rng(6).standard_normal(known.shape)
    plain = newton(F, starts)
    np.testing.assert_allclose(plain, known, atol=1e-8)
    away = newton(F, starts, known)
    distance = np.linalg.norm(away[:, None] - known, axis=2).min(axis=1)
    assert (distance > 0.1).all()


@pytest.mark.checks("prop-index")
@pytest.mark.parametrize("seed", range(12))
def test_indices_add_up_to_one_for_field_and_network(seed):
    model = random_populations(seed)
    network = finite_network(model, 40, rng=np.random.default_rng(seed))
    for F in (neural_field(model), network):
        found = search(F)
        assert found.index_sum == 1
        signs = [np.sign(np.linalg.det(-F.derivative(p.h))) for p in found.points]
        assert [p.index for p in found.points] == signs
        if len(found) > 1:  # teeth: any zero that is missing is noticed
            assert all(
                index_sum(found.points[:i] + found.points[i + 1 :]) != 1 for i in range(len(found))
            )


@pytest.mark.checks("prop-index")
def test_indices_in_other_spaces():
    hat = mexican_hat(0.4, 0.9, 6.0, 3.0, 1, 9)
    rng = np.random.default_rng(7)
    model = Model(hat, ErrorFunction(1.0, 2.0, 0.2), 0.3 * rng.standard_normal(hat.rank))
    assert search(neural_field(model)).index_sum == 1
    assert search(finite_network(model, 60, rng=rng)).index_sum == 1
    assert search(neural_field(ring(2.0))).index_sum is None  # a circle of zeros


def test_what_is_said_of_a_zero():
    F = neural_field(populations(2.5))
    found = search(F)
    assert "stable" in str(found.points[0]) and "1 unstable direction" in str(found.points[2])
    circle = search(neural_field(ring(2.0))).points[0]
    assert "degenerate: 1 neutral direction" in str(circle) and circle.index == 0
    assert describe(F, found.points[2].h).index == -1


@pytest.mark.checks("thm-global")
def test_steep_circuits_are_searched_completely():
    """Twenty circuits at gain 40, where saddles sit in thin layers: the census confirms every search."""
    several = 0
    for seed in range(0, 40, 2):
        rng = np.random.default_rng(seed)
        J = 6.0 * rng.standard_normal((2, 2))
        kernel = population_kernel(J, rng.dirichlet(5 * np.ones(2)))
        F = neural_field(Model(kernel, Logistic(1.0, 40.0), rng.normal(size=2)))
        h, radii = covered(F)
        assert census(F, h, radii).margin > 0
        several += len(h) > 1
    assert several >= 3


def test_search_errors():
    model = Model(population_kernel(np.eye(2), [0.5, 0.5]), Exponential())
    with pytest.raises(ValueError, match="phi is bounded or a radius is given"):
        search(neural_field(model))
    with pytest.raises(ValueError, match="starts is an integer >= 1, but starts = 0"):
        search(neural_field(populations(2.0)), starts=0)


# ---- all of them ---------------------------------------------------------------------------------


def covered(F):
    """The zeros found, with balls in which each is alone by the posterior theorem."""
    h = np.array([p.h for p in search(F).points])
    return h, np.array([posterior_certificate(F, g).uniqueness for g in h])


@pytest.mark.checks("thm-global")
@pytest.mark.parametrize("seed", range(5))
def test_the_census_proves_that_nothing_was_missed(seed):
    F = neural_field(random_populations(seed))
    h, radii = covered(F)
    result = census(F, h, radii)
    assert 0 < result.margin <= result.seen
    outside = F.I + result.radius * np.random.default_rng(8).uniform(-1, 1, (50_000, 3))
    outside = outside[np.linalg.norm(outside - F.I, axis=1) < result.radius]
    away = np.linalg.norm(outside[:, None] - h, axis=2)
    outside = outside[(away >= radii).all(axis=1)]
    assert (np.linalg.norm(F(outside), axis=1) >= result.margin).all()


@pytest.mark.checks("thm-global")
def test_a_missing_zero_is_noticed():
    F = neural_field(populations(2.5))
    h, radii = covered(F)
    assert census(F, h[:2], radii[:2], boxes=20_000).margin == 0.0


@pytest.mark.checks("thm-global")
def test_networks_closer_than_the_margin_have_as_many_zeros():
    """20 networks whose distance to the field on the ball, from a grid with its Lipschitz error, is below the margin."""
    model = populations(2.5)
    F = neural_field(model)
    h, radii = covered(F)
    result = census(F, h, 0.9 * radii)
    side = np.linspace(-1, 1, 81) * result.radius
    grid = F.I + np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    between = result.radius / 80 * np.sqrt(2)  # from a point of the square to the grid
    rng, counted = np.random.default_rng(9), 0
    for _ in range(20):
        network = drawn_network(model, 50_000, rng)
        difference = np.abs(network.weights - FRACTIONS)
        lipschitz = model.phi.sup(1) * (difference * np.linalg.norm(F.w, axis=1)).sum()
        distance = np.linalg.norm(network(grid) - F(grid), axis=1).max() + between * lipschitz
        if distance < result.margin:
            counted += 1
            assert len(search(network)) == 3
    assert counted >= 18


@pytest.mark.checks("thm-global")
def test_the_margin_cannot_exceed_what_is_seen():
    """Teeth: the field shifted by its smallest value outside the balls has a zero there."""
    F = neural_field(populations(2.5))
    h, radii = covered(F)
    result = census(F, h, radii, share=0.9)
    assert result.margin >= 0.9 * result.seen * (1 - 1e-12)
    side = np.linspace(-1, 1, 401) * result.radius
    grid = F.I + np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    grid = grid[(np.linalg.norm(grid[:, None] - h, axis=2) >= radii).all(axis=1)]
    values = F(grid)
    least = np.linalg.norm(values, axis=1).argmin()
    shifted = replace(F, I=F.I - values[least])
    assert np.linalg.norm(values[least]) < result.margin * 1.3
    assert np.linalg.norm(shifted(grid[least])) < 1e-12


def test_census_errors():
    F = neural_field(random_populations(0, 5))
    with pytest.raises(ValueError, match="a census is for r <= 4"):
        census(F, np.zeros((1, 5)), np.ones(1))
    F = neural_field(populations(2.5))
    with pytest.raises(ValueError, match="radii has shape"):
        census(F, np.zeros((2, 2)), np.ones(1))
