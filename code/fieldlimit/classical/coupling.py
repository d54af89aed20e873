"""Sznitman's coupling for the spiking network: what it promises, from hypotheses to numbers.

Letters: Lambda = kappa omega phi_1; Z the latent state of the network, h that of the field; S_j the
spikes of neuron j, S'_j those of its limit copy on the same Poisson measure; Z'_t the network's
state had its neurons been the independent copies; zeta_t^2 = N E||Z'_t - h_t||^2.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fieldlimit.checks import Array, nonnegative, positive_integer, shaped
from fieldlimit.classical.growth import (
    elapsed,
    growth,
    growth_integral,
    on_a_grid,
    weighted_past_of_root,
)
from fieldlimit.field import Model, VectorField, bounded_sup, neural_field
from fieldlimit.kernels import projective_moment
from fieldlimit.statements import states


@dataclass(frozen=True, eq=False)
class CopyError:
    """N E||Z'_t - h_t||^2 at `times`, in its two parts: of the spikes and of the locations."""

    times: Array  # (T,)
    spikes: Array  # (T,) int ||w_x||^2 int_0^t e^{-2(t-s)} phi(h_s(x)) ds rho(dx)
    locations: Array  # (T,) tr Cov(w_x a_t(x)), a_t(x) = int_0^t e^{-(t-s)} phi(h_s(x)) ds
    field: Array  # (T, r) h

    @property
    def root(self) -> Array:
        """zeta_t, the square root of the sum."""
        return np.sqrt(self.spikes + self.locations)


@states("lem-copies")
def copy_error(
    model: Model,
    h0: Array,
    times: Array,
    *,
    network: VectorField | None = None,
    n: int | None = None,
    rtol: float = 1e-8,
) -> CopyError:
    """E||Z'_t - h_t||^2 = zeta_t^2 / N, exactly: zeta_t^2 = spikes + locations (lem-copies).

    With a network: given its locations, where spikes = (1/N) sum_j ||w_j||^2 int e^{-2(t-s)} phi and
    locations = N ||(1/N) sum_j w_j a_t(x_j) - int w a_t drho||^2. Elsewhere the mean over networks.
    rho is replaced by a quadrature of about n nodes; times (T,) increase strictly from 0. h, a_t
    and int e^{-2(t-s)} phi are integrated together, with adaptive steps (DOP853), rtol a step.
    """
    from scipy.integrate import solve_ivp

    F = neural_field(model, n)
    at = F if network is None else network  # the places where a and b are followed
    sites, r = at.k.shape
    h0 = shaped("h0", h0, (r,))
    times, _ = on_a_grid(times, times)

    def velocity(_: float, state: Array) -> Array:
        h, a, b = np.split(state, [r, r + sites])
        rates = at.phi(at.k @ h)
        return np.concatenate([F(h), -a + rates, -2 * b + rates])

    start = np.concatenate([h0, np.zeros(2 * sites)])
    span = (0.0, float(times[-1]) or 1.0)
    solution = solve_ivp(
        velocity, span, start, method="DOP853", t_eval=times, rtol=rtol, atol=rtol / 100
    )
    h, a, b = np.split(solution.y.T, [r, r + sites], axis=1)
    mass = at.weights * np.sum(at.w**2, axis=1)  # (sites,)
    means = (a * at.weights) @ at.w  # (T, r)
    if network is None:
        locations = np.maximum(a**2 @ mass - np.sum(means**2, axis=1), 0.0)  # 0 but for rounding
    else:
        left = np.exp(-times)[:, None]  # h_t = left h0 + (1 - left) I + int w_x a_t(x) rho(dx)
        gap = means - (h - left * h0 - (1 - left) * F.I)
        locations = sites * np.sum(gap**2, axis=1)
    return CopyError(times, b @ mass, locations, h)


def a_priori_copy_error(model: Model) -> float:
    """C_0 = sqrt(tr Wop (phi_0/2 + phi_0^2)) >= zeta_t at every t, for every h0 and I (lem-copies)."""
    phi_0 = bounded_sup(model.phi, 0)
    return math.sqrt(float(np.trace(projective_moment(model.kernel))) * (phi_0 / 2 + phi_0**2))


def coupling_strength(model: Model) -> float:
    """Lambda = kappa omega phi_1; needs phi' bounded."""
    return model.kernel.kappa * model.kernel.omega * bounded_sup(model.phi, 1)


def network_strength(network: VectorField) -> float:
    """Lambda_N = phi_1 sqrt(tr Wop_N ||Kop_N||) <= Lambda: the strength for given locations."""
    p = network.weights
    trace = float(p @ np.sum(network.w**2, axis=1))
    top = float(np.linalg.eigvalsh(network.k.T @ (p[:, None] * network.k))[-1])
    return bounded_sup(network.phi, 1) * math.sqrt(trace * top)


@states("thm-coupling")
def coupling_bound(
    N: int, t: ArrayLike, *, strength: float, noise: float, start: float = 0.0
) -> Array:
    """E||Z_t - h_t|| <= (C/sqrt N)(1 + Lambda (e^{(Lambda-1)t} - 1)/(Lambda-1)) + e^{(Lambda-1)t} d.

    strength = Lambda; noise = C >= zeta_s for s <= t (C_0, or the largest zeta_s); start = d =
    ||Z_0 - h_0||. t >= 0 of any shape, in units of tau. When Lambda < 1 it stays below
    C/(sqrt N (1 - Lambda)) + d. Source: thm-coupling.
    """
    strength, noise = nonnegative("strength", strength), nonnegative("noise", noise)
    root = math.sqrt(positive_integer("N", N))
    rate = strength - 1.0
    t = elapsed(t)
    with np.errstate(over="ignore"):
        initial = nonnegative("start", start) * np.exp(rate * t) if start else 0.0
    return noise / root * (1.0 + strength * growth(rate, t)) + initial


def coupling_bound_along(N: int, copies: CopyError, *, strength: float) -> Array:
    """(zeta_t + Lambda int_0^t e^{(Lambda-1)(t-s)} zeta_s ds)/sqrt N at copies.times: (T,).

    The sharper form of thm-coupling, along the trajectory of the field, from Z_0 = h_0; also for
    unbounded phi. Between copies.times zeta^2 is a cubic spline (`weighted_past_of_root`): the grid
    has to resolve the field.
    """
    strength = nonnegative("strength", strength)
    square = copies.spikes + copies.locations
    past = weighted_past_of_root(copies.times, square, strength - 1.0)
    return (copies.root + strength * past) / math.sqrt(positive_integer("N", N))


@states("cor-same-spikes")
def disagreement(
    N: int, t: ArrayLike, *, strength: float, noise: float, slope: float, neurons: int = 1
) -> Array:
    """P(S_i differs from S'_i on (0, t] for one of q neurons) <= q slope int_0^t bound(s) ds.

    slope = kappa phi_1, q = neurons, and `coupling_bound` with Z_0 = h_0 inside: the value is
    q slope C/sqrt N (t + Lambda int_0^t (e^{(Lambda-1)s} - 1)/(Lambda-1) ds). It bounds the expected
    number of spikes that differ too, and the distance in total variation between the law of q
    neurons' spikes, with their locations, and that of independent Poisson neurons. May exceed 1.
    """
    strength, noise = nonnegative("strength", strength), nonnegative("noise", noise)
    integral = elapsed(t) + strength * growth_integral(strength - 1.0, t)
    factor = nonnegative("slope", slope) * positive_integer("neurons", neurons)
    return factor * noise / math.sqrt(positive_integer("N", N)) * integral
