"""Chapter 2: what features, spectra and truncation promise. All claims here are deterministic.

"Teeth" means that the claim weakened by the stated factor is shown to fail.
"""

import numpy as np
import pytest

from fieldlimit.field import Model, flow, neural_field
from fieldlimit.kernels import (
    cosine_ring,
    evaluate,
    gaussian_kernel,
    mexican_hat,
    moments,
    nystrom_eigenvalues,
    population_kernel,
    power_law,
    shifted_ring,
    table_kernel,
    torus_kernel,
)
from fieldlimit.nonlinearities import Logistic
from fieldlimit.spaces import GaussianSpace, circle
from fieldlimit.spectrum import (
    feature_bounds,
    flat_kernel,
    flat_nuclear_norm,
    flat_signs,
    gaussian_spectrum,
    smooth_decay,
    spectrum,
)
from fieldlimit.truncation import growth, truncation_error, unseen_rates

ROUNDING = 1e-10  # sums of at most some thousand terms of order one


def singular_values(kernel, n=512):
    """Of the integral operator, from the kernel's values alone, on a rule exact for it."""
    rule = kernel.space.quadrature(n)
    root = np.sqrt(rule.weights)
    return np.linalg.svd(
        root[:, None] * evaluate(kernel, rule.nodes, rule.nodes) * root, compute_uv=False
    )


def rank_two(rng, n=6):
    weights = rng.dirichlet(np.ones(n))
    a, b = rng.standard_normal((2, n, 2))
    return table_kernel(a, b, weights)


@pytest.mark.checks("prop-features")
def test_features_control_values_norms_and_the_nuclear_norm():
    rng = np.random.default_rng(1)
    kernels = [rank_two(rng) for _ in range(20)] + [
        population_kernel(rng.standard_normal((4, 4)), np.ones(4) / 4)
    ]
    for kernel in kernels:
        bounds, sigma = feature_bounds(kernel), singular_values(kernel)
        rule = kernel.space.quadrature(1)
        k, w = kernel.k(rule.nodes), kernel.w(rule.nodes)
        h = rng.standard_normal((50, kernel.rank))
        values = h @ k.T
        norms = np.linalg.norm(h, axis=1)
        assert (np.abs(values).max(axis=1) <= bounds.pointwise * norms + ROUNDING).all()
        assert (np.sqrt(values**2 @ rule.weights) <= bounds.mean_square * norms + ROUNDING).all()
        f = rng.standard_normal((50, len(rule.weights)))
        driven = np.linalg.norm((f * rule.weights) @ w, axis=1)
        assert (driven <= bounds.drive * np.sqrt(f**2 @ rule.weights) + ROUNDING).all()
        assert sigma[0] <= bounds.top + ROUNDING
        assert sigma.sum() <= bounds.nuclear + ROUNDING
        assert bounds.nuclear <= kernel.kappa * kernel.omega + ROUNDING


@pytest.mark.checks("prop-features")
def test_feature_bounds_are_attained_by_native_features():
    """Teeth: each bound times 0.999 fails."""
    kernel = cosine_ring(-1.0, 3.0)
    bounds, sigma = feature_bounds(kernel), singular_values(kernel)
    assert sigma.sum() > 0.999 * bounds.nuclear
    assert sigma[0] > 0.999 * bounds.top
    k = kernel.k(np.array([[0.7]]))[0]
    assert k @ k > 0.999 * bounds.pointwise * np.linalg.norm(k)
    first = np.array([0.0, 1.0, 0.0])  # the eigenfunction of the largest modulus, sqrt(s) e_1
    rule = kernel.space.quadrature(64)
    assert np.sqrt(rule.weights @ (kernel.k(rule.nodes) @ first) ** 2) > 0.999 * bounds.mean_square
    drive = (rule.weights * np.sqrt(2) * np.cos(rule.nodes[:, 0])) @ kernel.w(rule.nodes)
    assert np.linalg.norm(drive) > 0.999 * bounds.drive


