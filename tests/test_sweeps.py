"""Sweeps: the same numbers whatever the workers, on disk as they come, resumed where they broke off."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fieldlimit.sweeps import Task, sweep

GRID = {"N": [5, 20], "spectrum": [(1.0, 0.5), (1.0, 0.1)]}


def spread(*, N, spectrum, rng):
    """The mean of N Gaussian vectors with given variances."""
    mean = (rng.standard_normal((N, len(spectrum))) * np.sqrt(spectrum)).mean(axis=0)
    return {"mean": mean, "square": float(mean @ mean)}


def counted(*, i, folder, fail, rng):
    """Leaves a trace of each run; breaks off at i = fail while the file `broken` is missing."""
    Path(folder, f"run-{i}-{rng.integers(2**60)}").touch()
    if i == fail and not Path(folder, "broken").exists():
        Path(folder, "broken").touch()
        raise KeyboardInterrupt
    return {"i": i}


def test_the_numbers_do_not_depend_on_workers():
    alone = sweep(spread, GRID, seed=3, repeats=4, progress=False, workers=1)
    two = sweep(spread, GRID, seed=3, repeats=4, progress=False, workers=2)
    assert alone["mean"].shape == (2, 2, 4, 2)
    for name in ("mean", "square"):
        assert np.array_equal(alone[name], two[name])
    other = sweep(spread, GRID, seed=4, repeats=4, progress=False, workers=1)
    assert not np.isclose(alone["square"], other["square"]).any()


def test_a_grid_that_grows_keeps_its_numbers():
    small = sweep(spread, GRID, seed=3, progress=False, workers=1)
    grown = {"N": [2, 5, 20, 7], "spectrum": [(1.0, 0.1), (2.0,) * 2, (1.0, 0.5)]}
    large = sweep(spread, grown, seed=3, repeats=2, progress=False, workers=1)
    again = large["mean"][1:3, [2, 0], :1]
    assert np.array_equal(small["mean"], again)


def test_streams_are_independent_of_each_other():
    """First draws of 2000 tasks: uniform (Kolmogorov and Smirnov, false alarm 1e-9), uncorrelated."""
    from scipy.stats import kstest

    first = np.array([Task({"i": i}, 0, 1).rng().random(2) for i in range(2000)])
    assert kstest(first.ravel(), "uniform").pvalue > 1e-9
    neighbours = np.corrcoef(first[:-1, 0], first[1:, 0])[0, 1]
    assert abs(neighbours) < 6.2 / np.sqrt(2000)  # 6.2 standard deviations: 1e-9


def test_a_sweep_is_resumed_where_it_broke_off(tmp_path):
    grid = {"i": range(6), "folder": [str(tmp_path)], "fail": [3]}
    cache = tmp_path / "cache"
    with pytest.raises(KeyboardInterrupt):
        sweep(counted, grid, seed=1, cache=cache, progress=False, workers=1)
    assert len(list(cache.glob("*.npz"))) == 3  # 0, 1, 2
    resumed = sweep(counted, grid, seed=1, cache=cache, progress=False, workers=1)
    assert resumed.restored == 3 and not list(cache.glob("*.part"))
    assert np.array_equal(resumed["i"].ravel(), np.arange(6))
    runs = sorted(path.name.split("-")[1] for path in tmp_path.glob("run-*"))
    assert runs == ["0", "1", "2", "3", "4", "5"]  # the second run of 3 leaves the same trace
    whole = sweep(counted, grid, seed=1, cache=cache, progress=False, workers=1)
    assert whole.restored == 6
    assert sweep(counted, grid, seed=2, cache=cache, progress=False, workers=1).restored == 0


def test_what_is_stored_is_what_was_computed(tmp_path):
    kept = sweep(spread, GRID, seed=3, repeats=2, cache=tmp_path, progress=False, workers=1)
    read = sweep(spread, GRID, seed=3, repeats=2, cache=tmp_path, progress=False, workers=1)
    assert kept.restored == 0 and read.restored == 8
    for name in kept.names:
        assert np.array_equal(kept[name], read[name]) and kept[name].dtype == read[name].dtype


def test_a_damaged_file_is_computed_again(tmp_path):
    kept = sweep(spread, GRID, seed=3, cache=tmp_path, progress=False, workers=1)
    first, second, *_ = sorted(tmp_path.glob("*.npz"))
    first.write_bytes(first.read_bytes()[:100])  # cut off
    second.write_bytes(b"")
    again = sweep(spread, GRID, seed=3, cache=tmp_path, progress=False, workers=1)
    assert again.restored == 2 and np.array_equal(kept["mean"], again["mean"])
    assert sweep(spread, GRID, seed=3, cache=tmp_path, progress=False, workers=1).restored == 4


def test_a_killed_sweep_goes_on(tmp_path):
    """SIGKILL between two results: whole files and nothing else, and the numbers of one run."""
    program = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from test_sweeps import GRID, spread
from fieldlimit.sweeps import _Store, sweep
write, done = _Store.write, []
def last(store, task, values):
    write(store, task, values)
    done.append(task)
    if len(done) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
_Store.write = last
sweep(spread, GRID, seed=3, cache=sys.argv[2], progress=False, workers=1)
"""
    here = str(Path(__file__).parent)
    done = subprocess.run([sys.executable, "-c", program, here, str(tmp_path)], capture_output=True)
    assert done.returncode == -9, done.stderr
    assert len(list(tmp_path.iterdir())) == 3
    assert __name__ == "test_sweeps"  # the name under which it was stored
    resumed = sweep(spread, GRID, seed=3, cache=tmp_path, progress=False, workers=1)
    assert resumed.restored == 3
    whole = sweep(spread, GRID, seed=3, progress=False, workers=1)
    assert np.array_equal(resumed["mean"], whole["mean"])


