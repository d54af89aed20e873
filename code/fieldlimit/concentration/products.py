"""Inner products of one neuron's contributions Y_x = phi^(m)(h(x)) w_x (x) k_x^(x)m at given nodes.

<Y_x, Y_y> = phi^(m)(h(x)) phi^(m)(h(y)) <w_x, w_y> <k_x, k_y>^m needs no tensor; coordinates of the
tensors are used for the spectrum of their covariance alone, and only where they are few.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fieldlimit.field import Model
from fieldlimit.kernels import features
from fieldlimit.nonlinearities import Nonlinearity

Floats = NDArray[np.float64]

BLOCK = 512  # rows of inner products held at a time
HELD = 1024  # up to so many nodes all of them are held, and computed once


@dataclass(frozen=True, eq=False)
class Products:
    """Y and xi = Y - EY at n nodes whose weights make up the law."""

    k: Floats  # (n, r)
    w: Floats  # (n, r), already multiplied by phi^(m)(h(x)): Y = w (x) k^(x)m
    m: int
    weights: Floats  # (n,)

    def blocks(self) -> list[slice]:
        """The nodes, BLOCK at a time."""
        return [slice(i, i + BLOCK) for i in range(0, len(self.weights), BLOCK)]

    @cached_property
    def squares(self) -> Floats:
        """||Y||^2, (n,)."""
        return (self.w**2).sum(axis=1) * (self.k**2).sum(axis=1) ** self.m

    @cached_property
    def along_mean(self) -> Floats:
        """<Y, EY>, (n,)."""
        if not self._few_coordinates:
            return np.concatenate([self._gram(block) @ self.weights for block in self.blocks()])
        powers = tensors(self.k, np.ones((len(self.k), 1)), self.m)  # (n, r^m)
        mean = (self.weights[:, None] * self.w).T @ powers  # EY, (r, r^m)
        return ((self.w @ mean) * powers).sum(axis=1)

    @cached_property
    def mean(self) -> float:
        """||EY||."""
        return float(np.sqrt(np.maximum(self.weights @ self.along_mean, 0.0)))

    @cached_property
    def norm2(self) -> Floats:
        """||xi||^2, (n,)."""
        return np.maximum(self.squares - 2.0 * self.along_mean + self.mean**2, 0.0)

    def rows(self, block: slice) -> Floats:
        """Rows of the matrix <xi_i, xi_j>, (b, n)."""
        gram = self._gram(block)
        return gram - self.along_mean[block, None] - self.along_mean + self.mean**2

    def eigenvalues(self) -> Floats:
        """Of Sigma, decreasing: from the r^(1+m) coordinates, or n x n when those are more."""
        root = np.sqrt(self.weights)[:, None]
        if self._few_coordinates:
            Y = tensors(self.k, self.w, self.m)
            xi = root * (Y - self.weights @ Y)
            matrix = xi.T @ xi
        else:
            matrix = root * self.rows(slice(None)) * root.T
        # Sigma is positive: what rounding made negative is 0.
        return np.maximum(np.linalg.eigvalsh(matrix)[::-1], 0.0)

    @property
    def _few_coordinates(self) -> bool:
        return self.w.shape[1] ** (1 + self.m) <= len(self.weights)

    def _gram(self, block: slice) -> Floats:
        return self._whole[block] if len(self.weights) <= HELD else self._inner(block)

    @cached_property
    def _whole(self) -> Floats:
        """<Y_i, Y_j>, (n, n)."""
        return self._inner(slice(None))

    def _inner(self, block: slice) -> Floats:
        gram = self.w[block] @ self.w.T
        return gram * (self.k[block] @ self.k.T) ** self.m if self.m else gram


@dataclass(frozen=True, eq=False)
class JointProducts:
    """(Y0, gamma Y1) in the direct sum of the two spaces: inner products add, the second by gamma^2."""

    first: Products
    second: Products  # at the same nodes
    gamma: float

    @property
    def weights(self) -> Floats:
        """(n,)."""
        return self.first.weights

    def blocks(self) -> list[slice]:
        """The nodes, BLOCK at a time."""
        return self.first.blocks()

    @cached_property
    def squares(self) -> Floats:
        """||Y0||^2 + gamma^2 ||Y1||^2, (n,)."""
        return self.first.squares + self.gamma**2 * self.second.squares

    @cached_property
    def mean(self) -> float:
        """The norm of the pair of means."""
        return float(np.hypot(self.first.mean, self.gamma * self.second.mean))

    @cached_property
    def norm2(self) -> Floats:
        """||xi||^2, (n,)."""
        return self.first.norm2 + self.gamma**2 * self.second.norm2

    def rows(self, block: slice) -> Floats:
        """Rows of the matrix <xi_i, xi_j>, (b, n)."""
        return self.first.rows(block) + self.gamma**2 * self.second.rows(block)

    def eigenvalues(self) -> Floats:
        """Of the covariance of the pair, decreasing; the smaller of its two matrices."""
        root = np.sqrt(self.weights)[:, None]
        r = self.first.w.shape[1]
        if r + r ** (1 + self.second.m) <= len(root):
            one, two = self.first, self.second
            Y = np.hstack([tensors(one.k, one.w, one.m), self.gamma * tensors(two.k, two.w, two.m)])
            xi = root * (Y - self.weights @ Y)
            matrix = xi.T @ xi
        else:
            matrix = root * self.rows(slice(None)) * root.T
        return np.maximum(np.linalg.eigvalsh(matrix)[::-1], 0.0)


def products(model: Model, h: Floats, m: int, nodes: Floats, weights: Floats) -> Products:
    """The contributions at nodes (n, d) with weights (n,), for the state h (r,)."""
    k, w = features(model.kernel, nodes)
    return Products(k, rates(model.phi, k, h, m)[:, None] * w, m, weights)


def rates(phi: Nonlinearity, k: Floats, h: Floats, m: int) -> Floats:
    """phi^(m)(h(x)) at the nodes whose receptive features are the rows of k (n, r); (n,)."""
    potentials = k @ h
    return phi(potentials) if m == 0 else phi.derivative(potentials, m)


def tensors(k: Floats, w: Floats, m: int) -> Floats:
    """Coordinates of w (x) k^(x)m in rows: (n, r), (n, q) -> (n, q r^m)."""
    product = w
    for _ in range(m):
        product = (product[:, :, None] * k[:, None, :]).reshape(len(k), -1)
    return product