@pytest.mark.checks("prop-native-spectrum")
@pytest.mark.parametrize(
    "kernel",
    [
        cosine_ring(-1.0, 3.0),
        shifted_ring(-1.0, 3.0, 0.7),
        mexican_hat(0.5, 1.2, 3.0, 2.0, dimension=1, rank=21),
        mexican_hat(0.7, 1.4, 3.0, 2.0, dimension=2, rank=21),
        torus_kernel(power_law(7, 2.0), 3),
    ],
    ids=["cosine", "shifted", "hat", "hat 2d", "torus 3d"],
)
def test_native_features_have_the_operators_singular_values(kernel):
    """Two routes: the features' moments by quadrature, and an SVD that sees only values of w."""
    claim, seen = spectrum(kernel), moments(kernel, 1000)
    sigma = singular_values(kernel, 1000)
    for moment in (seen.receptive, seen.projective):
        assert np.trace(moment) == pytest.approx(claim.nuclear, abs=ROUNDING)
        assert np.linalg.norm(moment, 2) == pytest.approx(claim.top, abs=ROUNDING)
    assert sigma.sum() == pytest.approx(
        claim.nuclear, abs=1e-8
    )  # 1000 small singular values add up
    assert sigma[0] == pytest.approx(claim.top, abs=ROUNDING)
    assert claim.nuclear <= kernel.kappa**2 + ROUNDING
    assert 1 <= claim.intrinsic_dimension <= kernel.rank


def test_eigenvalues_of_a_shifted_ring_are_not_its_singular_values():
    """Teeth: moduli agree, the values do not, once the ring is not symmetric."""
    kernel = shifted_ring(-1.0, 3.0, 0.7)
    values = nystrom_eigenvalues(kernel, 64)
    assert np.allclose(np.abs(values), [1.5, 1.5, 1.0], atol=ROUNDING)
    assert np.abs(values.imag).max() == pytest.approx(1.5 * np.sin(0.7), abs=ROUNDING)


def test_flat_polynomials_are_flat():
    for m in range(9):
        signs = flat_signs(m)
        assert len(signs) == 2**m
        assert set(np.unique(signs)) <= {-1.0, 1.0}
        values = np.abs(np.fft.fft(signs, 2 ** (m + 4)))
        assert values.max() <= 2 ** ((m + 1) / 2) + ROUNDING


@pytest.mark.checks("prop-carleman")
@pytest.mark.parametrize("m", [0, 1, 4, 7])
def test_bounded_kernels_of_large_nuclear_norm(m):
    kernel = flat_kernel(m)
    x = np.linspace(-np.pi, np.pi, 2 ** (m + 4), endpoint=False)[:, None]
    assert np.abs(evaluate(kernel, x, np.zeros((1, 1)))).max() <= 1 + ROUNDING
    assert spectrum(kernel).nuclear == pytest.approx(flat_nuclear_norm(m), rel=1e-12)
    assert np.count_nonzero(kernel.singular_values) == 2 ** (m + 1)
    if m <= 4:
        assert singular_values(kernel, 256).sum() == pytest.approx(flat_nuclear_norm(m), abs=1e-8)


def test_a_bounded_positive_kernel_has_a_bounded_trace():
    """The contrast, and the teeth: with all signs +1 the same frequencies give sup w = trace."""
    m = 5
    eigenvalues = np.zeros(2 ** (m + 1))
    eigenvalues[2**m :] = 1.0
    kernel = torus_kernel(eigenvalues, 1)
    top = evaluate(kernel, np.zeros((1, 1)), np.zeros((1, 1)))[0, 0]
    assert top == pytest.approx(spectrum(kernel).nuclear)


