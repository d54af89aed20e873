"""How far a group of eigenvalues moves in a network of N neurons, with probability 1 - delta."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fieldlimit.checks import Array, positive_integer, probability
from fieldlimit.concentration import best_deviation, pinelis_deviation
from fieldlimit.concentration.fluctuations import replicate_error
from fieldlimit.concentration.products import JointProducts, Products
from fieldlimit.eigenvalues.certificate import EigenvalueConstants, derivative_shift
from fieldlimit.eigenvalues.groups import Group, group_of, group_sizes, push, trace_weights
from fieldlimit.eigenvalues.readings import (
    Motion,
    MotionLaw,
    Reading,
    Setting,
    law,
    motion_law,
    motion_of,
    reading_deviation,
    setting,
)
from fieldlimit.eigenvalues.summands import require_native
from fieldlimit.field import Model
from fieldlimit.fixed_points import (
    Certificate,
    Curvature,
    curvature_at,
    lesser_certificate,
    projective_sup,
)
from fieldlimit.operator_norm import operator_deviation
from fieldlimit.statements import states

FIXED_POINT = 0.25  # share of delta for the event of the fixed point, when it is not paid elsewhere
MOTION = 0.15  # of the rest, for the motion in L2(rho), shared by all groups
LINEAR, SLOPES, REST, SECOND = 0.7, (0.1, 0.06), 0.09, 0.05  # of what remains, group by group
OWN = 0.6  # of LINEAR, the block of the group, where each block has a level of its own
TRIED = (0.5, 1.0, 2.0)  # weights of the coupling in the joint law, over what theory suggests
ROUNDING = 1e-12  # relative to sup^2: a variance below it may be rounding alone
ARC = 200  # parts of the arc on which the joint law is maximised


@dataclass(frozen=True, eq=False)
class GroupConstants:
    """All that is asked of a model for one group of eigenvalues of A; free of N and delta."""

    group: Group
    own: Reading  # of P E P, in a norm that is no less than the operator norm
    coupling: Reading | None  # of C^{-1} Q E P, Hilbert-Schmidt; None when there is no rest
    rest: tuple[tuple[float, float], ...]  # trace, variance of C^{-1} Q Z Q C^{-1}, by each rule
    rest_sups: tuple[float, float, float]  # of ||.||, of Q k (x) Q k and of T[B k], weighted
    rest_wrong: float
    weights: tuple[Array, ...]
    motion: MotionLaw
    curvature: Curvature | None  # for the certificate of the fixed point


@dataclass(frozen=True)
class GroupShift:
    """-down <= lambda_n(DF_N(h*_N)) - lambda_n(A) <= up for all n of a group; inf: not certified.

    own >= ||P E P|| and coupling >= ||C^{-1} Q E P|| at levels of their own: up and down may come from
    the law of both together, and are then less than these would give. rest >= ||C^{-1} Q E Q C^{-1}||.
    """

    group: Group
    fixed_point: Certificate
    up: float
    down: float
    own: float = math.inf
    coupling: float = math.inf
    rest: float = math.inf
    remainder: float = math.inf  # the part of `own` that is of order 1/N

    @property
    def size(self) -> float:
        """The larger of up and down."""
        return max(self.up, self.down)


def group_constants(
    model: Model,
    constants: EigenvalueConstants,
    sizes: Sequence[int] | None = None,
    n: int | None = None,
    curvature: Curvature | None = None,
) -> tuple[GroupConstants, ...]:
    """For consecutive groups of eigenvalues of A, decreasing, of these sizes (None: `group_sizes`).

    By rules with about n nodes (None: 512 on a line, 1024 beyond), whose errors are estimated and
    included by `group_shift`. curvature: if `curvature_at` is known already. ValueError unless the
    kernel is symmetric and positive in native features and phi of class C^3, and when a group is
    not parted from the rest.
    """
    require_native(model.kernel)
    at = setting(model, constants, n)
    motion = motion_law(at)
    if curvature is None:
        curvature = curvature_at(model, constants.fixed_point, n)
    sizes = group_sizes(constants.A) if sizes is None else sizes
    firsts = [sum(sizes[:i]) for i in range(len(sizes))]
    return tuple(
        _constants(at, motion, curvature, group_of(constants.A, *which))
        for which in zip(firsts, sizes, strict=True)
    )


@states("thm-group-shift")
def group_shift(
    constants: EigenvalueConstants,
    group: GroupConstants,
    N: int,
    delta: float,
    *,
    fixed_point: Certificate | None = None,
    shift: float = math.inf,
) -> GroupShift:
    """The eigenvalues of one group move by at most `up` and `down`, with probability >= 1 - delta.

    fixed_point: a certificate at N whose event is paid for elsewhere; None: a quarter of delta is
    for it. shift >= ||DF_N(h*_N) - A||, paid for elsewhere as well: no bound is then above it. Nor
    above thm-weyl at the same level.
    """
    return group_shifts(constants, [group], N, delta, fixed_point=fixed_point, shift=shift)[0]


def group_shifts(
    constants: EigenvalueConstants,
    groups: Sequence[GroupConstants],
    N: int,
    delta: float,
    *,
    fixed_point: Certificate | None = None,
    shift: float = math.inf,
) -> tuple[GroupShift, ...]:
    """The same for several groups at once: all inequalities together, with probability >= 1 - delta.

    The event of the fixed point serves all groups; what remains of delta is divided equally. Where the
    largest of them is above the one bound of thm-weyl at the same level, that is taken for all.
    """
    N, delta = positive_integer("N", N), probability("delta", delta)
    if fixed_point is None:
        fixed_point = lesser_certificate(
            constants.fixed_point, groups[0].curvature, N, FIXED_POINT * delta
        )
        delta *= 1 - FIXED_POINT
    if fixed_point.N != N:
        raise ValueError(
            f"the fixed point is that of N = {N} neurons, but its N is {fixed_point.N}"
        )
    motion = _motion(constants, groups[0].motion, fixed_point, MOTION * delta)
    each = (1 - MOTION) * delta / len(groups)
    found = tuple(_shift(constants, group, N, each, fixed_point, motion, shift) for group in groups)
    weyl = derivative_shift(constants, N, delta, fixed_point=fixed_point).total
    if max(one.size for one in found) <= weyl:
        return found
    return tuple(replace(one, up=weyl, down=weyl) for one in found)


def _motion(
    constants: EigenvalueConstants, law: MotionLaw, fixed_point: Certificate, delta: float
) -> Motion | None:
    if not fixed_point.holds:
        return None
    spread = best_deviation(law.value, fixed_point.N, delta).deviation
    return motion_of(constants, fixed_point, spread, law.error)


def _shift(
    constants: EigenvalueConstants,
    c: GroupConstants,
    N: int,
    delta: float,
    fixed_point: Certificate,
    motion: Motion | None,
    shift: float,
) -> GroupShift:
    """up and down come from one event: of those that level allows, the one whose larger end is least."""
    if motion is None:
        return GroupShift(c.group, fixed_point, math.inf, math.inf)
    linear = LINEAR * delta
    alone = 1.0 if c.coupling is None else OWN
    first, R = reading_deviation(c.own, motion, N, alone * linear, slope_delta=SLOPES[0] * delta)
    own = min(first + R, shift)
    if c.coupling is None:
        return GroupShift(c.group, fixed_point, own, own, own, 0.0, 0.0, R)
    across, S = reading_deviation(
        c.coupling, motion, N, (1 - OWN) * linear, slope_delta=SLOPES[1] * delta
    )
    coupling = min(across + S, shift / math.sqrt(c.group.gap))
    rest = min(_rest(constants, c, motion, N, delta), shift / c.group.gap)
    widths = (c.group.below, c.group.above)
    options = [tuple(push(own, coupling, rest, width) if width else own for width in widths)]
    more = (R + c.own.wrong, S + c.coupling.wrong)
    for J, gamma in _arcs(c, first, rest, N, linear):
        options.append(tuple(_on_arc(J, gamma, more, rest, width) for width in widths))
    up, down = min(options, key=max)
    return GroupShift(
        c.group, fixed_point, min(up, shift), min(down, shift), own, coupling, rest, R
    )


def _rest(
    constants: EigenvalueConstants, c: GroupConstants, motion: Motion, N: int, delta: float
) -> float:
    """||C^{-1} Q E Q C^{-1}||: thm-operator for Z, and the remainder of thm-reading through ||D^2F_N||."""
    sup, outer, bend = c.rest_sups
    value, *others = (
        operator_deviation(N, REST * delta, trace=trace, variance=variance, sup_op=sup)
        if variance > ROUNDING * sup**2
        else pinelis_deviation(N, REST * delta, trace=trace, sup_xi=sup * math.sqrt(len(c.group.Q)))
        for trace, variance in c.rest
    )
    assert constants.second is not None
    e2 = best_deviation(constants.second, N, SECOND * delta).deviation + constants.bend_error
    slope = (e2 + constants.bend * motion.fixed_point.eps) / c.group.gap
    bent = motion.phi_3 * outer + motion.phi_2 * bend
    random = value + replicate_error(value, others)
    return random + c.rest_wrong + slope * motion.radius + bent * motion.square / 2


def _arcs(
    c: GroupConstants, own: float, rest: float, N: int, delta: float
) -> list[tuple[float, float]]:
    """(J, gamma) with ||(l(mean), gamma k(mean))|| <= J for both readings together, each at level delta.

    gamma^2 = 2J/(1 - rest): for less the maximum over the arc is above J, to leading order. J is guessed.
    """
    assert c.coupling is not None
    trace, across = c.own.value.trace / N, c.coupling.value.trace / N
    if not across > 0.0:
        return []
    J, room = own, max(1.0 - rest, 0.1)
    for _ in range(20):
        J = 2.0 * math.sqrt(trace + 2.0 * J / room * across)
    if not J > 0.0:
        return []
    found = []
    for factor in TRIED:
        gamma = factor * math.sqrt(2.0 * J / room)
        parts = [
            JointProducts(Products(a, a, 0, p), Products(b, b, 0, p), gamma)
            for a, b, p in zip(c.own.rows, c.coupling.rows, c.weights, strict=True)
        ]
        sup = math.hypot(c.own.value.sup_Y, gamma * c.coupling.value.sup_Y)
        found.append((best_deviation(law(parts, sup), N, delta).deviation, gamma))
    return found


def _on_arc(J: float, gamma: float, more: tuple[float, float], rest: float, width: float) -> float:
    """The largest push(e + more[0], a + more[1]) on e^2 + gamma^2 a^2 <= J^2: at the outer corners of ARC steps."""
    if not width:
        return J + more[0]
    angles = np.linspace(0.0, math.pi / 2, ARC + 1)
    own = J * np.cos(angles[:-1]) + more[0]
    across = J * np.sin(angles[1:]) / gamma + more[1]
    return max(push(e, a, rest, width) for e, a in zip(own, across, strict=True))


def _constants(
    at: Setting, motion: MotionLaw, curvature: Curvature | None, group: Group
) -> GroupConstants:
    own = _own(at, group)
    weights = at.weights
    if not group.Q.shape[1]:
        return GroupConstants(
            group, own, None, (), (0.0, 0.0, 0.0), 0.0, weights, motion, curvature
        )
    Q, q = group.Q, group.Q.shape[1]
    variances, means = [], []
    for x, p in at.rules:
        Z = at.rows(Q, Q, x)
        mean = p @ Z
        xi = (np.sqrt(p)[:, None] * (Z - mean)).reshape(-1, q, q)
        second = np.tensordot(xi, xi, axes=([0, 2], [0, 2]))  # E xi^2, as xi is symmetric
        variances.append((float(np.trace(second)), float(np.linalg.eigvalsh(second)[-1])))
        means.append(float(np.linalg.norm(mean.reshape(q, q), 2)))
    outer = projective_sup(at.model.kernel, Q.T) ** 2
    bend = at.farthest(at.bent(Q, Q))
    sup = at.sup(1) * outer + at.sup(0) * bend
    sup += min(sup, means[0] + replicate_error(means[0], means[1:]))
    wrong = at.wrong(Q, Q)
    coupling = at.reading(Q, group.P)
    return GroupConstants(
        group,
        own,
        coupling,
        tuple(variances),
        (sup, outer, bend),
        wrong,
        weights,
        motion,
        curvature,
    )


def _own(at: Setting, group: Group) -> Reading:
    """P M P with its trace and its traceless part weighted so that the norm is just above ||P M P||."""
    P, g = group.P, group.size
    if g == 1:
        return at.reading(P, P)
    x, p = at.rules[0]
    Z = at.rows(P, P, x)
    xi = Z - p @ Z
    one = np.eye(g).reshape(-1) / math.sqrt(g)
    trace = float(p @ (xi @ one) ** 2)
    al, be = trace_weights(g, trace, float(p @ (xi**2).sum(axis=1)) - trace)
    along = np.outer(one, one)
    return at.reading(P, P, al * along + be * (np.eye(g * g) - along))
