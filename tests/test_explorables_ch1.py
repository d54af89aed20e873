"""The front page's and chapter 1's explorers, and chapter 1's two statements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom

from explorer import Explorer
from fieldlimit.drift import expected_spikes, short_time
from fieldlimit.explorables import landing, network_at_work
from fieldlimit.field import Model, VectorField, finite_network, neural_field
from fieldlimit.kernels import cosine_ring, population_kernel, shifted_ring
from fieldlimit.network import simulate
from fieldlimit.nonlinearities import Exponential, Logistic, ThresholdLinear

NETWORK_STOPS = {
    "N": [30, 3000],
    "circuit": list(network_at_work.CIRCUITS),
    "gain": [1.0, 4.0],
    "seed": range(2),
}
LANDING_STOPS = {"N": [10, 2560], "t": [0.5, 8.0], "seed": range(2)}
CASES = [
    pytest.param(network_at_work, NETWORK_STOPS, id="network_at_work"),
    pytest.param(landing, LANDING_STOPS, id="landing"),
]


# ---- the explorers -------------------------------------------------------------------------------


@pytest.mark.parametrize(("module", "stops"), CASES)
def test_every_corner_of_the_sliders_can_be_drawn(module, stops):
    explorer = Explorer(module.frame, view=module.view, **stops)
    for name, values in explorer.stops.items():
        for value in values:
            setattr(explorer, name, value)
            assert explorer.description


@pytest.mark.parametrize(("module", "stops"), CASES)
def test_a_frame_depends_on_its_parameters_alone(module, stops):
    first = {name: next(iter(values)) for name, values in stops.items()}
    once, again = module.frame(**first), module.frame(**first)
    assert once.keys() == again.keys()
    assert all(np.array_equal(once[name], again[name]) for name in once)
    other = module.frame(**{**first, "seed": 1})
    assert any(not np.array_equal(once[name], other[name]) for name in once)


def test_potentials_shown_lie_on_the_curve_of_the_whole_network():
    frame = network_at_work.frame(N=30, circuit="free ring", gain=4.0, seed=0)
    # The curve is a trigonometric polynomial of degree 1 known on 73 angles: three numbers.
    x = frame["angles"]
    design = np.column_stack([np.ones_like(x), np.cos(x), np.sin(x)])
    three, *_ = np.linalg.lstsq(design, frame["curve"], rcond=None)
    at = frame["shown_angles"]
    expected = np.column_stack([np.ones_like(at), np.cos(at), np.sin(at)]) @ three
    np.testing.assert_allclose(frame["shown_potentials"], expected, atol=1e-10)  # rounding


def test_the_raster_shows_neurons_of_the_network_only():
    frame = network_at_work.frame(N=300, circuit="shifted ring", gain=2.0, seed=1)
    assert set(frame["spike_angles"]) <= set(frame["shown_angles"])
    assert frame["rows"] == network_at_work.SHOWN
    assert (frame["spike_times"] >= 0).all()
    assert (frame["spike_times"] <= network_at_work.DURATION).all()


def test_rate_counts_every_spike():
    frame = network_at_work.frame(N=100, circuit="held ring", gain=4.0, seed=2)
    assert frame["rate"].mean() == pytest.approx(frame["mean_rate"], rel=1e-12)  # rounding


def test_the_bump_of_the_field_turns_by_tan_of_the_shift():
    frame = network_at_work.frame(N=30, circuit="shifted ring", gain=4.0, seed=0)
    late = frame["peak_times"] >= 6.0
    velocities = np.diff(np.unwrap(frame["peak_angles"][late])) / np.diff(frame["peak_times"][late])
    # The transient has decayed to e^{-6}; parabolas on a grid of 5 degrees err by about 1e-4.
    np.testing.assert_allclose(velocities, np.tan(0.3), atol=5e-3)


def test_without_structure_no_profile():
    frame = network_at_work.frame(N=100, circuit="uniform coupling", gain=4.0, seed=0)
    assert np.ptp(frame["curve"]) < 1e-12  # rounding: the kernel has the constant mode only


@pytest.mark.parametrize("module", [network_at_work, landing], ids=["network", "landing"])
def test_the_gap_shrinks_with_the_number_of_neurons(module):
    """Mean over 12 seeds. The ratio expected is about 8-9 (square root of 80-85); below 3 is a defect."""
    if module is landing:
        small, large = [
            np.mean([landing.frame(N=N, t=8.0, seed=s)["gap_here"] for s in range(12)])
            for N in (30, 2560)
        ]
    else:
        small, large = [
            np.mean(
                [
                    network_at_work.frame(N=N, circuit="held ring", gain=4.0, seed=s)["error"]
                    for s in range(12)
                ]
            )
            for N in (30, 2560)
        ]
    assert small > 3 * large


@pytest.mark.parametrize("t", [0.5, 4.0, 8.0])
def test_the_front_page_halves_the_gap_with_each_stop(t):
    """The averages that it draws fall like N^(-1/2).

    Gaps scatter by half of their mean (measured), so 24 of them give 10 %, and the slope over four
    octaves of 4 is known to 0.1 / (log 4 sqrt 10) = 0.023: six standard errors are 0.14.
    """
    frame = landing.frame(N=10, t=t, seed=0)
    slope = np.polyfit(np.log(frame["sizes"]), np.log(frame["gaps"]), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.14)


def test_settings_that_mean_nothing_are_refused():
    with pytest.raises(ValueError, match="circuit is one of"):
        network_at_work.frame(N=30, circuit="torus", gain=1.0, seed=0)
    with pytest.raises(ValueError, match="t lies in"):
        landing.frame(N=30, t=0.0, seed=0)


def test_a_control_of_the_readers_own():
    """The exercise: buttons, a label and a logarithmic slider, linked to the explorer's traits."""
    widgets = pytest.importorskip("ipywidgets")
    traitlets = pytest.importorskip("traitlets")
    explorer = Explorer(
        network_at_work.frame,
        view=network_at_work.view,
        N=[30, 3000],
        circuit=["held ring", "free ring"],
        gain=[1.0, 8.0],
        seed=range(4),
    )
    label = widgets.Label()
    traitlets.dlink((explorer, "N"), (label, "value"), lambda N: f"N = {N}")
    gain = widgets.FloatLogSlider(value=explorer.gain, base=2, min=0, max=3)
    widgets.link((explorer, "gain"), (gain, "value"))
    explorer.set_trait("N", 200)
    gain.value = 2.5
    assert label.value == "N = 200"
    assert explorer.gain == 2.5
    explorer.gain = 3.0
    assert gain.value == 3.0


