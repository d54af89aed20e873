"""The total derivative of a network as a mean of independent operators, the motion of h* included.

To first order DF_N(h*_N) - A = (1/N) sum_j xi_j, where xi = Z - EZ and
    Z_x = phi'(h(x)) w_x (x) k_x - phi(h(x)) T[B w_x],   T[v] = D^2F(h)[v, .].
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from fieldlimit.checks import Array
from fieldlimit.concentration import Fluctuation
from fieldlimit.concentration.fluctuations import other_rules
from fieldlimit.field import Model, VectorField, bounded_sup
from fieldlimit.fixed_points import projective_sup
from fieldlimit.kernels import DerivedKernel, Kernel, features
from fieldlimit.spaces import SimilaritySpace

SYMMETRY = 1e-9  # of k = w, relative
BLOCK = 512  # rows of inner products held at a time


def weighted(model: Model, inverse: Array) -> Model:
    """The model whose derivative at C h is C^{-1} (DF(h) + Id) C^{-1} - Id, given C^{-1} (r, r).

    Its potentials at C h are those of h. ValueError unless C^{-1} is symmetric and k = w.
    """
    kernel = model.kernel
    if np.abs(inverse - inverse.T).max() > SYMMETRY * np.abs(inverse).max():
        raise ValueError(f"C is symmetric, but the inverse is {inverse}")
    require_native(kernel)
    bound = projective_sup(kernel, inverse)
    seen = DerivedKernel(kernel, lambda k, w: (k @ inverse, w @ inverse), bound, bound)
    return Model(seen, model.phi)


def require_native(kernel: Kernel) -> None:
    """ValueError unless k = w: a symmetric positive kernel in native features, DF_N self-adjoint."""
    k, w = features(kernel, kernel.space.quadrature(64).nodes)
    if np.abs(k - w).max() > SYMMETRY * kernel.kappa:
        raise ValueError(f"k = w is needed, but they differ by {np.abs(k - w).max():.3g}")


def curvature_tensor(F: VectorField, h: Array) -> Array:
    """T with T[v] = D^2F(h)[v, .]: the array T[i, a, b] = sum_j p_j phi''(h_j) k_ji w_ja k_jb."""
    bends = F.weights * F.phi.derivative(F.potentials(h), 2)  # (n,)
    r = len(F.I)
    pairs = (F.w[:, :, None] * F.k[:, None, :]).reshape(F.size, r * r)
    return ((bends[:, None] * F.k).T @ pairs).reshape(r, r, r)


def tensor_norm(T: Array) -> float:
    """The norm of v -> T[v] from H to the Hilbert-Schmidt operators: ||T[v]||_HS <= it ||v||."""
    return float(np.linalg.norm(T.reshape(len(T), -1), 2))


def summands(
    model: Model, h: Array, T: Array, B: Array, x: Array, inverse: Array | None = None
) -> Array:
    """Z at the locations x (n, d), or C^{-1} Z C^{-1} with the T for it, as rows of length r^2."""
    k, w = features(model.kernel, x)
    potentials = k @ h
    slopes, rates = model.phi.derivative(potentials, 1), model.phi(potentials)
    moves = rates[:, None] * (w @ B.T)
    if inverse is not None:
        k, w = k @ inverse, w @ inverse
    fixed = ((slopes[:, None] * w)[:, :, None] * k[:, None, :]).reshape(len(x), -1)
    return fixed - moves @ T.reshape(len(T), -1)


def motion_fluctuation(
    model: Model,
    h: Array,
    T: Array,
    B: Array,
    n: int | None = None,
    inverse: Array | None = None,
) -> Fluctuation:
    """The constants of Z - EZ in Hilbert-Schmidt norm, by a rule with about n nodes.

    Exact on a finite space; elsewhere sup ||Z|| <= omega kappa phi_1 + ||T|| sup ||B w|| phi_0,
    with the sups of phi over |s| <= kappa ||h||, and the replicates tell the quadrature error.
    inverse: the same for C^{-1} Z C^{-1}, with C^{-1} T[.] C^{-1} for T.
    """
    kernel = model.kernel
    rules = quadratures(kernel.space, n)
    whole, *others = [constants_of(summands(model, h, T, B, x, inverse), p) for x, p in rules]
    if not others:
        return whole
    radius = kernel.kappa * float(np.linalg.norm(h))
    size = kernel.omega * kernel.kappa
    if inverse is not None:
        size = projective_sup(kernel, inverse) ** 2
    sup_Y = size * bounded_sup(model.phi, 1, radius)
    sup_Y += tensor_norm(T) * projective_sup(kernel, B) * bounded_sup(model.phi, 0, radius)
    whole = replace(whole, replicates=tuple(others))
    sup_xi = min(2.0 * sup_Y, sup_Y + whole.mean + whole.error_of(lambda f: f.mean))
    replicates = tuple(replace(f, sup_Y=sup_Y, sup_xi=sup_xi) for f in others)
    return replace(whole, sup_Y=sup_Y, sup_xi=sup_xi, replicates=replicates)


def quadratures(space: SimilaritySpace, n: int | None) -> list[tuple[Array, Array]]:
    """A rule with about n nodes, and those from whose spread its error is read: nodes, weights."""
    n = {1: 512, 2: 1024}.get(space.dimension, 4096) if n is None else n
    rule = space.quadrature(n)
    rules = [(rule.nodes, rule.weights)]
    if rule.exact:
        return rules
    return rules + other_rules(space, rule)


def constants_of(Y: Array, weights: Array) -> Fluctuation:
    """The constants of chapter 7 for the law that puts `weights` (n,) on the rows of Y (n, q)."""
    mean = weights @ Y
    xi = Y - mean
    norm2 = (xi**2).sum(axis=1)
    root = np.sqrt(weights)[:, None] * xi
    small = root.T @ root if Y.shape[1] <= len(Y) else root @ root.T
    eigenvalues = np.maximum(np.linalg.eigvalsh(small)[::-1], 0.0)
    a = b = c = 0.0
    for start in range(0, len(Y), BLOCK):
        block = slice(start, start + BLOCK)
        inner = xi[block] @ xi.T  # (b, n)
        p = weights[block]
        a += float((p * norm2[block]) @ (inner**2 @ weights))
        b += float((p * norm2[block]) @ (inner @ (weights * norm2)))
        c += float(p @ (inner**2 * inner @ weights))
    return Fluctuation(
        s=(float(weights @ norm2), float((eigenvalues**2).sum()), float((eigenvalues**3).sum())),
        top=float(eigenvalues[0]),
        sup_xi=float(np.sqrt(norm2.max())),
        sup_Y=math.sqrt(float((Y**2).sum(axis=1).max())),
        e4=float(weights @ norm2**2),
        e6=float(weights @ norm2**3),
        a=a,
        b=b,
        c=c,
        mean=float(np.linalg.norm(mean)),
        eigenvalues=eigenvalues,
    )
