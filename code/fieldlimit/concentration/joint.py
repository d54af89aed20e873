"""The vector field and its derivative in one event: the pair as one random vector (prop-joint)."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from fieldlimit.checks import nonnegative, positive, shaped
from fieldlimit.concentration.fluctuations import (
    Fluctuation,
    constants_of,
    nodes_of_order,
    other_rules,
    replicate_error,
)
from fieldlimit.concentration.products import Floats, JointProducts, products
from fieldlimit.field import Model
from fieldlimit.statements import states


@states("prop-joint")
def joint_fluctuation(
    model: Model, h: ArrayLike, gamma: float, n: int | None = None
) -> Fluctuation:
    """The constants of (Y0, gamma Y1), the contributions to F_N(h) and gamma DF_N(h), h (r,).

    Every guarantee that they enter bounds sqrt(D_0^2 + gamma^2 D_1^2), with D_1 in Hilbert-Schmidt
    norm: one event at level delta for both. gamma weighs a derivative against a velocity, in units
    of ||h||. Exact on a finite space, otherwise by a rule with about n nodes. ValueError when phi
    is not of class C^1.
    """
    kernel, phi = model.kernel, model.phi
    h = shaped("h", h, (kernel.rank,))
    gamma = positive("gamma", gamma)
    if phi.smoothness < 1:
        raise ValueError(f"phi is of class C^1, but {phi} is of class C^{phi.smoothness:g}")
    rule = kernel.space.quadrature(nodes_of_order(kernel.space, 1) if n is None else n)
    rules = [(rule.nodes, rule.weights)]
    rules += [] if rule.exact else other_rules(kernel.space, rule)
    pairs = [_pair(model, h, gamma, nodes, weights) for nodes, weights in rules]
    whole, *others = map(constants_of, pairs)
    if rule.exact:
        return whole
    reach = kernel.kappa * float(np.linalg.norm(h))
    sup_Y = [kernel.omega * kernel.kappa**m * phi.sup(m, reach) for m in (0, 1)]
    sup_xi = [
        min(2.0 * sup, sup + means[0] + replicate_error(means[0], means[1:]))
        for sup, means in zip(sup_Y, _means(pairs), strict=True)
    ]
    both_Y, both_xi = (math.hypot(sups[0], gamma * sups[1]) for sups in (sup_Y, sup_xi))
    replicates = tuple(replace(f, sup_Y=both_Y, sup_xi=both_xi) for f in others)
    return replace(whole, sup_Y=both_Y, sup_xi=both_xi, replicates=replicates)


def combination(joint: float, gamma: float, *, alpha: float, beta: float) -> float:
    """al D_0 + be D_1 <= joint sqrt(al^2 + be^2/gamma^2), where D_0^2 + gamma^2 D_1^2 <= joint^2.

    For all alpha, beta >= 0 at once, on the one event of `joint`.
    """
    alpha, beta = nonnegative("alpha", alpha), nonnegative("beta", beta)
    return nonnegative("joint", joint) * math.hypot(alpha, beta / positive("gamma", gamma))


def _pair(model: Model, h: Floats, gamma: float, nodes: Floats, weights: Floats) -> JointProducts:
    zeroth, first = (products(model, h, m, nodes, weights) for m in (0, 1))
    return JointProducts(zeroth, first, gamma)


def _means(pairs: list[JointProducts]) -> list[list[float]]:
    """||EY0|| and ||EY1|| by each rule."""
    return [[pair.first.mean for pair in pairs], [pair.second.mean for pair in pairs]]
