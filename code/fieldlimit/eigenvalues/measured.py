"""How sharp the intervals of self-adjoint models are: promised over the 95 % quantile seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np

from fieldlimit.checks import Array
from fieldlimit.dimension import equal_spectrum
from fieldlimit.eigenvalues.certificate import derivative_shift, eigenvalue_constants
from fieldlimit.eigenvalues.groups import leading_size
from fieldlimit.eigenvalues.moved_groups import group_constants, group_shift
from fieldlimit.field import Model, finite_network, neural_field
from fieldlimit.fixed_points import fixed_points, newton
from fieldlimit.kernels import power_law, torus_kernel
from fieldlimit.nonlinearities import Logistic

DELTA = 0.05
NODES = 1024  # of the rules beyond one dimension


@dataclass(frozen=True)
class LeadingShift:
    """max |lambda_n(DF_N(h*_N)) - lambda_n(A)| over the leading group: promised, and seen in networks."""

    model: str
    N: int
    size: int  # of the group
    promised: float  # thm-group-shift at DELTA, both ends
    weyl: float  # thm-weyl at DELTA
    seen: float  # the empirical 95 % quantile
    seen_all: float  # that of the maximum over all n

    @property
    def ratio(self) -> float:
        """1 is perfect."""
        return self.promised / self.seen


def symmetric_models() -> Iterator[tuple[str, Model, Array]]:
    """Name, model and its zero: the five-mode ring; 21 modes with an input in each; 20 at h* = 0."""
    for gain in (1.0, 2.0, 4.0):
        kernel = torus_kernel(np.array([0.5, 0.4, 0.1]), 1)
        ring = Model(kernel, Logistic(gain=gain), np.array([-1, 0.5, 0, 0, 0]))
        found = fixed_points(neural_field(ring), rng=np.random.default_rng(0), starts=8)
        yield f"ring, gain {gain:g}", ring, found.points[0].h
    for decay, d in product((2.0, 1.0), (1, 3, 20)):
        state = equal_spectrum(d, decay)
        yield f"balanced, decay {decay:g}, d = {d}", state.model, state.h
    for decay, d in product((2.0, 1.0), (1, 3, 20)):
        driven = Model(
            torus_kernel(power_law(10, decay), d), Logistic(gain=2.0), 0.2 * np.ones(21) / 21**0.5
        )
        coarse = neural_field(driven, NODES)
        near = fixed_points(coarse, rng=np.random.default_rng(0), starts=6).stable[0].h
        yield (
            f"driven, decay {decay:g}, d = {d}",
            driven,
            newton(neural_field(driven), near[None])[0],
        )


def leading_shift(
    name: str, model: Model, h: Array, N: int, networks: int, *, rng: np.random.Generator
) -> LeadingShift:
    """One row: `networks` networks of N neurons at their own zero near h (r,)."""
    n = None if model.kernel.space.dimension == 1 else NODES
    constants = eigenvalue_constants(model, h, n=n)
    size = leading_size(constants.A)
    (group,) = group_constants(model, constants, (size,), n)
    values = np.linalg.eigvalsh(constants.A)[::-1]
    gaps = np.empty((networks, len(h)))
    for i in range(networks):
        network = finite_network(model, N, rng=rng)
        moved = network.derivative(newton(network, h[None])[0])
        gaps[i] = np.abs(np.linalg.eigvalsh(moved)[::-1] - values)
    seen, seen_all = (
        float(np.quantile(part.max(axis=1), 1 - DELTA)) for part in (gaps[:, :size], gaps)
    )
    promised = group_shift(constants, group, N, DELTA).size
    weyl = derivative_shift(constants, N, DELTA).total
    return LeadingShift(name, N, size, promised, weyl, seen, seen_all)


def eigenvalue_tightness(*, rng: np.random.Generator) -> Mapping[str, tuple[float, str]]:
    """Label -> (promised over seen, how): five models in one dimension, 200 networks of 1000 each."""
    rows = [
        leading_shift(name, model, h, 1000, 200, rng=rng)
        for name, model, h in symmetric_models()
        if model.kernel.space.dimension == 1 and "driven" not in name
    ]
    groups = np.array([row.ratio for row in rows])
    weyl = np.array([row.weyl / row.seen_all for row in rows])
    how = "N = 1000, promised against the 95 % quantile of {}, {:.2f} to {:.2f} over {} models"
    return {
        "thm-group-shift": (
            float(np.median(groups)),
            how.format("the leading group's shift", groups.min(), groups.max(), len(rows)),
        ),
        "thm-weyl": (
            float(np.median(weyl)),
            how.format("the largest shift", weyl.min(), weyl.max(), len(rows)),
        ),
    }
