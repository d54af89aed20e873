"""The exact simulation is the sequential loop on the same candidates: spike for spike."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest

from fieldlimit.field import Model, VectorField, finite_network
from fieldlimit.kernels import shifted_ring
from fieldlimit.network import (
    Path,
    Points,
    PoissonCells,
    Steps,
    Wave,
    acceptance,
    plan,
    simulate,
    thinning,
)
from fieldlimit.network import window as windows
from fieldlimit.nonlinearities import Logistic
from spiking import RING, Hump, low_rank, some_network


@pytest.mark.parametrize("case", range(48))
@pytest.mark.checks("thm-thinning", "thm-picard", "thm-tube")
def test_spike_for_spike_the_sequential_loop(case):
    """The same points of a Poisson measure: the same spikes, in all kinds of models, and the same path.

    Times and neurons are equal bit by bit; Z to rounding, which sums in another order. A spike that
    differs means a candidate within rounding of its threshold (chance below 1e-10) or an error.
    """
    rng = np.random.default_rng([case, 1])
    net = some_network(case, rng)
    duration, cell = 4.2, float(rng.uniform(0.1, 2.0))
    measure = PoissonCells(net.size, seed=case, height=float(rng.uniform(0.5, 3)), duration=cell)
    h0 = net.I + rng.normal(size=len(net.I)) / 3
    top = 12.0
    points = measure.between(0.0, duration, top)
    slow = thinning(net, points, duration, h0=h0)
    rates = net.phi(np.sum(net.k[slow.neurons] * slow.latent[1:-1], axis=1))
    assert net.phi(net.potentials(slow.latent)).max() < top, rates.max()
    fast = simulate(net, duration, rng=None, measure=measure, h0=h0, at=slow.latent_times)
    np.testing.assert_array_equal(fast.times, slow.times)
    np.testing.assert_array_equal(fast.neurons, slow.neurons)
    np.testing.assert_allclose(fast.latent, slow.latent, rtol=0, atol=1e-11)


@pytest.mark.parametrize("case", range(36))
def test_spike_for_spike_on_its_own_candidates(case, monkeypatch):
    """Blocks, bounds and tubes of random sizes: the loop over all candidates drawn decides likewise."""
    rng = np.random.default_rng([case, 2])
    net = some_network(case, rng)
    seen: list[tuple] = []
    follow = windows._follow

    def watched(window, candidates, *args):
        step = follow(window, candidates, *args)
        seen.append((window, candidates))
        return step

    monkeypatch.setattr(windows, "_follow", watched)
    monkeypatch.setattr(plan, "MARGIN", 0.9 + case % 3 * 0.3)  # tubes that often fail
    options = [{}, {"window": 0.3}, {"window": 3.0, "block": 5}, {"block": 1}][case % 4]
    h0 = net.I + rng.normal(size=len(net.I)) / 3
    fast = simulate(net, 5.0, rng=np.random.default_rng(case), h0=h0, **options)
    last = {window.start: (window, candidates) for window, candidates in seen}
    tables = []
    for window, found in last.values():
        neurons = window.blocks.order[found.places]
        tables.append(Points(window.start + found.times, neurons, found.keys))
    slow = replayed(
        net, Points(*(np.concatenate(part) for part in zip(*tables, strict=True))), 5.0, h0
    )
    np.testing.assert_array_equal(fast.neurons, slow[1])
    np.testing.assert_allclose(fast.times, slow[0], rtol=0, atol=0)


def test_narrow_tubes_fail_and_are_widened():
    """Of 100 windows whose tube is half as wide as it should be, more than a third."""
    net = finite_network(RING, 500, rng=np.random.default_rng(0))
    frame, tubes = {"window": 0.3, "rng": np.random.default_rng(1)}, []
    original = windows.run

    def narrow(window, radius, **options):
        step = original(window, 0.5 * radius, **options)
        tubes.append(step.tubes)
        return step

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "run", narrow)
        simulate(net, 30.0, **frame)
    assert len(tubes) == 100 and sum(t > 1 for t in tubes) > 33


def replayed(net, points, duration, h0, p=None):
    """The sequential loop on keys in place of heights, with the input's path p."""
    rule = acceptance(net.phi)
    p = (lambda t: np.tile(net.I, (len(t), 1))) if p is None else p
    y, t, spikes = h0 - p(np.zeros(1))[0], 0.0, []
    inputs = p(points.times)
    for s, i, key, rest in zip(*points, inputs, strict=True):
        if s > duration:
            break
        y, t = np.exp(t - s) * y, s
        if rule.excess(net.k[i : i + 1] @ (rest + y), np.array([key]))[0] > 0:
            y = y + net.w[i] / net.size
            spikes.append((s, i))
    return tuple(np.array(spikes).reshape(-1, 2).T)


