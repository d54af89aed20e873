"""The exact simulator against a clock, a compiled loop and other codes: `python benchmarks/simulator.py`.

One model of N neurons on a ring, r = 3, about 17 spikes a second at tau = 20 ms, from its stationary
bump; for other ranks a kernel with 15, 31 or 63 modes at the same rate. A time is processor time of
one thread, the least of several runs that take turns with the peer's, since a machine is rarely
alone; a ratio compares seconds per spike. `make bench-peers` installs the peers in _build/peers;
without them their lines are left out.

Writes _build/simulator/cost.svg: cost against the number of spikes, N = 1e2 ... 1e6, r = 3 ... 63.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldlimit.field import Model, VectorField, finite_network, flow, neural_field
from fieldlimit.kernels import cosine_ring, power_law, torus_kernel
from fieldlimit.network import simulate_clocked, stream
from fieldlimit.nonlinearities import Exponential, Logistic

Array = NDArray[np.float64]
# The products are too thin for threads, and a thread that waits for work is counted as working.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
SECOND = 50.0  # in units of tau = 20 ms
SEEDS = (1, 2, 3, 4)
RATE = 0.34  # spikes per tau: 17 Hz
ROOT = Path(__file__).parent.parent
PEERS = ROOT / "_build" / "peers"
PYTHON = PEERS / "venv" / "bin" / "python"


def ring(N: int) -> tuple[VectorField, Array]:
    """A bump that the ring itself makes, and the state at its centre."""
    model = Model(cosine_ring(-1.0, 6.0), Logistic(1.0, 4.0, 0.14))
    start = flow(neural_field(model), np.array([0.0, 1.0, 0.3]), np.array([0.0, 40.0]))[-1]
    return finite_network(model, N, rng=np.random.default_rng(0)), start


def modes(N: int, rank: int) -> tuple[VectorField, Array]:
    """The uniform state of a kernel with `rank` modes on the circle, stable, at the same rate."""
    kernel = torus_kernel(power_law((rank - 1) // 2, 1.0, scale=1.0), 1)
    mean = float(kernel.eigenvalues[0]) * RATE
    threshold = mean + np.log((1 - RATE) / RATE) / 4
    state = np.zeros(rank)
    state[0] = np.sqrt(kernel.eigenvalues[0]) * RATE
    model = Model(kernel, Logistic(1.0, 4.0, threshold))
    return finite_network(model, N, rng=np.random.default_rng(0)), state


def of_rank(N: int, rank: int) -> tuple[VectorField, Array]:
    return ring(N) if rank == 3 else modes(N, rank)


def ours(net: VectorField, h0: Array, duration: float, seed: int = 1) -> tuple[float, int]:
    """Seconds and spikes, all of which are recorded, window by window."""
    start, spikes = time.process_time(), 0
    rng = np.random.default_rng(seed)
    for part in stream(net, duration, rng=rng, h0=h0, at=np.zeros(0)):
        spikes += len(part.times)
    return time.process_time() - start, spikes


def clocked(net: VectorField, h0: Array, duration: float) -> tuple[float, int]:
    start = time.process_time()
    spikes = simulate_clocked(net, duration, rng=np.random.default_rng(1), h0=h0)
    return time.process_time() - start, len(spikes.times)


def per_spike(runs: list[tuple[float, int]]) -> float:
    return min(seconds / max(spikes, 1) for seconds, spikes in runs)


def in_turn(
    a: Callable[[], tuple[float, int]], b: Callable[[], tuple[float, int]], times: int
) -> tuple[float, float]:
    """Seconds per spike of both, run alternately."""
    first, second = [], []
    for _ in range(times):
        first.append(a())
        second.append(b())
    return per_spike(first), per_spike(second)


def peer(
    script: str, net: VectorField, h0: Array, phi: list[float], *arguments: str
) -> dict[str, Any]:
    """What a peer reports about the same network, in its own environment."""
    path = {"PATH": f"{PYTHON.parent}:/usr/bin:/bin"}
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        np.savez(file, k=net.k, w=net.w, h0=h0, I=net.I, phi=phi)
        file.flush()
        command = [str(PYTHON), str(ROOT / "benchmarks" / "peers" / script), file.name, *arguments]
        run = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **path})
    if run.returncode:
        raise RuntimeError(f"{script} failed:\n{run.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


def logistic(net: VectorField) -> list[float]:
    phi = net.phi
    assert isinstance(phi, Logistic)
    return [phi.rate, phi.gain, phi.threshold]


def against_the_clock() -> None:
    print("\nexact against clock-driven (0.2 ms), r = 3, 1 s of model time")
    for N in (1000, 10_000, 100_000):
        net, h0 = ring(N)
        duration = SECOND if N < 100_000 else SECOND / 5
        a, b = in_turn(lambda: ours(net, h0, duration), lambda: clocked(net, h0, duration), 3)  # noqa: B023
        print(
            f"  N = {N:9,}   {1e9 * a:6.0f} ns a spike, {1e9 * b:6.0f} by the clock   ratio {b / a:5.1f}   (target 8)"
        )


def cost(largest: int) -> dict[tuple[int, int], tuple[float, int]]:
    print("\nseconds for 1 s of model time")
    found = {}
    for rank in (3, 15, 31, 63):
        for N in (100, 1000, 10_000, 100_000, 1_000_000):
            if N > largest:
                continue
            net, h0 = of_rank(N, rank)
            share = 1.0 if N <= 10_000 or rank == 3 else 0.2 if N < 10**6 else 0.1
            runs = [ours(net, h0, share * SECOND) for _ in range(3 if N < 10**6 else 2)]
            seconds, spikes = min(runs)
            found[rank, N] = seconds / share, int(spikes / share)
            print(
                f"  r = {rank:2}  N = {N:9,}  {spikes / share:12,.0f} spikes  {seconds / share:8.3f} s  {spikes / seconds / 1e6:5.2f} million spikes a second"
            )
    if (3, 1_000_000) in found:
        print(f"  a million neurons: {found[3, 1_000_000][0]:.2f} s (target 3.5)")
    return found


def memory() -> None:
    """Peak of a process that builds the network of a million neurons and runs 0.1 s of it."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import simulator; simulator.peak(int(sys.argv[1]))"
    peaks = [
        float(
            subprocess.run(
                [sys.executable, "-c", code, str(N)], capture_output=True, text=True, check=True
            ).stdout
        )
        for N in (100, 1_000_000)
    ]
    print(
        f"\nmemory for a million neurons, r = 3: {peaks[1] - peaks[0]:.0f} MB above an interpreter that has run a hundred (target 300)"
    )


