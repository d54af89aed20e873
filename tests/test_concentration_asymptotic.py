"""thm-clt and thm-tolerance: the prediction by four routes, and the order-statistics guarantee."""

from __future__ import annotations

import numpy as np
import pytest

from calibrated import assert_frequency, assert_rejected, assert_violations_at_most
from conftest import Point
from fieldlimit.concentration import (
    chi_square_quantile,
    chi_square_tail,
    fluctuation,
    tolerance_bound,
    tolerance_copies,
    tolerance_rank,
)

SPECTRA = {
    "one": np.ones(1),
    "power": np.arange(1.0, 42.0) ** -1.5,
    "pairs": np.repeat(np.exp(-0.4 * np.arange(30)), 2),
    "nearly flat": np.linspace(1.0, 0.9, 55),
    "many": np.arange(1.0, 300.0) ** -0.2,
}


@pytest.mark.checks("thm-clt")
@pytest.mark.parametrize("count", [1, 2, 5, 40, 59, 61, 300])
def test_equal_weights_are_a_chi_square(count: int) -> None:
    """Both inversions (contour below an effective number of 60, Fourier above) to 1e-10."""
    from scipy.stats import chi2

    x = np.linspace(0.01, 3.0 * count + 20.0, 200)
    tail = chi_square_tail(2.5 * x, eigenvalues=np.full(count, 2.5))
    assert np.abs(tail - chi2.sf(x, count)).max() < 1e-10


@pytest.mark.checks("thm-clt")
@pytest.mark.parametrize("name", ["power", "pairs", "nearly flat", "many"])
def test_imhof_integral_agrees(name: str) -> None:
    """Independent route: Imhof's integral by adaptive quadrature."""
    from scipy.integrate import quad

    weights = SPECTRA[name] / SPECTRA[name].sum()

    def integrand(u: float, x: float) -> float:
        phase = 0.5 * np.arctan(weights * u).sum() - 0.5 * x * u
        return np.sin(phase) / (u * np.exp(0.25 * np.log1p((weights * u) ** 2).sum()))

    for x in (0.6, 1.0, 1.7):
        value, _ = quad(integrand, 1e-12, 400.0, args=(x,), limit=4000, epsabs=1e-9, epsrel=0.0)
        # cut at 400: the envelope there is below 1e-6 for the slowest of these spectra
        assert float(chi_square_tail(x, eigenvalues=weights)) == pytest.approx(
            0.5 + value / np.pi, abs=2e-6
        )


@pytest.mark.checks("thm-clt")
@pytest.mark.parametrize("name", SPECTRA)
def test_simulated_gaussian_vectors(name: str) -> None:
    """Detects an error of 1 point in a tail probability of 5 %."""
    weights, n = SPECTRA[name], 100_000
    squares = np.random.default_rng(41).standard_normal((n, len(weights))) ** 2 @ weights
    for delta in (0.5, 0.05, 0.01):
        q = chi_square_quantile(7, delta, eigenvalues=weights)
        assert_frequency(int((squares > 7 * q**2).sum()), n, delta)
    assert_rejected(lambda: assert_frequency(int((squares > 7 * (1.05 * q) ** 2).sum()), n, 0.01))


@pytest.mark.checks("thm-clt")
def test_networks_follow_the_prediction(populations: Point) -> None:
    """100,000 networks of 10,000 neurons: the prediction is off by less than 0.002 + sampling.

    Counts of a finite space are multinomial, so a network costs nothing. A quantile wrong by a
    factor 0.95 or 1.05 is detected.
    """
    N, n, delta = 10_000, 100_000, 0.05
    rule = populations.model.kernel.space.quadrature(1)
    k, w = populations.model.kernel.k(rule.nodes), populations.model.kernel.w(rule.nodes)
    Y = populations.model.phi(k @ populations.h)[:, None] * w
    counts = np.random.default_rng(42).multinomial(N, rule.weights, size=n)
    D = np.linalg.norm((counts / N - rule.weights) @ Y, axis=1)
    f = fluctuation(populations.model, populations.h)
    q = chi_square_quantile(N, delta, eigenvalues=f.eigenvalues)
    assert_frequency(int((q < D).sum()), n, delta, slack=0.002)
    for wrong in (0.95, 1.05):
        assert_rejected(
            lambda wrong=wrong: assert_frequency(int((wrong * q < D).sum()), n, delta, slack=0.002)
        )