@pytest.mark.checks("prop-smooth-decay")
@pytest.mark.parametrize("dimension", [1, 2])
@pytest.mark.parametrize("order", [1, 2, 4])
def test_smooth_kernels_have_decaying_spectra(dimension, order):
    """g = product of exp(cos x_i): the FFT gives its coefficients, and its derivative's L1 norm."""
    n = 64  # coefficients of exp(cos) fall below rounding before frequency 20
    x = 2 * np.pi * np.arange(n) / n
    line = np.exp(np.cos(x))
    frequencies = np.fft.fftfreq(n, 1 / n)
    derived = np.fft.ifft((1j * frequencies) ** order * np.fft.fft(line)).real
    norm = np.abs(derived).mean() * line.mean() ** (dimension - 1)
    one = np.abs(np.fft.fft(line)) / n
    values = one if dimension == 1 else np.outer(one, one).ravel()
    values = np.sort(values)[::-1]
    for index in range(2, 60):
        # 1e-3: the L1 norm of |g^(q)|, which has kinks, by the trapezoidal rule with 64 nodes
        bound = smooth_decay(index, derivative=norm, order=order, dimension=dimension)
        assert values[index - 1] <= bound * (1 + 1e-3) + 1e-15


@pytest.mark.checks("prop-smooth-decay")
def test_smooth_decay_has_teeth_and_its_rounded_form():
    """cos x: s_2 = 1/2 and G = 2/pi, ratio 0.785: the bound times 0.75 fails."""
    assert 0.75 * smooth_decay(2, derivative=2 / np.pi, order=3, dimension=1) < 0.5
    assert smooth_decay(2, derivative=2 / np.pi, order=3, dimension=1) >= 0.5
    for d in (1, 2, 5):
        for index in range(2, 400):
            rounded = (2 / (index ** (1 / d) - 1)) ** 3
            assert smooth_decay(index, derivative=1.0, order=3, dimension=d) <= rounded * (
                1 + 1e-12
            )