def peak(N: int) -> None:
    net, h0 = ring(N)
    ours(net, h0, SECOND / 10)
    status = Path("/proc/self/status").read_text()  # ru_maxrss would be that of the parent
    print(int(status.split("VmHWM:")[1].split()[0]) / 1024)


def ceiling() -> None:
    """The same rates under a ceiling fifty times higher: an inhibited ring, phi close to exponential."""
    print("\nphi_max fifty times higher at the same rates")
    kernel = cosine_ring(-2.0, 0.6)
    for N in (10_000, 100_000):
        found = []
        for rate in (1.0, 50.0):
            I = np.zeros(3)
            low, high = -3.0, 3.0
            for _ in range(40):  # the threshold at which the rate is RATE
                theta = (low + high) / 2
                h = -2.0 * RATE - theta
                low, high = (theta, high) if rate / (1 + np.exp(-2 * h)) > RATE else (low, theta)
            model = Model(kernel, Logistic(rate, 2.0, theta), I)
            net = finite_network(model, N, rng=np.random.default_rng(0))
            start = np.array([-2.0 * RATE / kernel.k(np.zeros((1, 1)))[0, 0], 0.0, 0.0])
            found.append((net, start))
        duration = SECOND if N < 100_000 else SECOND / 5
        a, b = in_turn(lambda: ours(*found[0], duration), lambda: ours(*found[1], duration), 3)  # noqa: B023
        print(f"  N = {N:9,}   {b / a:.2f} times slower (target at most 1.5)")


