"""Neurons in blocks of similar potentials, and candidates under a bound of each block's rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, nonnegative, positive_integer
from fieldlimit.field import VectorField
from fieldlimit.network.rows import dots
from fieldlimit.statements import states

SLOTS = 16  # entries of the table of blocks, per block: bounds are rounded up by 1/32 on average
LEVELS = 2.0**16 - 1  # a stable sort of so few is a radix sort
ROUNDING = 2.0**-23  # of single precision, twice the unit round-off
SHORT, LARGE, TINY = 1e-15, 1e20, 1e-20  # single precision: within, nothing under- or overflows


@dataclass(frozen=True, eq=False)
class Blocks:
    """Neurons in an order in which potentials increase, cut into blocks of equal size.

    (With an increasing phi; else their rates.) order (N,): the neurons' numbers; k32 (r, N): their
    receptive features, the long axis last, which halves the time of a product; length: ||k_i||, (n,)
    with n = size * count, or one number when all are equal. Single precision, but double when a
    length is not 0 and beyond 10^(+-15).
    """

    order: NDArray[np.int32]
    k32: NDArray
    length: NDArray | float
    size: int
    count: int

    def potentials(self, z: Array) -> NDArray:
        """<z, k_i> in this order, -inf for the places of the last block that are empty: (n,).

        Off by at most `rounding(||z||)` times ||k_i||. ValueError when z is too large for single precision.
        """
        if self.k32.dtype == np.float32 and not np.abs(z).max() <= LARGE:
            raise ValueError(
                f"coordinates of the state are at most {LARGE:g}, but one is {np.abs(z).max():g}"
            )
        N = len(self.order)
        h = np.empty(self.size * self.count, dtype=self.k32.dtype)
        np.matmul(z.astype(self.k32.dtype), self.k32, out=h[:N])
        h[N:] = -np.inf
        return h

    def rounding(self, length: float) -> float:
        """Bound of the rounding error of a potential and of what is added to it, over ||k_i||.

        length: ||z|| and the margin over ||k_i||, together. With u = ROUNDING / 2: z and k_i are
        rounded, r products added, in any order, which costs (r + 2) u ||z|| ||k_i|| and terms of
        order u^2; lengths, margins and sums another 6 u. Half of the bound is never needed. TINY:
        numbers below 10^-38 are not rounded but lost.
        """
        return (len(self.k32) + 8) * ROUNDING * (length + TINY)

    def highest(self, h: NDArray, radius: float) -> NDArray:
        """max over each block of h_i + radius ||k_i||, (count,)."""
        table = h.reshape(self.count, self.size)
        if isinstance(self.length, float):
            return table.max(axis=1) + h.dtype.type(radius * self.length)
        return (table + h.dtype.type(radius) * self.length.reshape(table.shape)).max(axis=1)

    def margin(self, radius: float, places: NDArray[np.int32]) -> NDArray | float:
        """radius ||k_i|| for the neurons at these places."""
        if isinstance(self.length, float):
            return radius * self.length
        return radius * self.length[places]


def blocks(network: VectorField, key: NDArray, size: int) -> Blocks:
    """Blocks of neurons in the order of a key (N,), up to 2^-16 of its range: sorted in linear time."""
    N = network.size
    levels = (key - key.min()) * (LEVELS / max(float(np.ptp(key)), 1e-300))
    order = levels.astype(np.uint16).argsort(kind="stable").astype(np.int32)
    length = np.sqrt(dots(network.k, network.k))[order]
    uniform = np.ptp(length) <= 1e-6 * length.max()
    size = min(size, N)
    count = -(-N // size)
    single = length.max() <= 1 / SHORT and length[length > 0].min(initial=1.0) >= SHORT
    dtype = np.float32 if single else np.float64
    padded = np.zeros(size * count, dtype=dtype)
    padded[:N] = length * (1 + ROUNDING)
    k32 = np.ascontiguousarray(network.k.astype(dtype).take(order, axis=0).T)
    return Blocks(
        order, k32, float(length.max() * (1 + ROUNDING)) if uniform else padded, size, count
    )


def default_size(N: int) -> int:
    """Neurons in a block: sqrt(N), between 8 and 256, or a little less so that all blocks are full."""
    size = int(np.clip(np.sqrt(N), 8, 256))
    return next((s for s in range(size, size // 2, -1) if N % s == 0), size)


@states("prop-blocks")
def candidate_rate(
    N: int, *, size: int, mean: float, lowest: float, highest: float, slope: float, margin: float
) -> float:
    """sum_i beta_i <= N mean + (size - 1) (highest - lowest) + N slope rho, per tau.

    For an increasing phi and N neurons in the order of their potentials h_i, with beta_i the largest
    phi(h_k + rho) in the block of i: mean, lowest and highest of the rates phi(h_i), slope: phi_1,
    margin rho of the tube. No bound of phi enters, and size need not divide N.
    """
    N, size = positive_integer("N", N), positive_integer("size", size)
    spread = nonnegative("highest - lowest", highest - nonnegative("lowest", lowest))
    tube = nonnegative("slope", slope) * nonnegative("margin", margin)
    return N * (nonnegative("mean", mean) + tube) + (min(size, N) - 1) * spread


def draw(
    bound: Array, size: int, duration: float, rng: np.random.Generator
) -> tuple[NDArray[np.int32], Array, Array]:
    """Candidates below a bound (count,) on the rates of the neurons in each block, in random order.

    Returns places (n,) in the order of the blocks, heights (n,), and the bound (count,) that was
    used, a little above the given one. The block is read off a table in which each block occupies
    slots in proportion to its bound, rounded up: one random number, no search.
    """
    count = len(bound)
    total = float(bound.sum()) * size
    if total == 0:
        return np.empty(0, dtype=np.int32), np.empty(0), bound
    unit = total / (SLOTS * count)  # rate of one slot
    slots = np.ceil(bound * (size / unit)).astype(np.int64)
    used = slots.astype(np.float64) * (unit / size)
    table = np.repeat(np.arange(count, dtype=np.int32), slots)
    n = rng.poisson(len(table) * unit * duration)
    block = table.take((rng.random(n) * len(table)).astype(np.intp))
    within = rng.random(n) * size
    offset = within.astype(np.int32)
    places: NDArray[np.int32] = block * np.int32(size) + offset
    # of 53 random bits the neuron takes log2(size): the height keeps 45, or has its own
    fraction = within - offset if size <= 256 else rng.random(n)
    heights: Array = fraction * used.take(block)
    return places, heights, used
