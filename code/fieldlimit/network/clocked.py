"""The common method, for comparison: a clock, and rates that stand still between its ticks."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import Array, nonnegative, positive, shaped
from fieldlimit.field import VectorField
from fieldlimit.network.spikes import Spikes, recorded
from fieldlimit.statements import states


@states("prop-clocked")
def clocked_error(
    dt: float, t: float, *, coupling: float, start: float, omega: float, rate: float
) -> float:
    """E||Z^dt_t - Z_t|| <= lag La (max(start, jumps) + jumps) (e^{(La - 1) t} - 1) / (La - 1).

    Both driven by the same Poisson measure. lag = 1 - dt / (e^dt - 1), just below dt / 2; jumps =
    omega rate, rate a bound of phi; coupling La = kappa omega phi_1; start = ||Z_0 - I||. For La = 1
    the quotient is t.
    """
    dt, t = positive("dt", dt), nonnegative("t", t)
    La, start = nonnegative("coupling", coupling), nonnegative("start", start)
    jumps = nonnegative("omega", omega) * nonnegative("rate", rate)
    lag = dt / 2 if dt < 1e-4 else 1 + dt * math.exp(-dt) / math.expm1(-dt)  # no cancellation
    x = (La - 1) * t
    growth = t * (math.expm1(x) / x if x else 1.0)
    return lag * La * (max(start, jumps) + jumps) * growth


@states("prop-clocked-order")
def clocked_eigenvalue(eigenvalue: complex, dt: float) -> complex:
    """log(1 + (1 - e^{-dt}) a) / dt = a - a (1 + a) dt / 2 + O(dt^2): what the clock makes of a.

    a: an eigenvalue of DF_N, of the mean E Z when phi is affine where Z moves. Principal branch:
    it is the rate of the oscillation's growth, and its frequency as long as that is below pi / dt.
    """
    value = 1 - np.expm1(-positive("dt", dt)) * eigenvalue
    return complex(np.log(complex(value)) / dt)


def simulate_clocked(
    network: VectorField,
    duration: float,
    *,
    rng: np.random.Generator,
    h0: Array | None = None,
    dt: float = 0.01,
    record: NDArray[np.integer] | None = None,
) -> Spikes:
    """The LNP network over [0, duration], from Z_0 = h0 (default I, the state of a silent network).

    duration and dt in units of tau; the duration is cut into equal steps of at most dt. record: the
    numbers of the neurons whose spikes are kept (default all); all neurons spike all the same.

    In a step every rate is held at its value at the beginning; given the rates the spikes are
    exactly Poisson (several in one step are allowed), with uniform times. Between spikes Z decays
    exactly, and each jump w_j/N decays from its own time to the end of the step. Its mean factor is
    (1 - e^{-dt})/dt: adding w_j/N undecayed would make the coupling too strong by dt/2. So given
    the spikes Z is exact, a constant rate is simulated exactly for every dt, and otherwise the
    laws of spikes and Z carry an error O(dt) from rates that lag by up to one step (prop-clocked).

    A step costs O(N r). Deterministic given rng's state. ValueError when the weights are not all
    1/N (a quadrature is no network) or when a rate is negative or not finite.
    """
    duration, dt = positive("duration", duration), positive("dt", dt)
    N, rank = network.k.shape
    if not np.allclose(network.weights, 1 / N, rtol=1e-12, atol=0):
        raise ValueError(f"the weights of a network are 1/N = {1 / N}, but {network.weights[0]}")
    z = network.I if h0 is None else shaped("h0", h0, (rank,))
    steps = max(1, int(np.ceil(duration / dt * (1 - 1e-12))))
    dt = duration / steps
    kept = recorded(record, N)
    latent = np.empty((steps + 1, rank))
    latent[0] = z
    times, neurons = [], []
    for step in range(steps):
        spiking, ages = _spikes_of_step(network, z, dt, rng)
        jumps = np.exp(-ages) @ network.w[spiking] / N
        z = network.I + (z - network.I) * np.exp(-dt) + jumps
        latent[step + 1] = z
        if kept is not None:
            spiking, ages = spiking[kept[spiking]], ages[kept[spiking]]
        times.append((step + 1) * dt - ages)
        neurons.append(spiking)
    grid = dt * np.arange(steps + 1.0, dtype=float)
    return Spikes(np.concatenate(times), np.concatenate(neurons), grid, latent)


def _spikes_of_step(
    network: VectorField, z: Array, dt: float, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Array]:
    """Neurons (s,) that spike in a step and the ages (s,) of the spikes at its end, oldest first.

    Superposition: independent Poisson processes of rates p_j are one of rate P = sum p_j, each of
    whose points belongs to neuron j with probability p_j / P. One search a spike, not one draw a
    neuron.
    """
    rates = network.phi(network.k @ z)
    cumulative = rates.cumsum()
    total = cumulative[-1]
    if not (total < np.inf and rates.min() >= 0):
        raise ValueError(f"rates are finite and at least 0, but their sum is {total}")
    count = rng.poisson(total * dt)
    spiking = np.searchsorted(cumulative, total * rng.random(count), side="right")
    ages = np.sort(dt * rng.random(count))[::-1]
    return np.minimum(spiking, len(rates) - 1), ages
