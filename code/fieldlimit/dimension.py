"""At equal spectrum: what of a network's dynamics depends on the dimension of its space, and what does not.

One experiment for `fieldlimit.sweeps`: networks on the d-torus whose kernel has the same eigenvalues in
every d, at the state h* = 0. Measured are the distance of the network's fixed point from the field's, how
far the leading eigenvalue and the whole derivative have moved there, and the distance between two clouds
of locations. `fieldlimit.homogeneous` has the laws that the first two tend to.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fieldlimit.checks import Array, positive_integer, probability, shaped
from fieldlimit.field import VectorField, finite_network
from fieldlimit.homogeneous import HomogeneousState, homogeneous_state
from fieldlimit.kernels import power_law
from fieldlimit.nonlinearities import Logistic
from fieldlimit.wasserstein import sample_wasserstein, torus_diameter

PAIRS = 10  # 20 modes, and no constant one: excitation balances inhibition
CLOUDS = 4  # pairs of clouds: on the circle W1 scatters by a third of its mean


def equal_spectrum(d: int, decay: float, gain: float = 2.0) -> HomogeneousState:
    """h* = 0, where phi'' = 0; the j-th pair of modes has the eigenvalue j^(-decay), in every d."""
    eigenvalues = np.append(0.0, power_law(PAIRS - 1, decay))
    return homogeneous_state(eigenvalues, d, Logistic(gain=gain))


def displacement(
    *, N: int, d: int, decay: float, networks: int, rng: np.random.Generator
) -> Mapping[str, Array]:
    """Of `networks` networks of N neurons each: ||h*_N - h*||, the eigenvalue's shift, and W1.

    distance, shift, derivative, each (networks,): ||h*_N - h*||, the distance between the leading
    eigenvalues of DF_N(h*_N) and of A = DF(h*), and ||DF_N(h*_N) - A||, which bounds the shift of
    every eigenvalue; inf where the iteration finds no zero. wasserstein (4,): W1 between two clouds
    of N locations, for four pairs of clouds, in units of the diameter of the torus; E W1(rho_N, rho)
    lies between half its mean and its mean (prop-two-samples).
    """
    state = equal_spectrum(d, decay)
    rates = np.diag(state.A)
    leading, B = rates.max(), np.diag(1.0 / rates)
    distance, shift, derivative = np.full((3, positive_integer("networks", networks)), np.inf)
    for i in range(networks):
        network = finite_network(state.model, N, rng=rng)
        g = _zero(network, state.h, B)
        if np.linalg.norm(network(g)) < 1e-9:
            distance[i] = np.linalg.norm(g - state.h)
            A = network.derivative(g)
            shift[i] = abs(np.linalg.eigvalsh(A)[-1] - leading)
            derivative[i] = np.linalg.norm(A - state.A, 2)
    space = state.model.kernel.space
    apart = [
        sample_wasserstein(space.sample(N, rng=rng), space.sample(N, rng=rng))
        for _ in range(CLOUDS)
    ]
    return {
        "distance": distance,
        "shift": shift,
        "derivative": derivative,
        "wasserstein": np.array(apart) / torus_diameter(d),
    }


def _zero(network: VectorField, h: Array, B: Array) -> Array:
    """The limit of h - B F_N(h), h - B F_N(h) again, and so on: lem-newton-kantorovich at h."""
    for _ in range(100):
        step = B @ network(h)
        h = h - step
        if np.linalg.norm(step) < 1e-12:
            break
    return h


def common_quantile(samples: Array, level: float, *, alarm: float) -> tuple[float, float]:
    """Where the `level`-quantile lies if all rows of samples (m, n) share it: [lower, upper].

    Each row is n independent draws of one law. Two of its order statistics enclose its quantile,
    whatever the law, but for a probability of alarm/m, by the binomial law of the number of draws
    below it. Returned is the intersection; lower > upper, and the rows disagree.
    """
    from scipy.stats import binom

    m, n = shaped("samples", samples, (None, None)).shape
    tail = probability("alarm", alarm) / (2 * m)
    low = int(binom.ppf(tail, n, probability("level", level)))  # P(Bin < low) < tail
    high = int(binom.isf(tail, n, level)) + 1  # P(Bin >= high) <= tail
    ordered = np.sort(np.pad(samples, ((0, 0), (1, 1)), constant_values=(-np.inf, np.inf)), axis=1)
    return float(ordered[:, low].max()), float(ordered[:, high].min())


def prediction_tightness(*, rng: np.random.Generator) -> Mapping[str, tuple[float, str]]:
    """Predicted over seen 95 % quantile of the leading eigenvalue's shift, for the ledger."""
    N, ratios = 300, []
    for d in (1, 3, 20):
        seen = displacement(N=N, d=d, decay=2.0, networks=300, rng=rng)["shift"]
        predicted = equal_spectrum(d, 2.0).shift_quantile(1, N, 0.05)
        ratios.append(predicted / float(np.quantile(seen, 0.95)))
    span = f"{min(ratios):.2f} to {max(ratios):.2f} in d = 1, 3, 20"
    how = f"predicted against the 95 % quantile seen of the leading eigenvalue's shift, {span}"
    return {"prop-homogeneous-state": (float(np.median(ratios)), how)}
