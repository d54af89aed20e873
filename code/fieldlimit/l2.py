"""Why the book does not live in L2(rho): the field there has one derivative and not two.

On L2 a bump u = c 1_A of fixed height c shrinks to zero with rho(A), and at every point of A it
asks phi about h(y) + c, not about a neighbourhood of h(y). Taylor remainders of F then shrink no
faster than the powers of ||u|| they should beat.
The constants are Taylor defects of phi,

    psi_m(s, c) = |phi(s + c) - sum_{j <= m} phi^(j)(s) c^j / j!| / |c|^m,      S_m(s) = sup_c psi_m(s, c).

On H no such bump is small, since |u(x)| <= kappa ||u||, and the same remainders vanish (thm-smooth).
"""

from __future__ import annotations

from math import factorial, isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldlimit.field import Model, VectorField
from fieldlimit.kernels import Kernel, receptive_moment
from fieldlimit.nonlinearities import Nonlinearity
from fieldlimit.spaces import FiniteSpace
from fieldlimit.statements import states

Array = NDArray[np.float64]


def l2_norms(kernel: Kernel, f: Array) -> Array:
    """||f||_{L2(rho)} = sqrt(<f, Kop f>) of functions f (..., r) given by their coordinates in H."""
    return np.sqrt(np.einsum("...i,ij,...j->...", f, receptive_moment(kernel), f))


def taylor_defect(phi: Nonlinearity, s: ArrayLike, c: ArrayLike, order: int) -> Array:
    """psi_m(s, c) = |phi(s + c) - sum_{j <= m} phi^(j)(s) c^j / j!| / |c|^m with m = order; s and c broadcast."""
    s, c = np.broadcast_arrays(np.asarray(s, dtype=float), np.asarray(c, dtype=float))
    if np.any(c == 0):
        raise ValueError("a bump has a height c other than 0, but c = 0")
    _require_smooth(phi, order)
    remainder = phi(s + c) - phi(s)
    for j in range(1, order + 1):
        remainder = remainder - phi.derivative(s, j) * c**j / factorial(j)
    return np.abs(remainder) / np.abs(c) ** order


def largest_taylor_defect(phi: Nonlinearity, s: ArrayLike, order: int) -> Array:
    """S_m(s) = sup_c psi_m(s, c) for bounded phi, m = order in {1, 2}; s has any shape.

    psi_m(s, c) tends to |phi^(m)(s)| / m! as |c| grows and to 0 as c does, so that limit is a lower
    bound and the rest is a search: signed heights on a logarithmic grid around the length
    l = phi_1 / phi_2, up to 1e4 (l + |s|), far beyond any threshold, then golden sections. Every
    value tried is a lower bound of S_m; the search stops at relative width 1e-10 of c, an error of
    order 1e-16 in S_m where psi_m is smooth on the scale c.
    """
    _require_smooth(phi, order)
    if not phi.bounded:
        raise ValueError(
            "phi is bounded, as the limit of psi_m at large c needs, but phi.bounded = False"
        )
    s = np.asarray(s, dtype=float)
    points = s.reshape(-1, 1)
    length = phi.sup(1) / phi.sup(2)
    reach = np.log(1e4 * (length + np.abs(points)))  # (points, 1)
    logs = np.log(1e-2 * length) + np.linspace(0, 1, 400) * (reach - np.log(1e-2 * length))
    best = np.abs(phi.derivative(points[:, 0], order)) / factorial(order)
    for sign in (-1.0, 1.0):
        values = taylor_defect(phi, points, sign * np.exp(logs), order)  # (points, 400)
        peak = np.clip(np.argmax(values, axis=1), 1, logs.shape[1] - 2)
        lo, hi = (logs[np.arange(len(points)), peak + i] for i in (-1, 1))
        best = np.maximum(best, values.max(axis=1))
        best = np.maximum(best, _golden_maximum(phi, points[:, 0], sign, lo, hi, order))
    return best.reshape(s.shape)


