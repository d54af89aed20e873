"""Inputs that change in time, as the state that they alone would drive: p' = -p + I(t).

The state of the network is Z_t = p(t) + Y_t, and Y decays to 0 between spikes: Y' = -Y. So an input
enters the simulation through p alone, exactly, together with a bound of its speed.

An input with a profile in space that is no element of H is no restriction: append the profile to k
as a further column, zeros to w, and drive that coordinate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, nonnegative, readonly, shaped


class Input(Protocol):
    """p and how fast it moves."""

    def path(self, t: Array) -> Array:
        """p(t), the state of the network that never spikes: t (n,) -> (n, r)."""
        ...

    def speed(self, a: float, b: float) -> float:
        """A bound of ||p'(t)|| over a <= t <= b."""
        ...


@dataclass(frozen=True, eq=False)
class Constant:
    """I(t) = I = p(t), (r,)."""

    I: Array

    def __post_init__(self) -> None:
        object.__setattr__(self, "I", readonly(shaped("I", self.I, (None,))))

    def path(self, t: Array) -> Array:
        return self.I[None].repeat(len(t), axis=0)

    def speed(self, a: float, b: float) -> float:
        return 0.0


@dataclass(frozen=True, eq=False)
class Steps:
    """I(t) = values[j] for times[j] <= t < times[j + 1]; p(0) = values[0].

    times (n,), increasing from 0; values (n, r).
    """

    times: Array
    values: Array

    def __post_init__(self) -> None:
        times = shaped("times", self.times, (None,))
        if not len(times) or times[0] != 0 or (np.diff(times) <= 0).any():
            raise ValueError(f"times of steps increase strictly from 0, but times = {times}")
        values = shaped("values", self.values, (len(times), None))
        starts = [values[0]]  # p at the times of the steps
        for wait, value in zip(np.diff(times), values[:-1], strict=True):
            starts.append(value + np.exp(-wait) * (starts[-1] - value))
        for name, array in (("times", times), ("values", values), ("_starts", np.array(starts))):
            object.__setattr__(self, name, readonly(array))

    _starts: Array = None  # type: ignore[assignment]  # (n, r)

    def path(self, t: Array) -> Array:
        j = np.searchsorted(self.times, t, side="right") - 1
        decay = np.exp(-(t - self.times[j]))[:, None]
        return self.values[j] + decay * (self._starts[j] - self.values[j])

    def speed(self, a: float, b: float) -> float:
        """||p'|| = ||I - p|| decreases on each piece: the largest of its values at the starts."""
        first, last = np.searchsorted(self.times, [a, b], side="right") - 1
        j = np.arange(first, last + 1)
        p = self.path(np.maximum(self.times[j], a))
        return float(np.linalg.norm(self.values[j] - p, axis=1).max())


@dataclass(frozen=True, eq=False)
class Wave:
    """I(t) = mean + cosine cos(omega t) + sine sin(omega t), all (r,); p is its periodic response.

    p(t) = mean + Re[(cosine - i sine) e^{i omega t} / (1 + i omega)].
    """

    mean: Array
    cosine: Array
    sine: Array
    frequency: float  # omega, radians per tau

    def __post_init__(self) -> None:
        mean = shaped("mean", self.mean, (None,))
        for name in ("mean", "cosine", "sine"):
            array = shaped(name, getattr(self, name), mean.shape)
            object.__setattr__(self, name, readonly(array))
        object.__setattr__(self, "frequency", nonnegative("frequency", self.frequency))

    @property
    def _amplitude(self) -> NDArray[np.complex128]:
        return (self.cosine - 1j * self.sine) / (1 + 1j * self.frequency)

    def path(self, t: Array) -> Array:
        turning = np.exp(1j * self.frequency * np.asarray(t))[:, None]
        return self.mean + np.real(turning * self._amplitude)

    def speed(self, a: float, b: float) -> float:
        return self.frequency * float(np.linalg.norm(self._amplitude))


@dataclass(frozen=True, eq=False)
class Path:
    """Any p: t (n,) -> (n, r), with ||p'|| <= bound stated by the caller.

    The bound is a promise: decisions rest on it. A simulation looks at p at the ends of its windows,
    at the times asked for and at undecided candidates, and stops with ValueError where it sees p
    move faster (or jump); in between it has to trust. With w = 0 the network's
    potentials are those of p: the limit's trajectory as p gives the spikes that neurons of the
    limit would emit on the same Poisson measure.
    """

    function: Callable[[Array], Array]
    bound: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "bound", nonnegative("bound", self.bound))

    def path(self, t: Array) -> Array:
        return self.function(t)

    def speed(self, a: float, b: float) -> float:
        return self.bound