# ---- the statements --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    count: int  # spikes
    Z: np.ndarray  # (r,) state at the end
    M: np.ndarray  # (r,) Z - Z_0 - int F_N(Z_s) ds
    bracket: float  # (1/N^2) sum_j ||w_j||^2 int phi(Z_s(x_j)) ds, of mean E ||M||^2


def thinning(net: VectorField, duration: float, h0: np.ndarray, rng: np.random.Generator) -> Run:
    """The LNP network, exactly: candidates of rate N phi_0, each kept with probability phi / phi_0.

    A second route to the network's law, independent of `simulate`. The
    integrals along the path are by Simpson's rule from candidate to candidate, error O(wait^5).
    """
    Z, t, count, N, top = h0.copy(), 0.0, 0, net.size, net.phi.sup(0)
    drift, bracket, own = np.zeros_like(Z), 0.0, np.sum(net.w**2, axis=1) / N**2
    while t < duration:
        wait = min(rng.exponential(1 / (N * top)), duration - t)
        for share, weight in ((0.0, 1 / 6), (0.5, 4 / 6), (1.0, 1 / 6)):
            between = net.I + np.exp(-share * wait) * (Z - net.I)
            drift += weight * wait * net(between)
            bracket += weight * wait * float(own @ net.phi(net.potentials(between)))
        t, Z = t + wait, between
        j = rng.integers(N)
        if t < duration and rng.uniform(0, top) < net.phi(net.k[j] @ Z):
            Z = Z + net.w[j] / N
            count += 1
    return Run(count, Z, Z - h0 - drift, bracket)


