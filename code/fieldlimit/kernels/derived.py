"""A kernel whose features are made, place by place, from those of another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fieldlimit.checks import Array
from fieldlimit.kernels.base import Kernel, features
from fieldlimit.spaces import SimilaritySpace


@dataclass(frozen=True, eq=False)
class DerivedKernel:
    """k_x and w_x are `change` of the features of `kernel` at x, in H of the same rank.

    change: k, w, each (n, r) -> the new k, w. kappa >= sup ||k_x|| and omega >= sup ||w_x||, of
    the new ones, are the caller's.
    """

    kernel: Kernel
    change: Callable[[Array, Array], tuple[Array, Array]]
    kappa: float
    omega: float

    @property
    def space(self) -> SimilaritySpace:
        """(X, rho)."""
        return self.kernel.space

    @property
    def rank(self) -> int:
        """r."""
        return self.kernel.rank

    def features(self, x: Array) -> tuple[Array, Array]:
        """k and w, (n, d) -> (n, r) each, from one evaluation of the other kernel."""
        return self.change(*features(self.kernel, x))

    def k(self, x: Array) -> Array:
        """Receptive features, (n, d) -> (n, r)."""
        return self.features(x)[0]

    def w(self, x: Array) -> Array:
        """Projective features, (n, d) -> (n, r)."""
        return self.features(x)[1]
