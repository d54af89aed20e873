"""What is asked of a stable fixed point before a network is certified for all times."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fieldlimit.checks import Array, nonnegative, readonly, shaped
from fieldlimit.concentration import Fluctuation, fluctuation
from fieldlimit.field import Model, bounded_sup, neural_field
from fieldlimit.fixed_points.preconditioned import receptive_model
from fieldlimit.kernels import features, moments
from fieldlimit.long_times.path import NODES, PathConstants, path_constants
from fieldlimit.long_times.riccati import riccati
from fieldlimit.long_times.weights import (
    Weight,
    eigenvector_weight,
    log_norm,
    lyapunov_weight,
    plain_weight,
    spectral_abscissa,
    weighted,
)
from fieldlimit.spaces import default_nodes, estimate

SHARES = (0.0, 0.5, 0.8, 0.9, 0.97)  # of the spectral gap: the rates of the weights that are tried
LEAST_RATE = 1e-9  # a rate below is 0 to the accuracy of what is computed here


@dataclass(frozen=True, eq=False)
class AttractorConstants:
    """All that thm-attractor asks of a model at a stable zero h of F; free of N and delta.

    Everything but h and start is measured in the norm of `weight`, whose least eigenvalue is 1:
    what is bounded in it is bounded in H. residual, and an error inside alpha: those of quadrature.
    """

    weight: Weight
    h: Array  # (r,)
    start: Array  # h(0), (r,)
    distance: float  # ||h(0) - h||_P
    alpha: float  # mu_P(DF(h)) <= -alpha
    field: Fluctuation  # of w_x phi(h(x))
    derivative: Fluctuation  # of w_x phi'(h(x)) (x) k_x
    receptive: Fluctuation  # of k_x (x) k_x
    top: float  # ||Kop||, with its quadrature error
    kappa: float
    omega: float
    curvature: float  # phi_2, over |s| <= kappa (||h|| + reach)
    reach: float
    residual: float  # ||F(h)||, 0 for the exact zero
    path: PathConstants | None  # along h(t); None when h(0) = h


def attractor_constants(
    model: Model,
    h: Array,
    *,
    start: Array | None = None,
    weight: Weight | None = None,
    reach: float = math.inf,
    n: int | None = None,
) -> AttractorConstants:
    """The constants at a stable zero h (r,) of F, for the trajectory of F from start (None: h).

    weight None: of the candidates of `weights_of` the one that promises most at large N. reach:
    phi_2 is taken over |s| <= kappa (||h|| + reach), and nothing is claimed beyond that distance.
    Raises ValueError when h is not stable, when phi is not C^2 with bounded phi'' there, and
    when start is outside 2 alpha/La, where F itself is not known to converge.
    """
    if model.phi.smoothness < 2:
        raise ValueError(f"phi is of class C^2, but {model.phi} is C^{model.phi.smoothness:g}")
    h = readonly(shaped("h", h, (model.kernel.rank,)).copy())
    start = h if start is None else readonly(shaped("start", start, h.shape).copy())
    A = neural_field(model, n).derivative(h)
    if spectral_abscissa(A) >= -LEAST_RATE:
        raise ValueError(f"h is stable, but an eigenvalue has real part {spectral_abscissa(A):.3g}")
    weight = (_best_weight(model, h, A, n) if weight is None else weight).normalised()
    seen, centre = weighted(model, weight), weight.S @ h
    residual, wrong = _accuracy(seen, centre, n)
    second = moments(seen.kernel, n)
    top = float(np.linalg.eigvalsh(second.receptive)[-1]) + seen.kernel.rank * second.error
    curvature = bounded_sup(
        model.phi,
        2,
        seen.kernel.kappa * (float(np.linalg.norm(centre)) + nonnegative("reach", reach)),
    )
    alpha, distance = -log_norm(A, weight) - wrong, float(weight.norm(start - h))
    field, path = fluctuation(seen, centre, 0, n), None
    if distance > 0.0:
        La = curvature * seen.kernel.omega * min(seen.kernel.kappa**2, top)
        path = _path(seen, weight.S @ start, (alpha, La, distance), field, n)
    return AttractorConstants(
        weight, h, start, distance, alpha,
        field,
        fluctuation(seen, centre, 1, n),
        fluctuation(receptive_model(seen.kernel), centre, 1, n),
        top, seen.kernel.kappa, seen.kernel.omega, curvature, reach, residual, path,
    )  # fmt: skip


def weights_of(A: Array) -> Iterator[Weight]:
    """Candidates at a stable A (r, r): plain, Lyapunov's at several rates, the eigenvectors'."""
    if log_norm(A) < 0.0:
        yield plain_weight(len(A))
    for share in SHARES:
        try:
            yield lyapunov_weight(A, -share * spectral_abscissa(A))
        except ValueError:  # too ill conditioned to be told from a singular one
            continue
    try:
        yield eigenvector_weight(A)
    except ValueError:
        return


def _best_weight(model: Model, h: Array, A: Array, n: int | None) -> Weight:
    """The candidate that promises the least product of q and error, both to leading order in N.

    q is a multiple of sqrt(s_1) sup||w|| ||Kop|| / alpha^2, the error one of sqrt(s_1) / alpha. Any
    choice is sound, being made before the network is drawn; so sups over nodes will do.
    """
    space = model.kernel.space
    rule = space.quadrature(default_nodes(space) if n is None else n)
    k, w = features(model.kernel, rule.nodes)
    xi = model.phi(k @ h)[:, None] * w
    xi = xi - rule.weights @ xi
    second = k.T @ (rule.weights[:, None] * k)

    def promise(weight: Weight) -> float:
        trace = rule.weights @ weight.norm(xi) ** 2
        top = np.linalg.eigvalsh(weight.inverse.T @ second @ weight.inverse)[-1]
        return float(trace * weight.norm(w).max() * top / -(log_norm(A, weight) ** 3))

    return min(weights_of(A), key=promise)


def _accuracy(model: Model, h: Array, n: int | None) -> tuple[float, float]:
    """||F(h)|| with its quadrature error, and the error of DF(h) in Hilbert-Schmidt norm."""
    space = model.kernel.space

    def integrate(x: Array, p: Array) -> Array:
        k, w = features(model.kernel, x)
        value = -h + model.I + (p * model.phi(k @ h)) @ w
        slope = w.T @ ((p * model.phi.derivative(k @ h, 1))[:, None] * k)
        return np.concatenate([value[:, None], slope], axis=1)

    both = estimate(space, integrate, default_nodes(space) if n is None else n)
    value = float(np.linalg.norm(both.value[:, 0]) + np.linalg.norm(both.error[:, 0]))
    return value, float(np.linalg.norm(both.error[:, 1:]))


def _path(
    model: Model,
    start: Array,
    parabola: tuple[float, float, float],
    end: Fluctuation,
    n: int | None,
) -> PathConstants:
    """Along the trajectory of F, until its distance to the zero is 1e-5 of what it was."""
    alpha, La, distance = parabola
    high = 2.0 * alpha / La if La > 0.0 else math.inf
    if distance >= high:
        raise ValueError(
            f"h(0) is closer than 2 alpha/La = {high:.4g} to h, but its distance is {distance:.4g}"
        )
    duration = math.log(1e5 / (1.0 - distance / high)) / alpha
    left = float(riccati(np.array([duration]), distance, alpha, 0.0, high)[0])
    speed = 1.0 + model.phi.sup(1) * model.kernel.kappa * model.kernel.omega
    rest = speed * left / (alpha - La * left / 2.0)
    nodes = NODES if n is None else n
    return path_constants(model, start, duration, end=end, rest=rest, n=nodes)