@pytest.mark.checks("prop-gaussian-spectrum")
@pytest.mark.parametrize("length", [0.3, 1.0, 3.0])
def test_gaussian_spectrum_agrees_with_the_kernels_values(length):
    """Two routes that never see Mehler's formula: the trace, and an SVD of exp(-|x - y|^2 / 2 l^2)."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    kept = weights > 1e-40
    nodes, root = nodes[kept], np.sqrt(weights[kept])
    matrix = root[:, None] * np.exp(-((nodes[:, None] - nodes) ** 2) / (2 * length**2)) * root
    seen = np.linalg.eigvalsh(matrix)[::-1]
    claim = gaussian_spectrum(length, 1)
    # Gauss-Hermite with 120 nodes resolves the first modes; the shortest length is the hardest
    accuracy = 1e-9 if length >= 1 else 1e-3
    assert np.allclose(seen[:8], claim.eigenvalues(np.arange(1, 9)), rtol=0, atol=accuracy)
    two = np.sort(np.outer(seen[:40], seen[:40]).ravel())[::-1]
    assert np.allclose(
        two[:20], gaussian_spectrum(length, 2).eigenvalues(np.arange(1, 21)), rtol=0, atol=accuracy
    )


@pytest.mark.checks("prop-gaussian-spectrum")
@pytest.mark.parametrize("dimension", [1, 2, 5, 20])
def test_gaussian_spectrum_agrees_with_the_kernel_of_the_library(dimension):
    claim = gaussian_spectrum(0.8, dimension)
    kernel = gaussian_kernel(GaussianSpace(dimension), 0.8, 60)
    assert np.allclose(
        np.sort(kernel.singular_values)[::-1], claim.eigenvalues(np.arange(1, 61)), rtol=1e-9
    )
    assert claim.top == pytest.approx(kernel.singular_values.max(), rel=1e-9)
    if dimension <= 2:
        many = claim.eigenvalues(np.arange(1, 20001))
        assert many.sum() == pytest.approx(1.0, abs=1e-6)
        assert 1 / np.sum(many**2) == pytest.approx(claim.participation, rel=1e-6)


def test_gaussian_spectrum_keeps_its_accuracy_at_large_lengths():
    assert gaussian_spectrum(1e6, 1).beta == pytest.approx(1e-12, rel=1e-9)


def tail_case(gain, keep):
    """A field on the ring with 12 pairs, its truncation to `keep` pairs, and both trajectories."""
    s = 0.5 * np.exp(-0.7 * np.arange(13))
    phi = Logistic(gain=gain)
    I = np.zeros(25)
    I[:3] = -0.2, 0.3, 0.1
    times = np.linspace(0, 6, 31)
    full, cut = torus_kernel(s, 1), torus_kernel(s[: keep + 1], 1)
    r = cut.rank
    small = neural_field(Model(cut, phi, I[:r]), 256)
    h = flow(neural_field(Model(full, phi, I), 256), np.zeros(25), times)
    g = flow(small, np.zeros(r), times)
    common = {"slope": phi.sup(1), "amplitude": 0.5}
    prior = [truncation_error(s[0], s[keep + 1], t, **common) for t in times]
    eta = unseen_rates(small, g)
    posterior = [truncation_error(s[0], s[keep + 1], t, **common, residual=eta) for t in times]
    return h[:, r:], h[:, :r] - g, prior, posterior


@pytest.mark.checks("prop-truncation")
@pytest.mark.parametrize("gain", [1.0, 4.0, 20.0])
@pytest.mark.parametrize("keep", [1, 2, 4, 8])
def test_truncation_is_within_its_bounds(gain, keep):
    tails, kept, *claims = tail_case(gain, keep)
    for bounds in claims:
        assert all(np.linalg.norm(q) <= b.tail + 1e-8 for q, b in zip(tails, bounds, strict=True))
        assert all(np.linalg.norm(p) <= b.kept + 1e-8 for p, b in zip(kept, bounds, strict=True))


@pytest.mark.checks("prop-truncation")
def test_the_bound_after_the_fact_has_teeth():
    """Small gain, one pair kept: the second harmonic of the rates is nearly all that is unseen.

    The tail is then sqrt(s') eta to a few percent: its bound times 0.8 fails.
    """
    tails, _, _, posterior = tail_case(1.0, 1)
    assert np.linalg.norm(tails[-1]) > 0.8 * posterior[-1].tail


@pytest.mark.checks("prop-truncation")
def test_the_tail_bound_has_teeth():
    """phi a step at the mean of h: its first harmonic is sqrt(2)/pi = 0.45 of phi_0, against 1/2.

    So the bound of the tail times 0.85 fails. Inhibition on the mean holds the mean at the step;
    a small input along the dropped pair says where the profile stands, and enters the bound.
    """
    s, small = np.array([-0.2, 0.001]), 1e-3
    kernel, phi = torus_kernel(s, 1), Logistic(gain=1e4)
    I = np.array([np.sqrt(0.2) * 0.5, small, 0.0])
    h = flow(
        neural_field(Model(kernel, phi, I), 4096),
        np.array([0.0, small, 0.0]),
        np.array([0.0, 10.0]),
    )[-1]
    bound = truncation_error(
        0.2, 0.001, 10.0, amplitude=0.5, slope=0.0, tail_input=small, tail_start=small
    )
    tail = np.linalg.norm(h[1:])
    assert 0.85 * bound.tail < tail <= bound.tail


def test_growth_is_continuous_at_rate_zero():
    assert growth(0.0, 2.0) == 2.0
    assert growth(1e-12, 2.0) == pytest.approx(2.0)
    assert growth(-1.0, 50.0) == pytest.approx(1.0)
    assert growth(1e4, 1.0) == np.inf


@pytest.mark.parametrize(
    "call",
    [
        lambda: truncation_error(0.1, 0.2, 1.0, amplitude=1, slope=1),
        lambda: truncation_error(0.1, 0.01, -1.0, amplitude=1, slope=1),
        lambda: truncation_error(
            0.1, 0.01, 1.0, amplitude=1, slope=1, tail_input=1.0, residual=0.1
        ),
        lambda: gaussian_spectrum(0.0, 1),
        lambda: gaussian_spectrum(1.0, 0),
        lambda: smooth_decay(1, derivative=1.0, order=1, dimension=1),
        lambda: flat_signs(-1),
        lambda: spectrum(torus_kernel([0.0, 0.0], 1)),
    ],
)
def test_errors_name_the_requirement(call):
    with pytest.raises(ValueError, match=r"is|are"):
        call()


def test_circle_is_where_flat_kernels_live():
    assert flat_kernel(2).space == circle()
