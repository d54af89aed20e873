"""The certificate as a calculator: a model, N and delta in; radius, eigenvalue discs, error in time and N needed out.

Everything green is promised at level delta, all at once. Orange are drawn networks, up to 10,000 neurons where
each neuron has to be drawn; the purple line is the central limit theorem.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from explorer.view import Area, Axis, Control, Dot, Line, Panel, Rule, Text, View
from fieldlimit.certify import (
    Agreement,
    CertificateConstants,
    NetworkCertificate,
    Wanted,
    agreement_time,
    certificate_at,
    certificate_constants,
    least_size,
)
from fieldlimit.certify.claims import rounded_down, rounded_up
from fieldlimit.explorables.certified_ball import drawn_network, populations
from fieldlimit.field import Model, VectorField, finite_network, neural_field
from fieldlimit.fixed_points import fixed_point_law, fixed_points, newton
from fieldlimit.kernels import power_law, shifted_ring, torus_kernel
from fieldlimit.long_times import TrajectoryCertificate
from fieldlimit.nonlinearities import Logistic

Array = NDArray[np.float64]

MODELS = ("bit: silent", "bit: saddle", "bit: active", "orientation, d = 1", "mixed features, d = 10", "head direction")  # fmt: skip
SIZES = np.unique(np.geomspace(10, 1e7, 37).round().astype(int))
DRAWS = 16  # networks shown
LARGEST = 10_000  # neurons of a network that is drawn neuron by neuron
WITHIN = 0.1  # the radius asked for
TIMES = np.linspace(0.0, 10.0, 41)
STEPS = 2  # of Runge and Kutta between two times
ANGLES = np.linspace(0.0, 2 * np.pi, 41)
TALL = 3.0  # of the axis of radii
SHOWN = 7  # eigenvalues, the leading ones


@dataclass(frozen=True, eq=False)
class _State:
    """A model at one zero of its field."""

    constants: CertificateConstants
    draw: Callable[[int, np.random.Generator], VectorField]
    gathered: bool  # populations: any N at the same cost
    quantile: dict[float, float]  # delta -> predicted quantile of sqrt(N) ||h*_N - h*||


def frame(*, model: str, N: int, delta: float) -> dict[str, object]:
    """Radii over N, eigenvalues with their discs, the error in time, and the neurons each property needs."""
    state, certificate = _state(model), _certificate(model, N, delta)
    networks, wobble = _networks(model, N)
    radii, unique, needed = _over_sizes(model, delta)
    values, discs = _discs(certificate)
    bound = _bound(certificate)
    inside = bool(np.isfinite(bound).any())
    names = ("fixed point", "within 0.1", "same type", "trajectories")
    return {
        "sizes": SIZES.astype(float),
        "radius": radii,
        "uniqueness": unique,
        "predicted": _quantile(state, delta) / np.sqrt(SIZES),
        "size": float(N),
        "seen_N": np.full(len(networks), float(N)),
        "seen": np.array([n[0] for n in networks]),
        "field_x": values.real,
        "field_y": values.imag,
        "disc_x": discs[..., 0],
        "disc_y": discs[..., 1],
        "cloud_x": _stacked([n[1].real for n in networks]),
        "cloud_y": _stacked([n[1].imag for n in networks]),
        "t": TIMES,
        "zero": np.zeros(len(TIMES)),
        "bound": bound,
        "wobble": wobble,
        "needed": np.array([float(needed[name]) for name in names if name in needed]),
        "row": np.array([4.0 - i for i, name in enumerate(names) if name in needed]),
        **{f"row_{i}": _words(needed.get(name, math.nan)) for i, name in enumerate(names)},
        "answer": _answer(certificate),
        "moves": _moves(certificate),
        "stays": _stays(certificate, inside),
        "all": f"{int(max(needed.values())):,}" if needed else "more than a billion",
        "confidence": 1 - delta,
    }


@lru_cache(maxsize=8)
def _state(name: str) -> _State:
    rng = np.random.default_rng(1)
    if name not in MODELS:
        raise ValueError(f"model is one of {', '.join(MODELS)}, but model = {name!r}")
    if name.startswith("bit"):
        model = populations(2.5)
        points = fixed_points(neural_field(model), rng=rng).points  # silent, active, saddle
        h = points[{"silent": 0, "active": 1, "saddle": 2}[name.split(": ")[1]]].h
    elif name == "head direction":
        model = Model(shifted_ring(-1.0, 2.0, 0.6), Logistic(gain=2.0), np.array([0.2, 0.3, 0.0]))
        h = fixed_points(neural_field(model), rng=rng).points[0].h
    else:
        kernel = torus_kernel(power_law(5, 2.0), 1 if name.endswith("d = 1") else 10)
        model = Model(kernel, Logistic(gain=2.0), 0.2 * np.ones(11) / np.sqrt(11))
        coarse = fixed_points(neural_field(model, 1024), rng=rng, starts=6).points[0].h
        h = newton(neural_field(model), coarse[None])[0]
    gathered = name.startswith("bit")

    def draw(N: int, rng: np.random.Generator) -> VectorField:
        return drawn_network(model, N, rng) if gathered else finite_network(model, N, rng=rng)

    constants = certificate_constants(model, h, n=512)
    return _State(constants, draw, gathered, {})


def _quantile(state: _State, delta: float) -> float:
    if delta not in state.quantile:
        law = fixed_point_law(state.constants.model, state.constants.h)
        state.quantile[delta] = law.quantile(1, delta)
    return state.quantile[delta]


@lru_cache(maxsize=512)
def _certificate(name: str, N: int, delta: float) -> NetworkCertificate:
    return certificate_at(_state(name).constants, N, delta)


@lru_cache(maxsize=64)
def _over_sizes(name: str, delta: float) -> tuple[Array, Array, dict[str, int]]:
    """r_- and r_+ at SIZES, gaps where nothing is certified, and the neurons that each property needs."""
    constants = _state(name).constants
    found = [certificate_at(constants, int(N), delta, discs=False) for N in SIZES]
    radius = np.array([c.radius if math.isfinite(c.radius) else np.nan for c in found])
    unique = np.array(
        [min(c.uniqueness, TALL) if math.isfinite(c.radius) else np.nan for c in found]
    )
    try:
        alone = least_size(constants, delta, Wanted(radius=WITHIN, trajectories=True)).alone
    except ValueError:
        return radius, unique, {}
    needed = {
        "fixed point": alone.get("fixed point", 1),
        "within 0.1": alone.get("radius", 1),
        "same type": alone.get("stability type", 1),
        "trajectories": alone.get("trajectories", 1),
    }
    return radius, unique, needed


@lru_cache(maxsize=256)
def _networks(name: str, N: int) -> tuple[list[tuple[float, NDArray]], Array]:
    """||h*_N - h*|| and the eigenvalues there, of DRAWS networks; and ||h_N(t) - h*|| (networks, times)."""
    state = _state(name)
    if N > LARGEST and not state.gathered:
        return [], np.full((1, len(TIMES)), np.nan)
    h, rng = state.constants.h, np.random.default_rng([N, MODELS.index(name)])
    found: list[tuple[float, NDArray]] = []
    wobble: list[Array] = []
    for _ in range(DRAWS):
        network = state.draw(N, rng)
        g = newton(network, h[None], steps=20)[0]
        if np.linalg.norm(network(g)) < 1e-8:
            values = np.linalg.eigvals(network.derivative(g)).astype(complex)
            values = values[np.argsort(-values.real)][:SHOWN]
            found.append((float(np.linalg.norm(g - h)), values))
        if len(wobble) < 6:
            wobble.append(_wobble(network, h))
    return found, np.array(wobble)


def _wobble(network: VectorField, h: Array) -> Array:
    g, dt, away = h, float(TIMES[1]) / STEPS, [0.0]
    for _ in TIMES[1:]:
        for _ in range(STEPS):
            a = network(g)
            b = network(g + dt / 2 * a)
            c = network(g + dt / 2 * b)
            g = g + dt / 6 * (a + 2 * b + 2 * c + network(g + dt * c))
        away.append(float(np.linalg.norm(g - h)))
    return np.array(away)


def _discs(c: NetworkCertificate) -> tuple[NDArray, Array]:
    """The leading eigenvalues of A, and circles (discs, angles, 2) in which those of the network lie."""
    values = c.constants.eigenvalues[:SHOWN]
    s = c.spectrum
    if s is None or not s.holds:
        return values, np.full((1, len(ANGLES), 2), np.nan)
    if s.discs:
        pairs = list({(d.centre, d.radius): None for d in s.discs[:SHOWN]})
    else:  # A is normal: the union of the discs of this radius
        pairs = [(complex(z), s.shift) for z in values]
    round_ = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
    return values, np.stack([np.array([z.real, z.imag]) + radius * round_ for z, radius in pairs])


def _bound(c: NetworkCertificate) -> Array:
    """The promised bound of ||h_N(t) - h*|| at TIMES, gaps where there is none."""
    t = c.trajectories
    if isinstance(t, TrajectoryCertificate):
        return t.error_at(TIMES) if t.holds else np.full(len(TIMES), np.nan)
    assert isinstance(t, Agreement)
    levels = np.concatenate([[0.0], np.geomspace(1e-5, 2.0, 200)])
    reached = np.array(
        [0.0] + [agreement_time(t.zeta, t.growth, t.lipschitz, y) for y in levels[1:]]
    )
    bound = np.interp(TIMES, reached, levels, right=np.nan)
    return np.where(TIMES <= reached[np.isfinite(reached)].max(), bound, np.nan)


def _stacked(parts: list[Array]) -> Array:
    return np.concatenate(parts) if parts else np.empty(0)


def _words(needed: float) -> str:
    return "not below a billion" if math.isnan(needed) else f"from {int(needed):,}"


def _answer(c: NetworkCertificate) -> str:
    if not math.isfinite(c.radius):
        return f"nothing is certified ({c.reason})"
    alone = (
        "no other anywhere"
        if math.isinf(c.uniqueness)
        else f"no other within {rounded_down(c.uniqueness)}"
    )
    return f"the network has a fixed point within {rounded_up(c.radius)} of the field's, {alone}"


def _moves(c: NetworkCertificate) -> str:
    if not math.isfinite(c.shift):
        return "of its eigenvalues nothing is certified"
    kind = "its stability type is the same" if c.same_type else "its stability type is open"
    return f"{kind}, the derivative there moves by at most {rounded_up(c.shift)}"


def _stays(c: NetworkCertificate, inside: bool) -> str:
    if isinstance(c.trajectories, Agreement):
        return f"from the field's fixed point it stays within 0.1 up to the time {rounded_down(c.time)}"
    if not inside:
        return "of its trajectories nothing is certified"
    return f"from the field's fixed point it never strays farther than {rounded_up(c.error)}"


_ROWS = ((4.0, "fixed point"), (3.0, "within 0.1"), (2.0, "same type"), (1.0, "trajectories"))
_N = Axis("neurons N", domain=(10, 1e7), scale="log")

view = View(
    panels=[
        Panel(
            "Distance of the fixed points",
            x=_N,
            y=Axis("distance", domain=(1e-3, TALL), scale="log"),
            marks=[
                Area("sizes", "radius", "uniqueness", "bound", "no fixed point"),
                Line("sizes", "uniqueness", "bound", dash=True, width=1.25),
                Line("sizes", "radius", "bound", "it is below", width=2.25),
                Line("sizes", "predicted", "prediction", "predicted quantile", dash=True),
                Dot("seen_N", "seen", "data", "drawn networks", size=2),
                Rule(x="size", role="network", dash=True),
            ],
            aspect=0.72,
        ),
        Panel(
            "Eigenvalues there",
            x=Axis("real part", domain=(-1.6, 1.1), ticks=(-1.5, -1, -0.5, 0, 0.5, 1)),
            y=Axis("imaginary part", domain=(-0.95, 0.95), ticks=(-0.5, 0, 0.5)),
            marks=[
                Rule(x=0.0, role="neutral"),
                Dot("cloud_x", "cloud_y", "data", "drawn networks", size=1.5),
                Dot("field_x", "field_y", "limit", "field", size=2.5),
                Line("disc_x", "disc_y", "bound", "certified discs", width=1.5),
            ],
            aspect=0.72,
        ),
        Panel(
            "Trajectories from the field's fixed point",
            x=Axis("time", unit="τ", domain=(0, 10)),
            y=Axis("distance from it", domain=(0, 0.6)),
            marks=[
                Area("t", "zero", "bound", "bound", "certified"),
                Line("t", "wobble", "data", "drawn networks", width=1.25),
                Line("t", "bound", "bound", width=2.25),
            ],
            aspect=0.72,
        ),
        Panel(
            "Neurons that are enough",
            x=_N,
            y=Axis("", domain=(0.4, 4.9), ticks=_ROWS),
            marks=[
                Rule(x="size", role="network", label="N = {N:,}", dash=True),
                Dot("needed", "row", "bound", "from here on", size=6),
                *(Text(12.0, 4.3 - i, f"{{row_{i}}}", "bound") for i in range(4)),
            ],
            aspect=0.72,
        ),
    ],
    controls={
        "model": Control("model"),
        "N": Control("neurons N", format=","),
        "delta": Control("level δ"),
    },
    description=(
        "{model}: with {N:,} neurons and probability {confidence:.1%}, {answer}; {moves}; {stays}. "
        "All of it is certified from {all} neurons on."
    ),
    columns=2,
)