def bump_defect(model: Model, h: Array, x: Array, height: float) -> Array:
    """lim ||R(u)|| / ||u||^2 in L2 for u = height * 1_A, A shrinking to x: ||w_x||_{L2} psi_2(h(x), height).

    R(u) = F(h + u) - F(h) - DF(h) u - D^2F(h)[u, u] / 2. Locations x (n, d), result (n,).
    """
    x = np.atleast_2d(np.asarray(x, dtype=float))
    defect = taylor_defect(model.phi, model.kernel.k(x) @ h, height, 2)
    return l2_norms(model.kernel, model.kernel.w(x)) * defect


@states("prop-why-not-l2")
def second_order_defect(model: Model, h: Array, nodes: Array) -> float:
    """limsup of ||R(u)|| / ||u||^2 as u -> 0 in L2(rho): the essential supremum of ||w_y||_{L2} S_2(h(y)).

    It is the supremum over all u != 0 as well, and it is positive: F is nowhere twice
    differentiable on L2. The essential supremum is taken over the locations `nodes` (n, d), from
    below. h has shape (r,). Raises ValueError for unbounded phi or phi not twice differentiable.
    Source: prop-why-not-l2; rho has no atoms there, so a finite space is refused.
    """
    atoms = isinstance(model.kernel.space, FiniteSpace)
    if atoms:
        raise ValueError(f"rho has no atoms, but the similarity space is {model.kernel.space}")
    h = np.asarray(h, dtype=float)
    if h.shape != (model.kernel.rank,):
        raise ValueError(f"h has shape ({model.kernel.rank},), but h.shape = {h.shape}")
    model.kernel.space.check(nodes)
    defects = largest_taylor_defect(model.phi, model.kernel.k(nodes) @ h, 2)
    return float(np.max(l2_norms(model.kernel, model.kernel.w(nodes)) * defects))


def bump_remainder(model: Model, h: Array, x: Array, height: float) -> float:
    """||R(u)||_{L2} / ||u||_{L2}^2 for u = height * 1_A, where the locations x (n, d) spread evenly over A.

    With rho(A) = eps it is eps ||mean_A of w_y psi|| / (height^2 eps): the measure cancels, and
    only the spread of A about a point keeps the ratio from bump_defect.
    """
    x = np.atleast_2d(np.asarray(x, dtype=float))
    phi, s = model.phi, model.kernel.k(x) @ h
    remainder = (
        phi(s + height)
        - phi(s)
        - height * phi.derivative(s, 1)
        - height**2 * phi.derivative(s, 2) / 2
    )
    mean = model.kernel.w(x).T @ remainder / len(x)  # (r,)
    return float(l2_norms(model.kernel, mean) / height**2)


def smooth_remainder(F: VectorField, h: Array, u: Array) -> float:
    """||F(h + u) - F(h) - DF(h) u - D^2F(h)[u, u] / 2|| / ||u||^2 in H, at most omega kappa^3 phi_3 ||u|| / 6.

    Below ||u|| = 1e-4 rounding (1e-16 / ||u||^2) takes over.
    """
    remainder = F(h + u) - F(h) - F.derivative(h) @ u - F.second_derivative(h, u, u) / 2
    return float(np.linalg.norm(remainder) / np.dot(u, u))


def _golden_maximum(
    phi: Nonlinearity, s: Array, sign: float, lo: Array, hi: Array, order: int
) -> Array:
    """max of psi_m(s, sign e^l) over l in [lo, hi], elementwise, psi_m unimodal there."""
    ratio = (np.sqrt(5) - 1) / 2
    lo, hi = lo.copy(), hi.copy()
    for _ in range(50):  # 0.618^50 < 1e-10; equal values: both before a threshold that c must reach
        left, right = hi - ratio * (hi - lo), lo + ratio * (hi - lo)
        f_left = taylor_defect(phi, s, sign * np.exp(left), order)
        f_right = taylor_defect(phi, s, sign * np.exp(right), order)
        rising = f_left <= f_right
        lo, hi = np.where(rising, left, lo), np.where(rising, hi, right)
    return taylor_defect(phi, s, sign * np.exp((lo + hi) / 2), order)


def _require_smooth(phi: Nonlinearity, order: int) -> None:
    if order < 1 or phi.smoothness < order:
        raise ValueError(f"phi has {order} derivatives, but phi.smoothness = {phi.smoothness}")
    if not isfinite(phi.sup(1)):
        raise ValueError("phi' is bounded on the whole line, but phi.sup(1) is infinite")
