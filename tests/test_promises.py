"""What a model of one's own promises: kept by every kernel and nonlinearity here, slips are found."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import pytest

from fieldlimit.certify import certify
from fieldlimit.field import Model
from fieldlimit.kernels import (
    finite_rank_kernel,
    gaussian_kernel,
    population_kernel,
    power_law,
    shifted_ring,
    torus_kernel,
    zonal_kernel,
)
from fieldlimit.nonlinearities import ErrorFunction, Exponential, Logistic, ThresholdLinear
from fieldlimit.promises import examine, require_promises
from fieldlimit.spaces import GaussianSpace, circle

KERNELS = [
    torus_kernel(power_law(5, 1.5), 1),
    torus_kernel(power_law(20, 1.5), 20),
    population_kernel(np.array([[1.0, -2.0], [0.5, 0.3]]), [0.3, 0.7]),
    gaussian_kernel(GaussianSpace(3), 1.0, 8),
    zonal_kernel(4, np.ones(3)),
    shifted_ring(-1.0, 2.0, 0.4),
]
RATES = [Logistic(1, 4.0), Logistic(100.0, 40.0, 3.0), ErrorFunction(), Exponential(), ThresholdLinear()]  # fmt: skip


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: type(k.space).__name__)
@pytest.mark.parametrize("phi", RATES, ids=repr)
def test_the_library_keeps_its_promises(kernel, phi):
    findings = examine(Model(kernel, phi))
    assert len(findings) >= 10 and all(finding.kept for finding in findings)
    assert "kept" in str(findings[0])


@dataclass(frozen=True)
class Slip:
    """The logistic function with one slip."""

    slip: str
    smoothness: float = 3.0
    bounded: bool = True

    def __call__(self, h):
        if self.slip == "kink":
            return self.derivative(h, 0)
        value = Logistic(gain=2.0)(h)
        return value - 0.5 if self.slip == "negative" else value

    def derivative(self, h, m):
        if self.slip == "kink":  # piecewise linear; its second derivative is said to be 0
            return [np.clip(h - 0.1003, 0, 2), ((h > 0.1003) & (h < 2.1003)) * 1.0, 0 * h, 0 * h][m]
        value = self(h) if m == 0 else Logistic(gain=2.0).derivative(h, m)
        if self.slip == f"factor {m}":
            return 0.99 * value
        if self.slip == "sign" and m == 2:
            return -value
        return value.sum() if self.slip == "shape" and m == 1 else value

    def sup(self, m, radius=np.inf):
        if self.slip == "kink":
            return (2.0, 1.0, 0.0, 0.0)[m]
        value = Logistic(gain=2.0).sup(m, radius)
        return 0.99 * value if self.slip == f"sup {m}" else value


@pytest.mark.parametrize(
    "slip, told",
    [
        ("none", None),
        ("negative", "phi >= 0"),
        ("sign", "is the derivative of"),
        ("factor 1", "is the derivative of"),
        ("factor 2", "is the derivative of"),
        ("factor 3", "is the derivative of"),
        ("shape", "entry by entry"),
        ("kink", "phi^(1) has the Lipschitz constant sup(2, radius)"),
        ("sup 1", "bounds |phi^(1)|"),
        ("sup 2", "bounds |phi^(2)|"),
    ],
)
def test_a_slip_in_phi_is_found(slip, told):
    model = Model(shifted_ring(-1.0, 2.0, 0.4), Slip(slip))
    if told is None:
        require_promises(model)
        return
    with pytest.raises(ValueError, match=re.escape(told)):
        require_promises(model)


class Half:
    rank, kappa, omega = 2, 1.0, 1.0


def test_a_slip_in_a_kernel_is_found():
    def a(x):
        return np.stack([np.cos(x[:, 0]), np.ones(len(x))], axis=1)

    good = finite_rank_kernel(circle(), a, a, kappa=np.sqrt(2), omega=np.sqrt(2))
    require_promises(Model(good, Logistic()))
    for bad, told in (
        (replace(good, kappa=1.0), "kappa bounds ||k_x||"),
        (replace(good, omega=np.inf), "omega is finite"),
        (replace(good, b=lambda x: a(x) * a(x[:1])[:, :1] / 2), "depends on its own location"),
        (replace(good, a=lambda x: (a(x) - a(x).mean(axis=0)) / 2), "depends on its own location"),
        (replace(good, space=Half()), "a space has dimension, sample, quadrature"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=re.escape(told)):
            certify(Model(bad, Logistic()), 100, 0.05, h=np.zeros(2))

    class Complex(Half):
        space = circle()

        def k(self, x):
            return np.exp(1j * x * [1, 2])

        w = k

    with pytest.raises(ValueError, match=re.escape("k(x) is real and finite")):
        require_promises(Model(Complex(), Logistic()))
    with pytest.raises(ValueError, match="this one lacks space, k, w"):
        require_promises(Model(Half(), Logistic()))
