"""The constants of the fluctuation by two routes, their errors, sups, and the drawn deviations."""

from __future__ import annotations

import numpy as np
import pytest

from conftest import Point
from fieldlimit.concentration import deviation, fluctuation, sample_deviations
from fieldlimit.field import Model, finite_network, neural_field
from fieldlimit.kernels import finite_rank_kernel, gaussian_kernel, power_law, torus_kernel
from fieldlimit.nonlinearities import Exponential, Logistic
from fieldlimit.spaces import Cube, GaussianSpace

NAMES = ("top", "sup_xi", "sup_Y", "e4", "e6", "a", "b", "c", "mean")


def by_tensors(point: Point, m: int) -> dict[str, float]:
    """The definitions, letter by letter, on a finite space: tensors, Sigma as a matrix."""
    rule = point.model.kernel.space.quadrature(1)
    p, k, w = rule.weights, point.model.kernel.k(rule.nodes), point.model.kernel.w(rule.nodes)
    phi = point.model.phi.derivative(k @ point.h, m)
    tensors = []
    for i in range(len(p)):
        tensor = phi[i] * w[i]
        for _ in range(m):
            tensor = np.multiply.outer(tensor, k[i])
        tensors.append(tensor.ravel())
    Y = np.array(tensors)
    mean = p @ Y
    xi = Y - mean
    Sigma = sum(pi * np.outer(x, x) for pi, x in zip(p, xi, strict=True))
    n2 = (xi**2).sum(axis=1)
    third = (p * n2) @ xi
    return {
        **{f"s{j}": float(np.trace(np.linalg.matrix_power(Sigma, j))) for j in (1, 2, 3)},
        "top": float(np.linalg.norm(Sigma, 2)),
        "sup_xi": float(np.sqrt(n2.max())),
        "sup_Y": float(np.linalg.norm(Y, axis=1).max()),
        "e4": float(p @ n2**2),
        "e6": float(p @ n2**3),
        "a": float(sum(pi * ni * x @ Sigma @ x for pi, ni, x in zip(p, n2, xi, strict=True))),
        "b": float(third @ third),
        "c": float(sum(pi * pj * (x @ y) ** 3 for pi, x in zip(p, xi, strict=True) for pj, y in zip(p, xi, strict=True))),
        "mean": float(np.linalg.norm(mean)),
    }  # fmt: skip


@pytest.mark.parametrize("m", [0, 1, 2, 3])
def test_constants_are_their_definitions(populations: Point, m: int) -> None:
    f, wanted = fluctuation(populations.model, populations.h, m), by_tensors(populations, m)
    for j in (1, 2, 3):
        assert f.s[j - 1] == pytest.approx(wanted[f"s{j}"], rel=1e-11)  # rounding
    for name in NAMES:
        assert getattr(f, name) == pytest.approx(wanted[name], rel=1e-11)
    assert not f.replicates and set(f.error.values()) == {0.0}


@pytest.mark.parametrize("m", [0, 1])
def test_coordinates_and_gram_matrix_agree(torus: Point, m: int) -> None:
    """The spectrum from r^(1+m) coordinates (900 nodes) and from a 64 x 64 Gram matrix (m = 1).

    On 8 x 8 nodes the law is another, so compare sums that both routes know: s_1, s_2 by norms.
    """
    for n in (64, 900):
        f = fluctuation(torus.model, torus.h, m, n)
        assert f.eigenvalues.sum() == pytest.approx(f.trace, rel=1e-11)
        assert f.top == f.eigenvalues[0] >= f.eigenvalues[-1] >= 0.0
        assert len(f.eigenvalues) == min(n, 11 ** (1 + m))


@pytest.mark.parametrize("d", [1, 2, 4])
def test_error_covers_a_finer_rule(d: int) -> None:
    """Product rules (d = 1, 2) and Sobol (d = 4): the estimate covers the change to 8 times more nodes."""
    kernel = torus_kernel(power_law(5, 1.5), d)
    model = Model(kernel, Logistic(1.0, 4.0))
    h = np.random.default_rng(3).standard_normal(kernel.rank) * 0.3
    coarse = fluctuation(model, h, n={1: 24, 2: 400, 4: 512}[d])
    fine = fluctuation(model, h, n={1: 192, 2: 3136, 4: 4096}[d])
    for name, error in coarse.error.items():
        if name.startswith("sup"):  # not from nodes
            continue
        difference = (
            coarse.s[int(name[1]) - 1] - fine.s[int(name[1]) - 1]
            if name.startswith("s") and name[1:].isdigit()
            else getattr(coarse, name) - getattr(fine, name)
        )
        assert abs(difference) <= error + 1e-9


