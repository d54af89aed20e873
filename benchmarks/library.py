"""What a value, a derivative and a frame cost: `python benchmarks/library.py`.

Large networks: F_N and DF_N at a state, 15 coordinates, with the cost relative to 10,000 neurons,
which is linear when nothing of size N x N is built. Explorers: the time of the first frame, and
then of the frames that moving each slider through its stops asks for, median and longest.
"""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from unittest.mock import patch

import numpy as np

import explorer
from fieldlimit.field import Model, finite_network
from fieldlimit.kernels import power_law, torus_kernel
from fieldlimit.nonlinearities import Logistic

CHAPTERS = Path(__file__).resolve().parents[1] / "chapters"
CELL = re.compile(r"^(?:\w+ = )?Explorer\(.*?^(?=```)", re.MULTILINE | re.DOTALL)
SIZES = (10_000, 100_000, 1_000_000)


def seconds(action: Callable[[], object], repetitions: int = 5) -> float:
    """The median over some repetitions."""
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return median(times)


def large_networks() -> None:
    model = Model(torus_kernel(power_law(7, decay=1.5), 3), Logistic(gain=4.0))
    h = np.ones(model.kernel.rank) / 10
    print("        N    F_N (ms)  DF_N (ms)   relative to N = 10,000")
    first: tuple[float, float] | None = None
    for N in SIZES:
        network = finite_network(model, N, rng=np.random.default_rng(0))
        value, derivative = (seconds(partial(f, h)) for f in (network, network.derivative))
        first = first or (value, derivative)
        print(
            f"{N:9,d} {1e3 * value:11.1f} {1e3 * derivative:10.1f} "
            f"{value / first[0]:13.1f} {derivative / first[1]:7.1f}"
        )


def frames() -> None:
    print("\nframe                      first (ms)     median    longest")
    for chapter in sorted(CHAPTERS.glob("*.md")):
        for name, call in explorers(chapter.read_text(encoding="utf8")):
            start = time.perf_counter()
            shown = call()
            cold = time.perf_counter() - start
            settings = [
                {**shown.start, parameter: stop}
                for parameter, stops in shown.stops.items()
                for stop in stops
                if stop != shown.start[parameter]
            ]
            times = [seconds(partial(shown.compute, setting), 1) for setting in settings]
            print(
                f"{chapter.stem[:2]} {name:22} {1e3 * cold:11.0f} {1e3 * median(times):10.1f} "
                f"{1e3 * max(times):10.1f}"
            )


def explorers(text: str) -> list[tuple[str, Callable[[], explorer.Explorer]]]:
    """Name and making of each explorer of a chapter that depends on its explorables alone."""
    found: list[tuple[str, Callable[[], explorer.Explorer]]] = []
    for cell in CELL.findall(text):
        name = re.search(r"(\w+)\.frame", cell)
        if not name:
            continue
        module = importlib.import_module(f"fieldlimit.explorables.{name[1]}")
        scope = {"Explorer": explorer.Explorer, name[1]: module, "np": np}
        found.append((name[1], partial(eval, cell, scope)))
    return found


if __name__ == "__main__":
    with patch.dict("os.environ", clear=False) as environment:
        environment.pop("FIELDLIMIT_BUILD", None)
        large_networks()
        frames()