DRIVES = {
    "steps": Steps([0.0, 0.7, 2.2], 0.8 * np.array([[1.0, 0, 0], [-1, 1, 0], [0.5, 0, 2]])),
    "wave": Wave(np.array([0.2, 0, 0]), np.array([0, 0.8, 0]), np.array([0, 0, 0.8]), 3.0),
    "path": Path(lambda t: np.stack([np.sin(t), 0 * t, 1 / (1 + t)], axis=1), 1.5),
}


@pytest.mark.parametrize("name", DRIVES)
@pytest.mark.parametrize("N", [1, 30, 900])
def test_inputs_that_change(name, N):
    """Spike for spike again, and p solves p' = -p + I, moves as slowly as it says."""
    drive = DRIVES[name]
    net = finite_network(
        Model(shifted_ring(-1.0, 3.0, 0.3), Logistic(1.5, 3.0)), N, rng=np.random.default_rng(N)
    )
    measure = PoissonCells(N, seed=7, height=1.5, duration=0.8)
    points = measure.between(0.0, 4.5, 1.5)
    h0 = np.array([0.3, 0.6, -0.2])
    fast = simulate(net, 4.5, rng=None, measure=measure, drive=drive, h0=h0)
    keyed = points._replace(heights=acceptance(net.phi).key(points.heights))
    slow = replayed(net, keyed, 4.5, h0, drive.path)
    np.testing.assert_array_equal(fast.neurons, slow[1])
    np.testing.assert_array_equal(fast.times, slow[0])
    t = np.linspace(0.01, 4.4, 500)
    moved = (drive.path(t + 1e-6) - drive.path(t - 1e-6)) / 2e-6
    assert np.linalg.norm(moved, axis=1).max() <= drive.speed(0.0, 4.4) * (1 + 1e-6)
    if name == "steps":
        input_ = drive.values[np.searchsorted(drive.times, t, side="right") - 1]
        np.testing.assert_allclose(moved, input_ - drive.path(t), atol=1e-6)
    if name == "wave":
        turn = drive.frequency * t[:, None]
        input_ = drive.mean + drive.cosine * np.cos(turn) + drive.sine * np.sin(turn)
        np.testing.assert_allclose(moved, input_ - drive.path(t), atol=1e-6)


