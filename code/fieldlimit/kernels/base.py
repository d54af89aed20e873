"""What a kernel is, and what can be said of any kernel through its features.

w(x, y) = <k_x, w_y> in H = R^r: k_x is the receptive feature of a neuron at x, w_y the projective
feature of a neuron at y. A state h in R^r is the function h(x) = <h, k_x>.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, positive_integer
from fieldlimit.spaces import SimilaritySpace, default_nodes, estimate


class Kernel(Protocol):
    """A kernel of finite rank r, known through its features."""

    @property
    def space(self) -> SimilaritySpace:
        """The similarity space (X, rho)."""
        ...

    @property
    def rank(self) -> int:
        """r, the dimension of H."""
        ...

    @property
    def kappa(self) -> float:
        """An upper bound of sup_x ||k_x||."""
        ...

    @property
    def omega(self) -> float:
        """An upper bound of sup_y ||w_y||."""
        ...

    def k(self, x: Array) -> Array:
        """Receptive features, (n, d) -> (n, r)."""
        ...

    def w(self, x: Array) -> Array:
        """Projective features, (n, d) -> (n, r)."""
        ...


@dataclass(frozen=True, eq=False)
class Moments:
    """Kop = E k (x) k and Wop = E w (x) w, with the largest error of an entry."""

    receptive: Array  # (r, r)
    projective: Array  # (r, r)
    error: float


def evaluate(kernel: Kernel, x: Array, y: Array) -> Array:
    """w(x_i, y_j) = <k_{x_i}, w_{y_j}>: x (n, d), y (m, d) -> (n, m)."""
    return kernel.k(x) @ kernel.w(y).T


def features(kernel: Kernel, x: Array) -> tuple[Array, Array]:
    """k(x) and w(x), each (n, r); the basis of a spectral kernel is evaluated once for both."""
    together = getattr(kernel, "features", None)
    return (kernel.k(x), kernel.w(x)) if together is None else together(x)


def moments(kernel: Kernel, n: int | None = None) -> Moments:
    """The moment operators by quadrature with about n nodes, for any kernel, with their error."""
    n = default_nodes(kernel.space) if n is None else positive_integer("n", n)

    def integrate(x: Array, p: Array) -> Array:
        return np.stack([a.T @ (p[:, None] * a) for a in features(kernel, x)])

    both = estimate(kernel.space, integrate, n)
    return Moments(both.value[0], both.value[1], float(both.error.max()))


def receptive_moment(kernel: Kernel, n: int | None = None) -> Array:
    """Kop = int k_x (x) k_x rho(dx), (r, r). Exact in native features, else by `moments`."""
    exact = getattr(kernel, "exact_moments", None)
    return moments(kernel, n).receptive if exact is None else exact.receptive


def projective_moment(kernel: Kernel, n: int | None = None) -> Array:
    """Wop = int w_y (x) w_y rho(dy), (r, r). Exact in native features, else by `moments`."""
    exact = getattr(kernel, "exact_moments", None)
    return moments(kernel, n).projective if exact is None else exact.projective


def nystrom_eigenvalues(kernel: Kernel, n: int) -> NDArray[np.complexfloating]:
    """The min(n, r) largest eigenvalues, in modulus, of the integral operator with kernel w.

    Of the matrix sqrt(p_i) w(x_i, x_j) sqrt(p_j) on about n quadrature nodes with weights p: the
    Nystrom method, which looks at the kernel's values alone. Deliberately n x n; n <= 4096.
    """
    if not 1 <= n <= 4096:
        raise ValueError(f"n lies in 1..4096 (the matrix is n x n), but n = {n}")
    rule = kernel.space.quadrature(n)
    root = np.sqrt(rule.weights)
    matrix = root[:, None] * evaluate(kernel, rule.nodes, rule.nodes) * root
    return by_modulus(np.linalg.eigvals(matrix))[: kernel.rank]


def by_modulus(values: NDArray) -> NDArray:
    """The same values in decreasing modulus; ties keep their order."""
    return values[np.argsort(-np.abs(values), kind="stable")]