@pytest.mark.checks("thm-tolerance")
def test_number_of_copies() -> None:
    table = [tolerance_copies(j, delta=0.05, gamma=1e-3) for j in (1, 5, 10, 20)]
    assert table == [135, 291, 447, 726]


@pytest.mark.checks("thm-tolerance")
@pytest.mark.parametrize("delta", [0.3, 0.05, 0.01])
@pytest.mark.parametrize("gamma", [0.1, 1e-3, 1e-6])
def test_number_of_copies_is_the_least(delta: float, gamma: float) -> None:
    from scipy.stats import binom

    for j in (1, 2, 7, 30):
        n = tolerance_copies(j, delta=delta, gamma=gamma)
        assert binom.cdf(j - 1, n, delta) <= gamma < binom.cdf(j - 1, n - 1, delta)
        assert tolerance_rank(n, delta=delta, gamma=gamma) == j
        assert tolerance_rank(n - 1, delta=delta, gamma=gamma) == j - 1


@pytest.mark.checks("thm-tolerance")
@pytest.mark.parametrize("law", ["continuous", "with atoms", "often infinite"])
def test_tolerance_covers(law: str) -> None:
    """4000 times n copies: the true exceedance is known in closed form and is > delta rarely.

    Teeth, for the continuous law: rank j + 2 in place of j, or a confidence of gamma/2, fails.
    """
    delta, gamma, j, sets = 0.1, 0.05, 5, 4000
    n = tolerance_copies(j, delta=delta, gamma=gamma)
    copies = np.random.default_rng(43).random((sets, n))
    if law == "with atoms":
        copies = np.ceil(20.0 * copies) / 20.0
    if law == "often infinite":
        copies[copies > 0.97] = np.inf
    U = np.array([tolerance_bound(row, delta=delta, gamma=gamma, j=j) for row in copies])
    exceedance = np.where(np.isinf(U), 0.0, 1.0 - U)  # P(T > u) = 1 - u at every attained u
    wrong = int((exceedance > delta + 1e-12).sum())
    assert_violations_at_most(wrong, sets, gamma)
    if law == "continuous":
        assert_rejected(lambda: assert_violations_at_most(wrong, sets, gamma / 2))
        later = np.sort(copies, axis=1)[:, n - j - 2]
        assert_rejected(
            lambda: assert_violations_at_most(int((1 - later > delta).sum()), sets, gamma)
        )


@pytest.mark.checks("thm-tolerance")
def test_marginal_exceedance() -> None:
    """P(T_new > U) <= j/(n + 1), an equality without ties: 40,000 fresh networks."""
    j, n, sets = 3, 60, 40_000
    values = np.random.default_rng(44).standard_exponential((sets, n + 1))
    U = np.partition(values[:, :n], n - j, axis=1)[:, n - j]
    count = int((values[:, n] > U).sum())
    assert_frequency(count, sets, j / (n + 1))
    assert_rejected(lambda: assert_violations_at_most(count, sets, (j - 1) / (n + 1)))


def test_default_rank_is_the_largest() -> None:
    values = np.arange(500.0)
    j = tolerance_rank(500, delta=0.05, gamma=1e-3)
    assert tolerance_bound(values, delta=0.05, gamma=1e-3) == 500.0 - j


def test_errors() -> None:
    values = np.arange(100.0)
    with pytest.raises(ValueError, match="need n >= 135 copies, but n = 100"):
        tolerance_bound(values, delta=0.05, gamma=1e-3)
    with pytest.raises(ValueError, match="with j = 3 need n >= "):
        tolerance_bound(np.arange(140.0), delta=0.05, gamma=1e-3, j=3)
    with pytest.raises(ValueError, match="NaN or negative"):
        tolerance_bound([1.0, np.nan], delta=0.05, gamma=1e-3)
    with pytest.raises(ValueError, match=r"gamma is a probability in \(0, 1\), but gamma = 0"):
        tolerance_copies(1, delta=0.05, gamma=0.0)
    with pytest.raises(ValueError, match="the least is -1.0"):
        chi_square_quantile(10, 0.05, eigenvalues=[1.0, -1.0])
    with pytest.raises(ValueError, match="one is positive"):
        chi_square_tail(1.0, eigenvalues=[0.0])