@pytest.mark.parametrize("case", range(8))
@pytest.mark.checks("thm-tube", "thm-picard")
def test_large_networks_bound_the_excursion_between_nodes(case, monkeypatch):
    """From N = 2000 on the path is computed at every few spikes: spike for spike all the same.

    Tubes that often fail (MARGIN 0.8), features of unequal lengths, rates of about one per tau.
    """
    rng = np.random.default_rng([case, 3])
    monkeypatch.setattr(plan, "MARGIN", 0.8)
    N = (2000, 5000, 12_000, 40_000)[case % 4]
    phi = (Logistic(1.0, 4.0), Hump(0.5))[case // 4]
    net = low_rank(N, 1 + case, rng, phi)
    duration = 12_000 / N
    measure = PoissonCells(N, seed=case, duration=0.4)
    slow = thinning(net, measure.between(0.0, duration, 1.0), duration, h0=net.I)
    fast = simulate(net, duration, rng=None, measure=measure, h0=net.I, window=0.4 * (1 + case % 2))
    np.testing.assert_array_equal(fast.times, slow.times)
    np.testing.assert_array_equal(fast.neurons, slow.neurons)
    assert len(fast.times) > 1000


@pytest.mark.parametrize("N", [90, 2000, 40_000])
@pytest.mark.checks("thm-tube")
def test_the_excursion_is_at_least_that_of_the_path(N, monkeypatch):
    """sup ||Y - guess|| over both sides of every spike and the ends; at most the bound, in all windows.

    Teeth: at the nodes alone, every 40th candidate for N = 40,000, the largest distance is smaller.
    """
    seen: list[tuple] = []
    follow = windows._follow

    def watched(window, *args):
        step = follow(window, *args)
        seen.append((window, step))
        return step

    monkeypatch.setattr(windows, "_follow", watched)
    net = low_rank(N, 3, np.random.default_rng(N), Logistic(1.0, 2.0))
    rng = np.random.default_rng(1)
    simulate(net, 6.0, rng=rng, h0=net.I, window=0.2, at=np.array([]))
    for window, step in seen:
        growth = np.exp(step.times)
        sums = np.cumsum(net.w[step.neurons] * (growth / N)[:, None], axis=0)
        after = (window.y + sums) / growth[:, None]
        before = after - net.w[step.neurons] / N
        path = np.concatenate([window.y[None], before, after, step.end[None]])
        farthest = np.linalg.norm(path - window.guess, axis=1).max()
        assert farthest <= step.excursion * (1 + 1e-12)
        assert farthest == pytest.approx(step.excursion, rel=1e-12) or N > 90
        assert step.excursion < 3 * farthest  # what the allowance costs


@dataclass(frozen=True)
class One:
    """A measure with a single point."""

    N: int
    point: tuple[float, int, float]

    def between(self, start, stop, top):
        t, i, u = self.point
        here = [0] if start <= t < stop and u <= top else []
        return Points(*(np.array([value])[here] for value in (t, i, u)))


@dataclass(frozen=True)
class Flat(Hump):
    """A constant that single precision rounds."""

    def __call__(self, h):
        return 0.7 + 0 * np.asarray(h)

    def sup(self, m, radius=math.inf):
        return (2.0, 0.0)[m]


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("kind", ["flat", "short features", "steep"])
@pytest.mark.checks("thm-tube")
def test_single_precision_decides_nothing(seed, kind):
    """A candidate at a height that single precision cannot tell from the rate is decided in double.

    Single precision is off by 6e-8 of what it rounds, so that without its bound in the tube, or
    with phi of a rounded potential, a quarter of these candidates would be decided wrongly.
    Features of length 1e-44 are below its range, and the table is in double precision.
    """
    rng = np.random.default_rng(seed)
    scale = 1e-44 if kind == "short features" else 1.0
    phi = Flat() if kind == "flat" else Logistic(1.0, 1e4)
    k = scale * rng.uniform(1, 2, size=(4, 3))
    I = rng.normal(size=3) / scale
    I -= (k[1] @ I) / (k[1] @ k[1]) * k[1]  # a potential in which large terms cancel
    net = VectorField(k, np.zeros((4, 3)), np.full(4, 0.25), phi, I)
    potential = net.k[1:2] @ I + 1e-7 * rng.normal() * (kind != "flat")
    u = float(phi(potential)[0]) * (1 + 3e-8 * rng.normal() * (kind == "flat"))
    measure = One(4, (0.2, 1, u))
    fast = simulate(net, 0.5, rng=None, measure=measure)
    slow = thinning(net, measure.between(0.0, 1.0, 2.0), 0.5, h0=I)
    assert len(fast.times) == len(slow.times)
