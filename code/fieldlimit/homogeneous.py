"""A constant state on the d-torus: to first order its networks do not see the dimension."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fieldlimit.checks import (
    Array,
    finite,
    nonnegative,
    positive_integer,
    probability,
    readonly,
    shaped,
)
from fieldlimit.concentration import chi_square_quantile
from fieldlimit.field import Model
from fieldlimit.kernels import frequencies, torus_kernel
from fieldlimit.nonlinearities import Nonlinearity
from fieldlimit.statements import states


@dataclass(frozen=True, eq=False)
class HomogeneousState:
    """h* = c, a zero of F for a kernel of Fourier modes, and what networks make of it.

    All that follows is a function of the eigenvalues l of the modes and of phi at c alone, not of d
    and not of which frequencies the modes have.
    """

    model: Model
    value: float  # c
    frequencies: Array  # (p, d)
    modes: Array  # (r,), l_0, l_1, l_1, l_2, l_2, ...

    @cached_property
    def h(self) -> Array:
        """The coordinates of the constant c, (r,)."""
        h = np.zeros(len(self.modes))
        h[0] = self.value / np.sqrt(self.modes[0]) if self.value else 0.0
        return readonly(h)

    @cached_property
    def A(self) -> Array:
        """DF(h*), diagonal: -1 + phi'(c) l, (r, r)."""
        return readonly(np.diag(self._slope * self.modes - 1.0))

    @cached_property
    def covariance(self) -> Array:
        """The diagonal of B Sigma B*, (r,): phi(c)^2 l/(1 - phi'(c) l)^2, 0 on the constant mode."""
        level = float(self.model.phi(self.value))
        variances = self.modes * (level / np.diag(self.A)) ** 2
        return readonly(np.where(np.arange(len(self.modes)) > 0, variances, 0.0))

    @cached_property
    def splitting(self) -> Array:
        """|phi'(c)| l_j, (p,): how far pair j splits for a walk of length 1."""
        return readonly(abs(self._slope) * self.modes[1::2])

    def distance_quantile(self, N: int, delta: float) -> float:
        """The (1 - delta)-quantile of ||h*_N - h*|| in the limit law: a prediction."""
        return chi_square_quantile(N, delta, eigenvalues=self.covariance)

    def shift_quantile(self, pair: int, N: int, delta: float) -> float:
        """|phi'(c)| l_j sqrt(log(1/delta)/N), that of the shift of either eigenvalue of pair j."""
        split = self.splitting[self._position(pair)]
        return float(split) * math.sqrt(-math.log(probability("delta", delta)) / N)

    def walk(self, pair: int, locations: Array) -> float:
        """|(1/N) sum_i exp(2i <m_j, x_i>)| for locations (N, d): a mean of uniform unit vectors."""
        return float(abs(np.exp(2j * (locations @ self.frequencies[self._position(pair)])).mean()))

    def gap(self, pair: int) -> float:
        """Distance of -1 + phi'(c) l_j from the other eigenvalues of A, the pair itself left out."""
        values = np.diag(self.A)
        first = 1 + 2 * self._position(pair)
        others = np.delete(values, [first, first + 1])
        return float(np.abs(others - values[first]).min())

    def remainder(self, pair: int, *, E: Array, distance: float) -> float:
        """||P E (1 - P)||^2/(g - 2||E||) + (1/2) phi_3 kappa^2 (max l + ||E||/|phi'(c)|) ||v||^2.

        E (r, r): DF_N(h*) - A; distance ||v||, v = h*_N - h*; P the projection on the pair, g its
        gap. Each of the two eigenvalues of DF_N(h*_N) there is the pair's -+ splitting * walk up
        to this number. inf where ||E|| >= g/2. ValueError where phi''(c) is not 0.
        """
        phi = self.model.phi
        E, v = shaped("E", E, self.A.shape), nonnegative("distance", distance)
        curvature = float(phi.derivative(self.value, 2))
        if abs(curvature) > 1e-12 * phi.sup(2):
            raise ValueError(f"phi''(c) is 0, but phi''({self.value:g}) = {curvature:g}")
        first = 1 + 2 * self._position(pair)
        across = np.linalg.norm(np.delete(E[[first, first + 1]], [first, first + 1], axis=1), 2)
        size, gap = np.linalg.norm(E, 2), self.gap(pair)
        if 2.0 * size >= gap:
            return math.inf
        operator = self.modes.max() + size / abs(self._slope)
        moved = phi.sup(3) * self.model.kernel.kappa**2 * operator * v**2 / 2
        return float(across**2 / (gap - 2.0 * size) + moved)

    @property
    def _slope(self) -> float:
        return float(self.model.phi.derivative(self.value, 1))

    def _position(self, pair: int) -> int:
        pair, pairs = positive_integer("pair", pair), len(self.splitting)
        if pair > pairs:
            raise ValueError(f"pairs are numbered 1 to {pairs}, but pair = {pair}")
        return pair - 1


@states("prop-homogeneous-state")
def homogeneous_state(
    eigenvalues: Array, dimension: int, phi: Nonlinearity, value: float = 0.0
) -> HomogeneousState:
    """The constant c is a zero of F for the constant input c - l_0 phi(c).

    eigenvalues (1 + p,), >= 0: l_0 of the constant mode, 0 where excitation balances inhibition
    (then the constants in H are 0 only, and value = 0), and l_j of the pairs, as for
    `torus_kernel`. Exact, no quadrature. ValueError where A is singular.
    """
    kernel, c = torus_kernel(eigenvalues, dimension), finite("value", value)
    if (np.asarray(eigenvalues) < 0).any():
        raise ValueError(f"eigenvalues are >= 0, but the least is {np.min(eigenvalues)}")
    modes, I = kernel.singular_values, np.zeros(kernel.rank)
    if modes[0] > 0:
        I[0] = c / np.sqrt(modes[0]) - np.sqrt(modes[0]) * float(phi(c))
    elif c != 0.0:
        raise ValueError(f"without a constant mode H holds no constant but 0, but value = {c:g}")
    found = readonly(frequencies(len(modes) // 2, dimension))
    state = HomogeneousState(Model(kernel, phi, I), c, found, modes)
    if np.abs(np.diag(state.A)).min() < 1e-12:  # rounding of phi'(c) l
        raise ValueError("A is invertible, but phi'(c) l = 1 for an eigenvalue l")
    return state