def self_exciting(beta: float, phi: Callable) -> VectorField:
    """One neuron that excites itself with strength beta, input 1."""
    model = Model(population_kernel(np.array([[beta]]), np.ones(1)), phi, np.ones(1))
    return finite_network(model, 1, rng=np.random.default_rng(0))


@pytest.mark.parametrize("beta", [0.0, 0.4, 1 - 6e-5, 1 - 4e-5, 1.0, 1 + 4e-5, 1 + 6e-5, 1.7])
@pytest.mark.checks("prop-lnp-well-defined")
def test_the_count_is_the_integral_of_the_rate(beta):
    """Also on both sides of the switch to the series near beta = 1."""

    def rate(s: float) -> float:
        return 1 + (s if beta == 1 else beta * np.expm1((beta - 1) * s) / (beta - 1))

    claimed = expected_spikes(7, 2.0, level=0.3, slope=beta, coupling=1.0, start=0.8)
    by_quadrature = 7 * (0.3 + beta * 0.8) * quad(rate, 0, 2)[0]
    assert claimed == pytest.approx(by_quadrature, rel=1e-9)  # quad's tolerance


@pytest.mark.checks("prop-lnp-well-defined")
def test_the_expected_count_is_attained_by_the_linear_hawkes_process():
    """phi(s) = max(s, 0), N = 1: equality. 1200 runs to t = 2 with beta = 0.5.

    Between the claim and the simulation: the sampling error of the mean.
    False alarms: the mean count is within 6.5 standard errors, two-sided normal tail 8e-11.
    Detects (teeth): a claim 20 % too low or too high.
    """
    beta, runs, duration = 0.5, 1200, 2.0
    network = self_exciting(beta, ThresholdLinear(1.0))
    claim = expected_spikes(1, duration, level=0.0, slope=1.0, coupling=beta, start=1.0)
    streams = np.random.default_rng(11).spawn(runs)
    counts = np.array([len(simulate(network, duration, rng=r).times) for r in streams])
    margin = 6.5 * counts.std(ddof=1) / np.sqrt(runs)
    assert abs(counts.mean() - claim) < margin
    assert margin < 0.2 * claim


@pytest.mark.parametrize("name", ["level", "slope", "coupling", "start"])
def test_a_negative_constant_is_refused(name):
    constants = {"level": 1.0, "slope": 1.0, "coupling": 1.0, "start": 1.0, name: -0.5}
    with pytest.raises(ValueError, match=f"{name} is finite and at least 0, but {name} = -0.5"):
        expected_spikes(3, 1.0, **constants)


NETWORKS = {
    "cosine ring": (cosine_ring(-1.0, 6.0), np.array([0.2, 1.0, -0.5])),
    "shifted ring": (shifted_ring(-1.0, 2.0, 0.4), np.array([0.0, 0.4, 0.9])),
}


@pytest.mark.parametrize("circuit", NETWORKS)
@pytest.mark.checks("prop-lnp-drift")
def test_drift_and_noise_of_short_runs(circuit):
    """Exact runs of length 0.1, in 60 batches of 50.

    E M = 0: in a batch of m runs ||mean of M|| <= 2 sqrt(mean_square / m) fails with probability at
    most 1/4 (Chebyshev). More than 40 of 60 failing has binomial tail below 1e-9.
    E ||M||^2: equals the mean bracket, within 6.5 standard errors (tail 8e-11), and is below the
    bound. Drift: Z - M has the mean of Z and little variance.
    Teeth: noise of a tenth of the size fails the batches; the bound on E ||M||^2 divided by 4
    fails; a drift without the input of the other neurons misses by more than it may.
    """
    kernel, z = NETWORKS[circuit]
    network = finite_network(Model(kernel, Logistic(1.0, 4.0)), 25, rng=np.random.default_rng(12))
    t, batches, m = 0.1, 60, 50
    claim = short_time(network, z, t)
    runs = [thinning(network, t, z, r) for r in np.random.default_rng(13).spawn(batches * m)]
    M = np.array([run.M for run in runs])
    squares, brackets = np.sum(M**2, axis=1), np.array([run.bracket for run in runs])

    means = np.linalg.norm(M.reshape(batches, m, -1).mean(axis=1), axis=1)
    width = 2 * np.sqrt(claim.mean_square / m)
    assert binom.sf(40, batches, 0.25) < 1e-9
    assert np.sum(means > width) <= 40
    assert np.sum(means > width / 10) > 40

    difference = squares - brackets
    error = 6.5 * difference.std(ddof=1) / np.sqrt(len(runs))
    assert abs(difference.mean()) < error < 0.25 * brackets.mean()
    assert brackets.max() <= claim.mean_square  # the bound holds path by path
    assert squares.mean() > claim.mean_square / 4

    moved = np.array([run.Z for run in runs]) - M
    sampling = 6.5 * np.linalg.norm(moved.std(axis=0, ddof=1)) / np.sqrt(len(runs))
    distance = np.linalg.norm(moved.mean(axis=0) - claim.mean)
    assert distance < claim.bias + sampling
    silent = z + t * (network.I - z)
    assert np.linalg.norm(moved.mean(axis=0) - silent) > 5 * distance


