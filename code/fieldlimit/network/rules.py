"""When a candidate of height u is a spike: u < phi(h). And what is certain when h is known up to rho."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array
from fieldlimit.network.blocks import Blocks
from fieldlimit.nonlinearities import Nonlinearity

Mask = NDArray[np.bool_]


class Acceptance(Protocol):
    """A candidate is known by its key, a function of its height that is computed once."""

    def order(self, h: Array) -> Array:
        """What neurons are sorted by: with it phi(h) increases."""
        ...

    def check(self, h: Array, rates: Array) -> None:
        """ValueError when the rates phi(h) at increasing h show that what this rule relies on is false."""
        ...

    def bound(self, blocks: Blocks, h: NDArray, radius: float) -> Array:
        """For each block, a bound of phi over all [h_i - radius ||k_i||, h_i + radius ||k_i||]."""
        ...

    def key(self, u: Array) -> Array:
        """What is remembered of the heights u."""
        ...

    def excess(self, h: NDArray, key: Array) -> Array:
        """Positive iff u < phi(h)."""
        ...

    def open(self, excess: Array, rho: Array | float) -> Mask:
        """Whether the excess may have another sign, or vanish, when h is moved by at most rho."""
        ...


@dataclass(frozen=True)
class ByThreshold:
    """For an increasing phi with an inverse: u < phi(h) iff h > phi^{-1}(u), so no phi in the loop."""

    phi: Nonlinearity
    inverse: Callable[[Array], Array]

    def order(self, h: Array) -> Array:
        return h

    def check(self, h: Array, rates: Array) -> None:
        fall = rates[:-1] - rates[1:]
        if (fall > 1e-12 * rates[:-1]).any():
            j = int(fall.argmax())
            raise ValueError(
                f"a phi with an inverse increases, but phi({h[j]}) = {rates[j]} > phi({h[j + 1]}) = {rates[j + 1]}"
            )

    def bound(self, blocks: Blocks, h: NDArray, radius: float) -> Array:
        return self.phi(blocks.highest(h, radius).astype(float))

    def key(self, u: Array) -> Array:
        return self.inverse(u)

    def excess(self, h: NDArray, key: Array) -> Array:
        return h - key

    def open(self, excess: Array, rho: Array | float) -> Mask:
        return np.abs(excess) <= rho


@dataclass(frozen=True)
class ByRate:
    """For phi with a Lipschitz constant: |phi(g) - phi(h)| <= phi_1 rho for |g - h| <= rho."""

    phi: Nonlinearity
    ceiling: float  # phi_0, infinite when phi is unbounded
    slope: float  # phi_1, infinite when phi is not Lipschitz: then only the ceiling helps

    def order(self, h: Array) -> Array:
        return self.phi(h)

    def check(self, h: Array, rates: Array) -> None:
        if rates.max() > self.ceiling * (1 + 1e-12):
            raise ValueError(f"phi <= phi.sup(0) = {self.ceiling}, but phi = {rates.max()} is seen")
        steps, changes = np.diff(h), np.abs(np.diff(rates))
        if (
            np.isfinite(self.slope)
            and (changes > self.slope * (1 + 1e-9) * steps + 1e-12 * rates.max()).any()
        ):
            steepest = float((changes / steps).max())
            raise ValueError(f"|phi'| <= phi.sup(1) = {self.slope}, but a slope {steepest} is seen")

    def bound(self, blocks: Blocks, h: NDArray, radius: float) -> Array:
        if np.isinf(self.slope):
            return np.full(blocks.count, self.ceiling)
        rates = np.full(len(h), -np.inf)
        rates[: len(blocks.order)] = self.phi(h[: len(blocks.order)].astype(float))
        return np.minimum(blocks.highest(rates, self.slope * radius), self.ceiling)

    def key(self, u: Array) -> Array:
        return u

    def excess(self, h: NDArray, key: Array) -> Array:
        return self.phi(h.astype(float)) - key

    def open(self, excess: Array, rho: Array | float) -> Mask:
        if np.isinf(self.slope):
            return np.ones(len(excess), dtype=bool)
        return np.abs(excess) <= self.slope * rho


def acceptance(phi: Nonlinearity) -> Acceptance:
    """By threshold when phi has a method `inverse`, else by rate; ValueError when phi gives no bound."""
    inverse = getattr(phi, "inverse", None)
    if inverse is not None:
        return ByThreshold(phi, inverse)
    ceiling, slope = _sup(phi, 0), _sup(phi, 1)
    if np.isinf(ceiling) and np.isinf(slope):
        raise ValueError(f"phi has an inverse, a bound or a Lipschitz constant, but phi = {phi}")
    return ByRate(phi, ceiling, slope)


def _sup(phi: Nonlinearity, m: int) -> float:
    try:
        value = float(phi.sup(m))
    except ValueError:  # no such derivative
        return np.inf
    if np.isnan(value) or value < 0:
        raise ValueError(f"sup |phi^({m})| is at least 0, but phi.sup({m}) = {value}")
    return value