def test_error_shows_that_a_steep_slope_is_not_resolved() -> None:
    """Gain 40, m = 1, the normal law on the line, 60 states: `error` covers that of s_1 in nine of ten at least.

    The distance to the rule with half the nodes does not: the test can tell. 20,001 points of the
    trapezoidal rule stand for the integral: 1e-3 apart, where phi'(h(x)) changes over some 1e-2.
    """
    kernel, rng = gaussian_kernel(GaussianSpace(1), 1.0, 11), np.random.default_rng(3)
    x = np.linspace(-8.5, 8.5, 20_001)[:, None]
    p = np.exp(-(x[:, 0] ** 2) / 2)
    p, k = p / p.sum(), kernel.k(x)
    model = Model(kernel, Logistic(1.0, 40.0))
    covered = []
    for _ in range(60):
        h = 1.5 * np.sqrt(kernel.singular_values) * rng.standard_normal(11)
        slope = model.phi.derivative(k @ h, 1)
        EY = (k.T * (p * slope)) @ k
        exact = p @ (slope * (k**2).sum(axis=1)) ** 2 - (EY**2).sum()
        f = fluctuation(model, h, 1)
        half = abs(f.trace - f.replicates[0].trace)
        covered.append(abs(f.trace - exact) <= np.array([f.error_of(lambda g: g.trace), half]))
    new, old = np.mean(covered, axis=0)
    assert new >= 0.9 > old


@pytest.mark.parametrize("m", [0, 1, 2])
def test_sups_bound_every_neuron(torus: Point, m: int) -> None:
    f = fluctuation(torus.model, torus.h, m)
    nodes = torus.model.kernel.space.quadrature(10_000).nodes
    fine = fluctuation(torus.model, torus.h, m, 400)
    k, w = torus.model.kernel.k(nodes), torus.model.kernel.w(nodes)
    Y = np.abs(torus.model.phi.derivative(k @ torus.h, m)) * np.linalg.norm(w, axis=1)
    Y = Y * np.linalg.norm(k, axis=1) ** m
    assert Y.max() <= f.sup_Y <= 4.0 * Y.max()
    error = f.error["mean"] + fine.error["mean"]
    assert f.sup_xi <= 2.0 * f.sup_Y and f.sup_xi <= f.sup_Y + fine.mean + error


def test_unbounded_nonlinearity_is_covered_in_the_ball(torus: Point) -> None:
    f = fluctuation(Model(torus.model.kernel, Exponential(1.0, 1.0)), torus.h)
    assert np.isfinite(f.sup_Y) and f.sup_Y >= f.mean


@pytest.mark.parametrize("m", [0, 1])
def test_sampled_deviations_are_those_of_networks(point: Point, m: int) -> None:
    """The same stream of locations, network by network and in batches."""
    N, n = 700, 60  # 42,000 locations: batches end inside networks
    field = neural_field(point.model, 1024)
    at_once = sample_deviations(
        point.model, point.h, N, n, rng=np.random.default_rng(1), m=m, field=field
    )
    x = np.concatenate(
        [
            point.model.kernel.space.sample(s, rng=r)
            for r in [np.random.default_rng(1)]
            for s in (16384, 16384, 9232)
        ]
    )
    for i in (0, 23, 46, 59):
        network = finite_network(
            point.model, N, rng=np.random.default_rng(0), locations=x[i * N : (i + 1) * N]
        )
        assert deviation(network, field, point.h, m) == pytest.approx(at_once[i], rel=1e-10)
    if m == 0:
        difference = network(point.h) - field(point.h)
        assert at_once[59] == pytest.approx(np.linalg.norm(difference), rel=1e-9)
    else:
        difference = network.derivative(point.h) - field.derivative(point.h)
        assert at_once[59] == pytest.approx(np.linalg.norm(difference), rel=1e-9)


def test_features_that_are_not_native() -> None:
    """A finite-rank kernel on the unit interval, against integrals in closed form.

    w(x, y) = x y + 1, phi' s exponential with h = 0: Y = (y, 1), so Sigma = diag(1/12, 0).
    """

    def pair(x: np.ndarray) -> np.ndarray:
        return np.column_stack([x[:, 0], np.ones(len(x))])

    kernel = finite_rank_kernel(Cube(1), pair, pair, kappa=2**0.5, omega=2**0.5)
    f = fluctuation(Model(kernel, Exponential(1.0, 1.0)), np.zeros(2))
    assert f.s == pytest.approx((1 / 12, 1 / 144, 1 / 1728), rel=1e-10)
    assert (f.e4, f.e6) == pytest.approx((1 / 80, 1 / 448), rel=1e-10)
    assert f.a == pytest.approx(1 / 12 / 80, rel=1e-10)
    assert abs(f.b) < 1e-15 and abs(f.c) < 1e-15  # odd moments of a symmetric law
    assert f.mean == pytest.approx(1.25**0.5, rel=1e-10)
    assert f.sup_xi == pytest.approx(2**0.5 + 1.25**0.5, rel=1e-9)
