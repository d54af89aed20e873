"""Models that no constant was tuned on, drawn from a seed: the certificate for all times holds."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from calibrated import assert_rejected, assert_violations_at_most
from fieldlimit import long_times as lt
from fieldlimit.field import Model, finite_network, neural_field, runge_kutta
from fieldlimit.fixed_points import fixed_points, newton
from fieldlimit.kernels import population_kernel, shifted_ring, torus_kernel, zonal_kernel
from fieldlimit.nonlinearities import ErrorFunction, Logistic

DELTA = 0.2  # large, so that a certificate that is too small by a little would show
NETWORKS = 60
MOST = 1500  # neurons; a model that needs more is passed over
STEP, STEPS = 0.2, 100  # of the method of Runge and Kutta
SLACK = 5e-5  # its error is below 2e-5 in the models here, and two trajectories are compared


def drawn_model(seed):
    """A kernel of either sign on a space of dimension up to 10, a gain, an input."""
    rng = np.random.default_rng([1212, seed])
    rate, gain, threshold = rng.uniform(0.5, 1.5), rng.uniform(0.5, 2.5), rng.uniform(-0.5, 0.5)
    phi = (Logistic, ErrorFunction)[seed % 2](rate, gain, threshold)
    match seed % 4:
        case 0:
            d = int(rng.choice([1, 2, 3, 10]))
            kernel = torus_kernel(rng.choice([-1.0, 1.0], 3) * rng.uniform(0.1, 1.0, 3), d)
        case 1:
            size = int(rng.integers(2, 5))
            J = 2 * rng.standard_normal((size, size))
            kernel = population_kernel(J, rng.dirichlet(3 * np.ones(size)))
        case 2:
            kernel = zonal_kernel(3, rng.uniform(-1, 1, 2))
        case _:
            kernel = shifted_ring(rng.normal(), rng.normal(), rng.uniform(-1, 1))
    return Model(kernel, phi, 0.3 * rng.standard_normal(kernel.rank))


def trajectory(F, h):
    """h at t = 0, STEP, ..., (STEPS + 1, r)."""
    return runge_kutta(F, h, STEP, STEPS)


@cache
def prepared(seed):
    """A model, a stable zero, a start inside the basin, and the constants; None if none serves."""
    model, rng = drawn_model(seed), np.random.default_rng([1213, seed])
    field = neural_field(model, 512)
    stable = fixed_points(field, rng=rng, starts=8).stable
    if not stable:
        return None
    h = stable[seed % len(stable)].h
    still = lt.attractor_constants(model, h, n=512)
    widest = lt.trajectory_certificate(still, 10**8, DELTA).basin
    direction = rng.standard_normal(len(h))
    reach = rng.uniform(0.1, 0.7) * min(widest, 4.0)
    start = h + reach * direction / still.weight.norm(direction)
    constants = lt.attractor_constants(model, h, start=start, weight=still.weight, n=512)
    try:
        N = 2 * lt.neurons_for_all_times(constants, DELTA, most=MOST)
    except ValueError:
        return None
    return model, field, constants, max(N, 2)


@pytest.mark.checks("thm-attractor")
def test_no_trajectory_strays():
    """Errors at all times, the fixed point, the convergence: false-alarm rate 1e-9 in each model.

    Teeth: an eighth of the bound is exceeded by far too many networks in some model. In each model
    a certificate that fails with probability above 0.75 is detected.
    """
    tried, weakened = 0, []
    for seed in range(16):
        case = prepared(seed)
        if case is None:
            continue
        tried += 1
        model, field, constants, N = case
        rng = np.random.default_rng([1214, seed])
        certificate = lt.trajectory_certificate(constants, N, DELTA)
        assert certificate.holds and certificate.reason == ""
        h, times = trajectory(field, constants.start), STEP * np.arange(STEPS + 1)
        allowed = certificate.error_at(times) + SLACK
        violations = small = 0
        for _ in range(NETWORKS):
            network = finite_network(model, N, rng=rng)
            g = trajectory(network, constants.start)
            error = constants.weight.norm(g - h)
            zero = newton(network, constants.h[None], steps=20)[0]
            near = constants.weight.norm(zero - constants.h) <= certificate.radius
            left = constants.weight.norm(g[-1] - zero)
            arrived = left <= SLACK + 3 * certificate.basin * np.exp(-certificate.rate * times[-1])
            plain = np.linalg.norm(g - h, axis=1).max() <= certificate.error + SLACK
            violations += not ((error <= allowed).all() and near and plain and arrived)
            small += error.max() > certificate.error / 8
        assert_violations_at_most(violations, NETWORKS, DELTA)
        weakened.append(small)
    assert tried >= 8
    assert_rejected(lambda: assert_violations_at_most(max(weakened), NETWORKS, DELTA))


def test_the_error_solves_its_equation():
    """z = y_x - y_0: z' = x - (b - La (y_x + y_0)/2) z, and its supremum is the one reported."""
    model, _, constants, N = next(filter(None, map(prepared, range(16))))
    certificate = lt.trajectory_certificate(constants, N, DELTA)
    t = np.linspace(0.0, 60.0 / certificate.rate, 200_001)
    z, b, La = certificate.error_at(t), certificate.alpha - certificate.eps, certificate.lipschitz
    y0 = lt.riccati(t, certificate.distance, b, 0.0, 2 * b / La)
    slope = np.gradient(z, t)
    expected = certificate.zeta - (b - La * (z + 2 * y0) / 2) * z
    np.testing.assert_allclose(slope[1:-1], expected[1:-1], atol=1e-4 * np.abs(slope).max())
    assert z[0] == 0.0 and z.max() <= certificate.error <= z.max() * (1 + 1e-4)
    assert z[-1] == pytest.approx(certificate.radius, rel=1e-6)
    assert np.isinf(certificate.error_at(t[:3], offset=certificate.basin)).all()
    assert model.kernel.rank == len(constants.h)


def test_refusals_say_why():
    _, _, constants, N = next(filter(None, map(prepared, range(16))))
    few = lt.trajectory_certificate(constants, 1, DELTA)
    assert not few.holds and "is needed, but" in few.reason and np.isinf(few.error)
    assert lt.trajectory_certificate(constants, 100 * N, DELTA).error < 0.2 * few.error
    with pytest.raises(ValueError, match="N <= 1 is needed to certify"):
        lt.neurons_for_all_times(constants, DELTA, most=1)


def test_the_error_falls_like_the_root_of_N():
    _, _, constants, N = next(filter(None, map(prepared, range(16))))
    errors = [lt.trajectory_certificate(constants, N * 10**p, DELTA).error for p in (3, 5)]
    assert errors[0] / errors[1] == pytest.approx(10.0, rel=0.05)  # terms of higher order in 1/N
