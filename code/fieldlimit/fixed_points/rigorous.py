"""The posterior certificate as a computer-assisted proof: every rounding is enclosed."""

from __future__ import annotations

import math

import numpy as np

from fieldlimit.checks import Array, shaped
from fieldlimit.field import VectorField
from fieldlimit.fixed_points.certificate import inverse
from fieldlimit.fixed_points.interval import (
    Interval,
    around,
    exactly,
    exponential,
    norm_bound,
    row_norms,
    row_sum_bound,
    symmetric_norm_bound,
)
from fieldlimit.fixed_points.newton import newton_kantorovich
from fieldlimit.fixed_points.posterior import Posterior
from fieldlimit.nonlinearities import Logistic


def rigorous_certificate(network: VectorField, h: Array, *, B: Array | None = None) -> Posterior:
    """thm-fixed-point-posterior for the network with exactly these features, as a proof.

    k, w, I, h and B are taken as the floating-point numbers they are; a weight, such as 1/N, as any
    number that rounds to it. Y0, Z0 and Z2 are upper bounds with all roundings, those of phi and
    phi' included, and the radii err on the safe side. phi: Logistic (tanh_rate too), whose enclosure
    needs exp alone; ValueError for another. Cost: some ten times that of `posterior_certificate`.
    """
    phi = network.phi
    if not isinstance(phi, Logistic):
        raise ValueError(f"phi is Logistic, whose values can be enclosed, but phi = {phi}")
    h = shaped("h", h, (len(network.I),))
    A = network.derivative(h)
    B = inverse(A) if B is None else shaped("B", B, A.shape)
    k, w, p = exactly(network.k), exactly(network.w), around(network.weights[:, None])
    rate, slope = _logistic(phi, k @ exactly(h[:, None]))  # (n, 1)
    drive = w.transposed @ (p * rate)  # (r, 1)
    value = exactly(network.I[:, None]) - exactly(h[:, None]) + drive
    identity = exactly(np.eye(len(h)))
    derivative = w.transposed @ (p * slope * k) - identity
    defect = identity - exactly(B) @ derivative
    Y0 = norm_bound(exactly(B) @ value)
    Z0 = min(norm_bound(defect), _schur(defect))
    longest = float(row_norms(w @ exactly(B.T)).max(initial=0.0))
    top = symmetric_norm_bound(k.transposed @ (exactly(p.magnitude) * k))
    Z2 = _curvature(phi) * longest * top * (1 + 1e-15)
    # Rounding in the formulas of the radii is covered by their allowance of 1e-12, q included.
    radii = newton_kantorovich(Y0, Z0, Z2)
    return Posterior(Y0, Z0, Z2, radii.q, radii.existence, radii.uniqueness, rigorous=True)


def _logistic(phi: Logistic, s: Interval) -> tuple[Interval, Interval]:
    """phi(s) = rate z and phi'(s) = rate gain z (1 - z), z = 1/(1 + e^(-t)), t = gain (s - threshold).

    1 - z = 1/(1 + e^t) has its own exponential: nothing cancels, and a saturated neuron, whose
    exponential is known to be huge only, still has its rate and a slope near 0.
    """
    t = exactly(phi.gain) * (s - exactly(phi.threshold))
    one = exactly(1.0)
    z, rest = (one / (one + exponential(x)) for x in (-t, t))
    return exactly(phi.rate) * z, exactly(phi.rate) * exactly(phi.gain) * z * rest


def _curvature(phi: Logistic) -> float:
    """sup |phi''| = rate gain^2/(6 sqrt 3), rounded upwards."""
    root = around(math.sqrt(3.0))
    gain = exactly(phi.gain)
    return float((exactly(phi.rate) * gain * gain / (exactly(6.0) * root)).hi)


def _schur(x: Interval) -> float:
    """sqrt(||x||_1 ||x||_inf) bounds the spectral norm."""
    product = row_sum_bound(x) * row_sum_bound(x.transposed)
    return math.sqrt(product) * (1 + 1e-15)
