"""What the simulator refuses before any work, and what it finds out on the way."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from fieldlimit.field import Model, VectorField, finite_network
from fieldlimit.kernels import population_kernel
from fieldlimit.network import Constant, Path, PoissonCells, Steps, simulate
from fieldlimit.nonlinearities import Exponential, Logistic
from spiking import Hump


@dataclass(frozen=True)
class Negative(Hump):
    def __call__(self, h):
        return np.asarray(h) - 0.5


@dataclass(frozen=True)
class Unknown(Hump):
    def sup(self, m, radius=math.inf):
        return math.inf


def small(phi, J=1.0):
    return VectorField(np.ones((3, 1)), J * np.ones((3, 1)), np.full(3, 1 / 3), phi, np.zeros(1))


def test_errors_before_any_work():
    rng = np.random.default_rng(0)
    measure = PoissonCells(4, seed=0)
    with pytest.raises(ValueError, match="the least -0.5"):
        simulate(small(Negative()), 1.0, rng=rng)
    with pytest.raises(ValueError, match="phi has an inverse, a bound or a Lipschitz constant"):
        simulate(small(Unknown()), 1.0, rng=rng)
    with pytest.raises(ValueError, match="k has finite entries"):
        VectorField(
            np.full((3, 1), np.nan), np.ones((3, 1)), np.full(3, 1 / 3), Hump(), np.zeros(1)
        )
    with pytest.raises(ValueError, match="either rng or measure"):
        simulate(small(Hump()), 1.0, rng=None)
    with pytest.raises(ValueError, match="either rng or measure"):
        simulate(small(Hump()), 1.0, rng=rng, measure=measure)
    with pytest.raises(ValueError, match="N = 3 neurons, but measure.N = 4"):
        simulate(small(Hump()), 1.0, rng=None, measure=measure)
    with pytest.raises(ValueError, match=r"times `at` increase within \[0, 1.0\]"):
        simulate(small(Hump()), 1.0, rng=rng, at=np.array([0.0, 1.5]))
    with pytest.raises(ValueError, match="shape"):
        simulate(small(Hump()), 1.0, rng=rng, drive=Constant(np.zeros(2)))
    with pytest.raises(ValueError, match="window is finite and positive"):
        simulate(small(Hump()), 1.0, rng=rng, window=0.0)
    with pytest.raises(ValueError, match="times of steps increase strictly from 0"):
        Steps([0.5], np.zeros((1, 1)))


def test_an_explosion_and_a_false_speed_are_reported():
    with pytest.raises(ValueError, match="the rates explode"):
        simulate(small(Exponential(1.0, 2.0), J=4.0), 50.0, rng=np.random.default_rng(0))
    fast = Path(lambda t: np.sin(9 * t)[:, None], 1.0)
    with pytest.raises(ValueError, match="the stated bound of the input's speed"):
        simulate(small(Logistic(2.0)), 20.0, rng=np.random.default_rng(0), drive=fast)


@dataclass(frozen=True)
class Falling(Logistic):
    """A decreasing function that has an inverse."""

    def __call__(self, h):
        return super().__call__(-np.asarray(h))


@dataclass(frozen=True)
class Understated(Hump):
    def sup(self, m, radius=math.inf):
        return (2.0, 0.1)[m]


@dataclass(frozen=True)
class TooLow(Hump):
    def sup(self, m, radius=math.inf):
        return (1.5, 2.0)[m]


def test_what_phi_says_of_itself_is_looked_at():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="a phi with an inverse increases, but"):
        simulate(small(Falling()), 1.0, rng=rng)
    with pytest.raises(ValueError, match=r"phi.sup\(1\) = 0.1, but a slope 1.7"):
        simulate(small(Understated()), 1.0, rng=rng)
    with pytest.raises(ValueError, match=r"phi <= phi.sup\(0\) = 1.5, but phi = 2.0"):
        simulate(small(TooLow()), 1.0, rng=rng)
    with pytest.raises(ValueError, match="window is at most 300 tau, but window = 800"):
        simulate(small(Hump()), 1.0, rng=rng, window=800.0)
    with pytest.raises(ValueError, match="coordinates of the state are at most 1e"):
        simulate(small(Hump()), 1.0, rng=rng, h0=np.array([1e30]))


@pytest.mark.parametrize("N", [1, 5, 50])
@pytest.mark.parametrize("shape", ["jump", "bump"])
def test_an_input_that_jumps_is_no_path(N, shape):
    """A jump or a narrow bump against the stated bound, seen at the times asked for."""
    p = {"jump": lambda t: 1.0 * (t > 1.2), "bump": lambda t: np.exp(-(((t - 1.3) / 0.02) ** 2))}
    drive = Path(lambda t: p[shape](np.asarray(t))[:, None], 0.1)
    net = finite_network(
        Model(population_kernel([[0.5]], [1.0]), Logistic(2.0)), N, rng=np.random.default_rng(0)
    )
    with pytest.raises(ValueError, match="the stated bound of the input's speed"):
        simulate(net, 3.0, rng=np.random.default_rng(1), drive=drive)