def against_the_loop() -> None:
    """The mean over seeds: how often a path leaves its tube, and so the time, depends on the seed."""
    print("\nshare of the speed of a compiled sequential loop with the same screening (numba)")
    for rank, N, part in (
        (3, 1000, 1),
        (3, 10_000, 1),
        (15, 10_000, 1),
        (31, 10_000, 1),
        (3, 100_000, 1),
        (31, 100_000, 0.4),
        (3, 1_000_000, 0.2),
    ):
        net, h0 = of_rank(N, rank)
        mine: dict[int, list[tuple[float, int]]] = {seed: [] for seed in SEEDS}
        loop, plain = [], []
        repeats = 6 if N <= 10_000 else 2
        for _ in range(2):
            for _ in range(repeats):
                for seed, runs in mine.items():
                    runs.append(ours(net, h0, part * SECOND, seed))
            answer = peer(
                "sequential_numba.py", net, h0, logistic(net), str(part * SECOND), str(repeats),
                *map(str, SEEDS),
            )  # fmt: skip
            loop.append((answer["screened"]["seconds"], answer["screened"]["spikes"]))
            plain.append((answer["plain"]["seconds"], answer["plain"]["spikes"]))
        a = float(np.mean([per_spike(runs) for runs in mine.values()]))
        b, c = per_spike(loop), per_spike(plain)
        print(
            f"  r = {rank:2}  N = {N:9,}   {1e9 * a:6.0f} ns a spike, loop {1e9 * b:6.0f}, without screening {1e9 * c:6.0f}   share {b / a:.2f}"
        )


def against_brian() -> None:
    print("\nagainst Brian2, C++ standalone, steps of 0.1 ms")
    net, h0 = ring(4000)
    for kind, target in (("low-rank", 10), ("dense", 30)):
        mine = [ours(net, h0, SECOND) for _ in range(3)]
        answer = peer("brian2_lnp.py", net, h0, logistic(net), "1.0", kind, "2")
        mine += [ours(net, h0, SECOND) for _ in range(3)]
        theirs = answer["seconds"] / answer["spikes"]
        print(
            f"  N = 4000, {kind:8}   {answer['seconds']:7.2f} s, {answer['spikes']:,} spikes   ratio {theirs / per_spike(mine):6.1f} (target {target})"
        )


def against_nest() -> None:
    print("\nagainst NEST, steps of 0.1 ms, exponential phi on both sides")
    N = 4000
    kernel = cosine_ring(-2.0, 0.6)
    gain = 2.0
    phi = Exponential(RATE * float(np.exp(gain * 2.0 * RATE)), gain)
    net = finite_network(Model(kernel, phi), N, rng=np.random.default_rng(0))
    h0 = np.array([-2.0 * RATE / kernel.k(np.zeros((1, 1)))[0, 0], 0.0, 0.0])
    mine = [ours(net, h0, SECOND) for _ in range(5)]
    answer = peer("nest_lnp.py", net, h0, [phi.rate, phi.gain], "1.0")
    theirs = answer["seconds"] / answer["spikes"]
    print(
        f"  N = {N}   {answer['seconds']:7.2f} s, {answer['spikes']:,} spikes; here {min(mine)[1]:,}   ratio {theirs / per_spike(mine):6.0f} (target 150)"
    )


def draw(found: dict[tuple[int, int], tuple[float, int]]) -> None:
    from explorer.plotting import figure

    fig, ax = figure(6.0, 4.0)
    for rank in sorted({rank for rank, _ in found}):
        points = np.array([found[key] for key in sorted(found) if key[0] == rank])
        ax.loglog(points[:, 1], points[:, 0], "o-", label=f"r = {rank}")
    ax.set(xlabel="spikes", ylabel="seconds")
    ax.legend()
    target = ROOT / "_build" / "simulator" / "cost.svg"
    target.parent.mkdir(parents=True, exist_ok=True)
    fig.savefig(target)
    print(f"\n{target}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--largest", type=int, default=1_000_000, help="no network larger than this"
    )
    options = parser.parse_args()
    if not ONE_THREAD.items() <= os.environ.items():  # is read when NumPy is imported
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **ONE_THREAD})
    against_the_clock()
    draw(cost(options.largest))
    memory()
    ceiling()
    if not PYTHON.exists():
        print("\nno peers: run `make bench-peers`")
        sys.exit()
    against_the_loop()
    against_brian()
    against_nest()