def test_a_dask_cluster_gives_the_same_numbers():
    """Two worker processes on this machine, found through joblib's own context."""
    distributed = pytest.importorskip("distributed")
    from joblib import parallel_config

    alone = sweep(spread, GRID, seed=3, repeats=2, progress=False, workers=1)
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
        distributed.Client(cluster),
        parallel_config(backend="dask"),
    ):
        there = sweep(spread, GRID, seed=3, repeats=2, progress=False)
    assert np.array_equal(alone["mean"], there["mean"])


def test_the_bar_counts_what_is_done(capsys):
    sweep(spread, GRID, seed=3, workers=1)
    assert "4/4" in capsys.readouterr().err


def named(*, i, rng):
    return {"file": i, "arr_0": 2 * i, "allow_pickle": 3 * i}


def test_any_name_can_be_stored(tmp_path):
    for _ in range(2):
        result = sweep(
            named, {"i": [1, 2]}, seed=np.int64(1), cache=tmp_path, progress=False, workers=1
        )
        assert result.names == ("file", "arr_0", "allow_pickle")
        assert (result["arr_0"].ravel() == [2, 4]).all()
    assert result.restored == 2


def test_refusals(tmp_path):
    with pytest.raises(ValueError, match="every axis of a grid has a value"):
        sweep(spread, {"N": []}, seed=1, progress=False, workers=1)
    with pytest.raises(ValueError, match="parameters are numbers, strings or sequences"):
        sweep(spread, {"N": [object()]}, seed=1, progress=False, workers=1)
    with pytest.raises(ValueError, match="seed is an integer >= 0"):
        sweep(spread, GRID, seed=-1, progress=False, workers=1)
    for wrong in (lambda *, i, rng: {"a": tmp_path}, functools.partial(spread)):
        with pytest.raises(ValueError, match="with a cache the experiment is a function"):
            sweep(wrong, {"i": [1]}, seed=1, cache=tmp_path, progress=False, workers=1)
    with pytest.raises(ValueError, match="results are numbers or arrays of them, but a is"):
        sweep(lambda *, i, rng: {"a": object()}, {"i": [1]}, seed=1, progress=False, workers=1)
    result = sweep(spread, GRID, seed=1, progress=False, workers=1)
    with pytest.raises(KeyError, match="results are mean, square"):
        result["median"]


def test_the_library_alone_needs_neither_joblib_nor_dask():
    """Every module imports with NumPy and SciPy; a sweep then says what it misses."""
    program = """
import sys
for name in ("joblib", "tqdm", "dask", "distributed"):
    sys.modules[name] = None
from fieldlimit.statements import import_all
import_all()
from fieldlimit.sweeps import sweep
try:
    sweep(print, {"a": [1]}, seed=1)
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "pip install 'fieldlimit[sweeps]'" in done.stdout
