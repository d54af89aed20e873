"""Eigenvalues of the field and of networks at their fixed points, in the complex plane, with certified discs.

The neurons choose among 240 places spread evenly over the circle: a finite similarity space, so that every constant of the
theorem is an exact sum, and a network is no more than the number of its neurons at each place.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Control, Dot, Line, Panel, Rule, View
from fieldlimit.eigenvalues import (
    EigenvalueConstants,
    SpectralCertificate,
    eigenvalue_constants,
    spectral_certificate,
)
from fieldlimit.field import Model, neural_field
from fieldlimit.fixed_points import newton
from fieldlimit.kernels import SpectralKernel, shifted_ring, table_kernel, torus_kernel
from fieldlimit.nonlinearities import Logistic

Array = NDArray[np.float64]

KERNELS = ("symmetric", "head direction")
PLACES = 240
DELTA = 0.05
DRAWS = 40  # networks besides the one of the seed
SIZES = np.unique(np.geomspace(100, 1e6, 33).round().astype(int))
ANGLES = np.linspace(0.0, 2 * np.pi, 61)
REAL, IMAGINARY = (-2.1, 0.7), (-1.6, 1.6)  # as 7 : 8, the sides of the plot: discs are round


def on_places(kernel: SpectralKernel) -> Model:
    """The kernel on the places alone, without nonlinearity and input of its own: see `model_of`."""
    return Model(table_kernel(*kernel.features(kernel.space.quadrature(PLACES).nodes)), Logistic())


@cache
def model_of(kernel: str, gain: float) -> Model:
    """symmetric: Fourier eigenvalues 0.5, 0.8, 0.3. head direction: -0.5 + 3 cos(x - y - 1.1)."""
    if kernel == "symmetric":
        model = on_places(torus_kernel(np.array([0.5, 0.8, 0.3]), 1))
        return Model(model.kernel, Logistic(1.0, gain), np.array([-0.5, 0.3, 0.0, 0.0, 0.0]))
    if kernel == "head direction":
        model = on_places(shifted_ring(-0.5, 3.0, 1.1))
        return Model(model.kernel, Logistic(2.0, gain), np.array([0.0, 0.5, 0.0]))
    raise ValueError(f"kernel is one of {', '.join(KERNELS)}, but kernel = {kernel!r}")


def moved_derivatives(model: Model, h: Array, weights: Array) -> Array:
    """DF_N(h*_N) for networks given by their weights (m, places), by Newton's method from h: (<= m, r, r).

    Networks for which it does not converge are left out.
    """
    F = neural_field(model)
    g = np.tile(h, (len(weights), 1))
    pairs = (F.w[:, :, None] * F.k[:, None, :]).reshape(F.size, -1)
    r = len(h)
    for step in range(9):
        potentials = g @ F.k.T
        A = ((weights * model.phi.derivative(potentials, 1)) @ pairs).reshape(-1, r, r) - np.eye(r)
        value = -g + model.I + (weights * model.phi(potentials)) @ F.w
        if step < 8:
            g = g - np.linalg.solve(A, value[..., None])[..., 0]
    return A[np.linalg.norm(value, axis=1) < 1e-9]


def frame(*, kernel: str, N: int, gain: float, seed: int) -> dict[str, object]:
    """Eigenvalues of A, of DF_N(h*_N) for one network and for forty others, the discs, and the shift against N."""
    limit = _limit(kernel, gain)
    certificate = _certificate(kernel, gain, N)
    rng = np.random.default_rng([seed, N])
    weights = rng.multinomial(N, np.full(PLACES, 1 / PLACES), size=1 + DRAWS) / N
    moved = moved_derivatives(limit.model, limit.h, weights)
    own, others = np.linalg.eigvals(moved[:1]).ravel(), np.linalg.eigvals(moved[1:]).ravel()
    distances = np.linalg.norm(moved - limit.constants.A, 2, axis=(1, 2))
    eigenvalues = np.linalg.eigvals(limit.constants.A)
    discs = np.array([[d.centre.real, d.centre.imag, d.radius] for d in certificate.discs])
    x, y = _circles(discs)
    return {
        "re": eigenvalues.real,
        "im": eigenvalues.imag,
        "own_re": own.real,
        "own_im": own.imag,
        "others_re": others.real,
        "others_im": others.imag,
        "disc_re": x,
        "disc_im": y,
        "abscissa": min(certificate.abscissa, 9.0),
        "sizes": SIZES.astype(float),
        "shift": limit.shift,
        "radius": limit.constants.radius.lower,
        "seen_N": np.full(len(distances), float(N)),
        "seen": distances,
        "seen_quantile": float(np.quantile(distances, 0.95)),
        "leading": float(eigenvalues.real.max()),
        "distance": "not certified" if not certificate.holds else f"{certificate.shift:.2g}",
        "verdict": _verdict(certificate),
    }


def constants_at(kernel: str, gain: float) -> EigenvalueConstants:
    """The constants at the fixed point that is shown."""
    return _limit(kernel, gain).constants


@dataclass(frozen=True, eq=False)
class _Limit:
    """What does not depend on the network."""

    model: Model
    h: Array
    constants: EigenvalueConstants
    shift: Array  # (sizes,)


@cache
def _limit(kernel: str, gain: float) -> _Limit:
    h = np.zeros(model_of(kernel, gain).kernel.rank)
    for low in np.linspace(0.5, gain, 5):  # the fixed point, followed from a low gain
        model = model_of(kernel, float(low))
        h = newton(neural_field(model), h[None])[0]
    constants = eigenvalue_constants(model, h)
    shift = [spectral_certificate(constants, int(n), DELTA, discs=False).shift for n in SIZES]
    return _Limit(model, h, constants, np.where(np.isfinite(shift), shift, np.nan))


@cache
def _certificate(kernel: str, gain: float, N: int) -> SpectralCertificate:
    return spectral_certificate(_limit(kernel, gain).constants, N, DELTA)


def _verdict(certificate: SpectralCertificate) -> str:
    if not certificate.holds:
        return "nothing is certified"
    if certificate.same_type:
        rate = f", at the rate {-certificate.abscissa:.2g} or faster"
        return f"stability is certified{rate if certificate.abscissa < 0 else ''}"
    return "a fixed point is certified, its stability is not"


def _circles(discs: Array) -> tuple[Array, Array]:
    """Curves (m, angles); where m = 0, one curve of gaps."""
    if not len(discs):
        gap = np.full((1, len(ANGLES)), np.nan)
        return gap, gap
    radius = discs[:, 2:]
    return discs[:, :1] + radius * np.cos(ANGLES), discs[:, 1:2] + radius * np.sin(ANGLES)


view = View(
    panels=[
        Panel(
            "Eigenvalues in the complex plane, N = {N:,}",
            x=Axis("real part", domain=REAL, ticks=(-2, -1.5, -1, -0.5, 0, 0.5)),
            y=Axis("imaginary part", domain=IMAGINARY, ticks=(-1.5, -1, -0.5, 0, 0.5, 1, 1.5)),
            marks=[
                Rule(x=0.0, role="neutral"),
                Line("disc_re", "disc_im", "bound", "certified discs", width=1.5),
                Rule(x="abscissa", role="bound", dash=True, label="all to the left"),
                Dot("re", "im", "limit", "the field", size=3.5),
                Dot("others_re", "others_im", "data", "40 other networks", size=1.2),
                Dot("own_re", "own_im", "network", "this network", size=2.5),
            ],
            aspect=1.0,
        ),
        Panel(
            "How far the derivative moves",
            x=Axis("neurons N", domain=(100, 1e6), scale="log"),
            y=Axis("‖DF_N(h*_N) − A‖", domain=(1e-3, 3.0), scale="log"),
            marks=[
                Rule(y="radius", role="limit", dash=True, label="stability radius"),
                Line("sizes", "shift", "bound", "certified, 95 %", width=2.0),
                Dot("seen_N", "seen", "data", "41 networks", size=2),
            ],
            aspect=1.0,
        ),
    ],
    controls={
        "kernel": Control("kernel"),
        "N": Control("neurons N", format=","),
        "gain": Control("gain"),
        "seed": Control("draw of the networks"),
    },
    description=(
        "Kernel: {kernel}, gain {gain}, {N:,} neurons. The leading eigenvalue of the field has real part {leading:.2f}; "
        "the derivative may move by {radius:.2g} before an eigenvalue reaches the axis. Certified distance: {distance}; "
        "95 % of the networks drawn are within {seen_quantile:.2g}. At level 5 %, {verdict}."
    ),
    columns=2,
)