@pytest.mark.checks("prop-lnp-drift")
def test_bias_shrinks_like_the_square_of_the_time():
    """E Z_t - z - t F_N(z) by exact runs at t and t/2: ratio 4, up to sampling and the next order."""
    kernel, z = NETWORKS["cosine ring"]
    network = finite_network(Model(kernel, Logistic(1.0, 4.0)), 25, rng=np.random.default_rng(12))
    found = []
    for t in (0.1, 0.05):
        runs = [thinning(network, t, z, r) for r in np.random.default_rng(20).spawn(1500)]
        mean = np.mean([run.Z - run.M for run in runs], axis=0)
        found.append(np.linalg.norm(mean - short_time(network, z, t).mean))
    assert 3.0 < found[0] / found[1] < 5.0


def test_spikes_of_the_library_and_by_thinning_have_one_law():
    """Mean counts of 150 runs each, within 6.5 standard errors of their difference (tail 8e-11)."""
    model = Model(cosine_ring(-1.0, 6.0), Logistic(1.0, 4.0))
    network = finite_network(model, 40, rng=np.random.default_rng(16))
    streams = np.random.default_rng(17).spawn(300)
    start = np.array([0.0, 0.5, 0.0])
    exact = np.array([thinning(network, 3.0, start, r).count for r in streams[:150]])
    found = np.array([len(simulate(network, 3.0, rng=r, h0=start).times) for r in streams[150:]])
    error = np.sqrt((exact.var(ddof=1) + found.var(ddof=1)) / 150)
    assert abs(exact.mean() - found.mean()) < 6.5 * error


def test_bias_is_quadratic_in_time_and_vanishes_at_an_equilibrium_without_spikes():
    network = finite_network(
        Model(cosine_ring(-1.0, 6.0), Logistic(1.0, 4.0)), 30, rng=np.random.default_rng(18)
    )
    z = np.array([0.1, 0.2, 0.3])
    short, long = short_time(network, z, 0.01), short_time(network, z, 0.02)
    assert long.bias == pytest.approx(4 * short.bias, rel=1e-12)
    assert long.mean_square == pytest.approx(2 * short.mean_square, rel=1e-12)
    np.testing.assert_allclose(short.mean - z, 0.01 * network(z), rtol=1e-12)


def test_hypotheses_of_the_drift_are_checked():
    ring = cosine_ring(-1.0, 1.0)
    rng = np.random.default_rng(19)
    unbounded = finite_network(Model(ring, Exponential(1.0, 1.0)), 5, rng=rng)
    with pytest.raises(ValueError, match="phi and phi' are bounded"):
        short_time(unbounded, np.zeros(3), 0.1)
    network = finite_network(Model(ring, Logistic()), 5, rng=rng)
    with pytest.raises(ValueError, match="z has the shape"):
        short_time(network, np.zeros(2), 0.1)
    with pytest.raises(ValueError, match="duration is finite"):
        short_time(network, np.zeros(3), -1.0)
    populations = population_kernel(np.ones((2, 2)), np.array([0.3, 0.7]))
    with pytest.raises(ValueError, match="the weights of a network are 1/N"):
        short_time(neural_field(Model(populations, Logistic())), np.zeros(2), 0.1)
