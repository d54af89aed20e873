"""How tight the statements of chapter 13 are, for the ledger."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fieldlimit.certify.certificate import certificate_at
from fieldlimit.certify.constants import certificate_constants, settled_state
from fieldlimit.certify.spectral import neurons_from_spectrum
from fieldlimit.certify.whole import truncated_fixed_point
from fieldlimit.checks import Array
from fieldlimit.concentration import spectral_constants
from fieldlimit.field import Model, finite_network, flow, neural_field
from fieldlimit.fixed_points import fixed_points, newton
from fieldlimit.kernels import gaussian_kernel, population_kernel, power_law, torus_kernel
from fieldlimit.nonlinearities import Logistic
from fieldlimit.spaces import Torus

DELTA = 0.05
NETWORKS = 300


def certificate_tightness(*, rng: np.random.Generator) -> Mapping[str, tuple[float, str]]:
    """Label -> (promised over seen, how): a state on the circle, a saddle, a truncated Gaussian."""
    return {**_distance(rng), "prop-agreement-time": _time(rng), **_truncation(rng)}


def _distance(rng: np.random.Generator) -> Mapping[str, tuple[float, str]]:
    model = Model(
        torus_kernel(power_law(5, 2.0), 1), Logistic(gain=2.0), 0.2 * np.ones(11) / np.sqrt(11)
    )
    constants = certificate_constants(model, settled_state(model, rng=rng))
    assert constants.fixed_point is not None
    inverse = float(np.linalg.norm(constants.fixed_point.B, 2))
    phi = (model.phi.sup(0), model.phi.sup(1), model.phi.sup(2))
    spectrum = spectral_constants(model.kernel)
    enough = int(np.ceil(neurons_from_spectrum(spectrum, DELTA, inverse=inverse, phi=phi)))
    Theta = np.sqrt(spectrum.nuclear) + spectrum.omega * np.sqrt(2 * np.log(2 / DELTA))
    promised = 4 * inverse * phi[0] * Theta / np.sqrt(enough)
    radius = certificate_at(constants, 1000, DELTA).radius
    return {
        "thm-certificate": (
            radius / _moved(model, constants.h, 1000, rng),
            "the radius, all claims at once, against the 95 % quantile of the distance, N = 1000",
        ),
        "cor-neurons-spectrum": (
            promised / _moved(model, constants.h, enough, rng, networks=60),
            f"the distance promised at the N of the formula, {enough:,}, against its 95 % quantile",
        ),
    }


def _moved(
    model: Model, h: Array, N: int, rng: np.random.Generator, networks: int = NETWORKS
) -> float:
    found = [newton(finite_network(model, N, rng=rng), h[None])[0] - h for _ in range(networks)]
    return float(np.quantile(np.linalg.norm(found, axis=1), 1 - DELTA))


def _time(rng: np.random.Generator) -> tuple[float, str]:
    """The saddle of two populations that excite themselves, N = 10,000, tolerance 0.1."""
    J, p = np.array([[5.0, -2.0], [-2.0, 5.0]]), np.array([0.5, 0.5])
    model = Model(population_kernel(J, p), Logistic(gain=4.0), np.array([-1.0, -1.1]))
    points = fixed_points(neural_field(model), rng=rng).points
    h = next(point.h for point in points if point.unstable_directions == 1)
    T = certificate_at(certificate_constants(model, h, spectrum=False), 10_000, DELTA).time
    times, left = np.linspace(0.0, 4 * T, 81), []
    for _ in range(NETWORKS):
        path = flow(finite_network(model, 10_000, rng=rng), h, times, rtol=1e-6)
        outside = np.linalg.norm(path - h, axis=1) > 0.1
        left.append(times[outside.argmax()] if outside.any() else times[-1])
    seen = float(np.quantile(left, DELTA))
    return seen / T, "the time that 95 % of 300 networks stay at a saddle, against that promised"


def _truncation(rng: np.random.Generator) -> Mapping[str, tuple[float, str]]:
    whole, I = gaussian_kernel(Torus(1), 0.6, 41), np.zeros(41)
    I[:2] = 0.1, 0.3
    g = settled_state(Model(whole, Logistic(gain=3.0), I), rng=rng)
    ratios = []
    for rank in (5, 7, 9):
        few = Model(gaussian_kernel(Torus(1), 0.6, rank), Logistic(gain=3.0), I[:rank])
        h = settled_state(few, rng=rng)
        radius = truncated_fixed_point(few, h, dropped=float(whole.singular_values[rank])).existence
        ratios.append(radius / float(np.linalg.norm(g - np.pad(h, (0, 41 - rank)))))
    how = "promised against the distance to the zero of 41 modes, 5, 7 and 9 modes kept"
    return {"prop-truncated-fixed-point": (float(np.median(ratios)), how)}
