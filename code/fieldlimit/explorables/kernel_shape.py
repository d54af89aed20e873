"""Chapter 2: a kernel's shape, its spectrum, and functions of its space H."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Axis, Control, Dot, Line, Panel, Rule, Text, View
from fieldlimit.kernels import (
    SpectralKernel,
    evaluate,
    exponential_spectrum,
    mexican_hat,
    torus_kernel,
)
from fieldlimit.ring import shifted_torus
from fieldlimit.spectrum import gaussian_spectrum, spectrum

POINTS = 73
SEPARATION = np.linspace(-np.pi, np.pi, POINTS)
SPEAKERS = 200  # neurons that speak in a sample function
SAMPLES = 3
PAIRS = 40  # (cos, sin) pairs of a kernel on a torus
SHIFT = 0.7  # of the head direction kernel, in every coordinate
FAMILIES = ("power law", "exponential", "Gaussian", "Mexican hat", "head direction")
LAST = 100_000  # the largest number of an eigenvalue that is drawn
LEAST = 1e-9  # the smallest share of the sum that is drawn

stops = {
    "family": FAMILIES,
    "length": [0.3, 0.5, 0.8, 1.2, 1.8, 3.0],
    "d": [1, 2, 3, 5, 10, 20],
}
start = {"family": "power law", "length": 0.5, "d": 1}


def frame(*, family: str, length: float, d: int) -> dict[str, NDArray | float | str]:
    """The kernel scaled to sum |lambda_n| = 1, along a line: the diagonal x = t (1, ..., 1).

    On the torus (all families but the Gaussian) kappa = 1 and the line is a closed diagonal; the
    Gaussian lives on R^d with the normal law, kappa = 1, and t is the distance along a straight
    line through 0. Samples: h = sum_j c_j w_{z_j} with SPEAKERS neurons z_j ~ rho and normal c_j,
    scaled to ||h|| = 1, the norm computed from the features (from the kernel itself in the Gaussian
    family), so |h| <= 1. Eigenvalues: moduli, as shares of their sum, by decreasing size.
    """
    made = _gaussian(length, d) if family == "Gaussian" else _torus(family, length, d)
    numbers, shares = made.numbers, made.shares
    seen = shares >= LEAST
    positive = made.positive & seen
    return {
        "t": SEPARATION,
        "shape": made.shape,
        "n_positive": numbers[positive],
        "positive": shares[positive],
        "n_other": numbers[seen & ~positive],
        "other": shares[seen & ~positive],
        "last": float(1.25 * numbers[-1]),
        "note": "" if seen.any() else "all below 10⁻⁹",
        "samples": made.samples,
        "top": made.top,
        "patterns": 1 / made.top,
        "largest": float(np.abs(made.samples).max()),
    }


@dataclass(frozen=True, eq=False)
class _Made:
    shape: NDArray  # (POINTS,) w(t, 0)
    numbers: NDArray  # (m,) of the eigenvalues drawn, from 1
    shares: NDArray  # (m,) |lambda_n| / sum |lambda|
    positive: NDArray  # (m,) bool
    samples: NDArray  # (SAMPLES, POINTS)
    top: float  # the largest share


@lru_cache(maxsize=512)
def _torus(family: str, length: float, d: int) -> _Made:
    kernel = _kernel(family, length, d)
    total = spectrum(kernel).nuclear
    line = _wrapped(np.repeat(SEPARATION[:, None], d, axis=1))
    shape = evaluate(kernel, line, np.zeros((1, d)))[:, 0] / total
    values = np.diag(kernel.V) * kernel.singular_values / total  # cos(phase) carries the sign
    order = np.argsort(-kernel.singular_values, kind="stable")
    shares = kernel.singular_values[order] / total
    rng = np.random.default_rng(d)
    samples = []
    for _ in range(SAMPLES):
        z = kernel.space.sample(SPEAKERS, rng=rng)
        h = rng.standard_normal(SPEAKERS) @ kernel.w(z)
        # the kernel is scaled by 1 / total, so the features by its root
        samples.append(kernel.k(line) @ h / np.linalg.norm(h) / np.sqrt(total))
    symmetric = family != "head direction"
    positive = (values[order] > 0) if symmetric else np.zeros(len(shares), dtype=bool)
    return _Made(
        shape,
        np.arange(1.0, len(shares) + 1),
        shares,
        positive,
        np.array(samples),
        float(shares[0]),
    )


def _kernel(family: str, length: float, d: int) -> SpectralKernel:
    j = np.arange(PAIRS + 1)
    if family == "power law":
        return torus_kernel(1 / (1 + (length * j) ** 2), d)
    if family == "exponential":
        return torus_kernel(exponential_spectrum(PAIRS, decay=length), d)
    if family == "head direction":
        return shifted_torus(np.exp(-((length * j) ** 2) / 2), np.full(d, SHIFT))
    if family == "Mexican hat":
        # at twice the width, 2^-d of the strength would balance excitation on the constants
        return mexican_hat(length, 2 * length, 1.0, 1.4 * 0.5**d, dimension=d, rank=2 * PAIRS + 1)
    raise ValueError(f"family is one of {', '.join(FAMILIES)}, but family = {family!r}")


@lru_cache(maxsize=512)
def _gaussian(length: float, d: int) -> _Made:
    claim = gaussian_spectrum(length, d)
    numbers = np.unique(np.round(np.logspace(0, np.log10(LAST), 60)))
    shares = claim.eigenvalues(numbers)
    rng = np.random.default_rng(d)
    samples = []
    for _ in range(SAMPLES):
        z, c = rng.standard_normal((SPEAKERS, d)), rng.standard_normal(SPEAKERS)
        squares = ((z[:, None, :] - z[None, :, :]) ** 2).sum(axis=2)
        norm = np.sqrt(c @ np.exp(-squares / (2 * length**2)) @ c)
        # |t u - z|^2 for the unit vector u of the first axis
        far = (SEPARATION[:, None] - z[:, 0]) ** 2 + (z[:, 1:] ** 2).sum(axis=1)
        samples.append(np.exp(-far / (2 * length**2)) @ c / norm)
    shape = np.exp(-(SEPARATION**2) / (2 * length**2))
    positive = np.ones(len(numbers), dtype=bool)
    return _Made(shape, numbers, shares, positive, np.array(samples), claim.top)


def _wrapped(x: NDArray) -> NDArray:
    return (x + np.pi) % (2 * np.pi) - np.pi


_ANGLES = ((-np.pi, "−π"), (0.0, "0"), (np.pi, "π"))

view = View(
    panels=[
        Panel(
            "Connection",
            x=Axis("separation, along the diagonal", domain=(-np.pi, np.pi), ticks=_ANGLES),
            y=Axis("connection w", domain=(-1.05, 1.05)),
            marks=[Line("t", "shape", "limit", "kernel")],
            legend=False,
            aspect=0.7,
        ),
        Panel(
            "Spectrum",
            x=Axis("number n, by decreasing size", scale="log", domain=(0.8, "last")),
            y=Axis("share |λ_n| / Σ|λ|", scale="log", domain=(LEAST, 1.5)),
            marks=[
                Dot("n_positive", "positive", "limit", "positive", size=2.4),
                Dot("n_other", "other", "neutral", "negative or complex", size=2.4),
                Text(10.0, 1e-5, "{note}"),
            ],
            aspect=0.7,
        ),
        Panel(
            "Functions of norm one in H",
            x=Axis("location, along the diagonal", domain=(-np.pi, np.pi), ticks=_ANGLES),
            y=Axis("value h(x)", domain=(-1.05, 1.05)),
            marks=[
                Rule(y=1.0, role="bound", label="±κ", dash=True),
                Rule(y=-1.0, role="bound", dash=True),
                Line("t", "samples", "data", "200 neurons speaking at random", width=1.3),
            ],
            aspect=0.36,
            span=2,
        ),
    ],
    controls={
        "family": Control("family"),
        "length": Control("length scale ℓ", format=".2f"),
        "d": Control("dimension d"),
    },
    description=(
        "{family}, length scale {length:.2f}, dimension {d}: the largest eigenvalue holds "
        "{top:.3g} of the sum, so that tr W / ‖W‖ = {patterns:.3g} patterns matter. The sample "
        "functions of norm one reach {largest:.2f}, never more than κ = 1."
    ),
    columns=2,
)
