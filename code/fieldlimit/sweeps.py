"""Monte-Carlo experiments over grids of parameters: any workers, the same numbers, nothing lost.

    def gap(*, N, d, rng):
        return {"gap": ...}

    result = sweep(gap, {"N": [100, 1000], "d": range(1, 21)}, seed=7, repeats=20, cache="sweeps")
    result["gap"]  # (2, 20, 20): N, d, repeat

Tasks run through joblib: on the cores of this machine, or on whatever backend an enclosing
`joblib.parallel_config` names (Dask, Ray, threads). joblib, threadpoolctl and tqdm come with the
extra `sweeps`; they are imported when a sweep starts, so that the library alone does not need them.
"""

from __future__ import annotations

import hashlib
import inspect
import itertools
import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from fieldlimit.checks import positive_integer

Values = Mapping[str, NDArray]
Experiment = Callable[..., Mapping[str, Any]]


@dataclass(frozen=True)
class Task:
    """One run of the experiment: its parameters and the number of the repetition."""

    parameters: Mapping[str, Any]
    repeat: int
    seed: int

    def rng(self) -> np.random.Generator:
        """The task's own stream: a child of `seed` whose key is a digest of what the task is.

        So it depends neither on the worker nor on the order of tasks, nor on what else is in the
        grid: a grid that grows keeps the numbers it had.
        """
        digest = hashlib.sha256(self.text.encode()).digest()
        key = tuple(int(word) for word in np.frombuffer(digest, dtype="<u4"))
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))

    @property
    def text(self) -> str:
        """The task in words that are the same on every machine."""
        plain = {name: _plain(value) for name, value in self.parameters.items()}
        return json.dumps([plain, self.repeat, self.seed], sort_keys=True)


@dataclass(frozen=True, eq=False)
class Sweep:
    """Results over a grid. `restored` of them were read from disk, the others computed."""

    grid: Mapping[str, Sequence[Any]]
    repeats: int
    tasks: tuple[Task, ...]  # in the order of the grid, the last axis fastest, then the repeats
    results: tuple[Values, ...]
    restored: int

    @property
    def names(self) -> tuple[str, ...]:
        """What the experiment returned."""
        return tuple(self.results[0])

    def __getitem__(self, name: str) -> NDArray:
        """One result as an array: an axis for each parameter of the grid, one for the repeats, its own."""
        if name not in self.results[0]:
            raise KeyError(f"results are {', '.join(self.names)}, but {name!r} was asked for")
        values = np.stack([result[name] for result in self.results])
        return values.reshape(*map(len, self.grid.values()), self.repeats, *values.shape[1:])


def sweep(
    experiment: Experiment,
    grid: Mapping[str, Sequence[Any]],
    *,
    seed: int,
    repeats: int = 1,
    cache: str | Path | None = None,
    progress: bool = True,
    workers: int | None = None,
) -> Sweep:
    """experiment(**parameters, rng=...) at every point of the grid, `repeats` times each.

    grid: name -> values (numbers, strings, or sequences of them, such as a spectrum). The experiment
    returns names with numbers or arrays, of one shape over the grid. Each task has its own stream of
    random numbers (`Task.rng`), so the numbers do not depend on workers or order.

    cache: a folder with one file a task, written as soon as the task is done: an interrupted sweep
    loses what was in the making and nothing else. A file counts for the same experiment (name and
    source text), parameters, repetition and seed; changes in what the experiment calls or reads
    from outside are not noticed, so that a closure is refused. A damaged file is computed again.
    workers: None, those of an enclosing `joblib.parallel_config`, else every core of this machine;
    1, no other process. In a task linear algebra keeps to one thread, since its sums depend on how
    many there are. Raises ImportError without joblib, threadpoolctl and tqdm, and whatever the
    experiment raises.
    """
    parallel, delayed, bar = _tools(workers)
    repeats = positive_integer("repeats", repeats)
    seed = positive_integer("seed", seed, least=0)
    axes = {name: list(values) for name, values in grid.items()}
    tasks = tuple(
        Task(dict(zip(axes, point, strict=True)), repeat, seed)
        for point in itertools.product(*axes.values())
        for repeat in range(repeats)
    )
    if not tasks:
        raise ValueError(f"every axis of a grid has a value, but the grid is {axes}")
    store = _Store(experiment, None if cache is None else Path(cache))
    results = {i: found for i, task in enumerate(tasks) if (found := store.read(task)) is not None}
    restored = len(results)
    missing = [i for i in range(len(tasks)) if i not in results]
    calls = (delayed(_run)(i, experiment, tasks[i]) for i in missing)
    with bar(total=len(tasks), initial=restored, disable=not progress) as shown:
        for i, values in parallel(calls) if missing else ():
            store.write(tasks[i], values)
            results[i] = values
            shown.update()
    in_order = tuple(results[i] for i in range(len(tasks)))
    return Sweep(axes, repeats, tasks, in_order, restored)


def _run(number: int, experiment: Experiment, task: Task) -> tuple[int, Values]:
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        values = experiment(**task.parameters, rng=task.rng())
    arrays = {name: np.asarray(value) for name, value in values.items()}
    for name, array in arrays.items():
        if array.dtype == object:
            raise ValueError(
                f"results are numbers or arrays of them, but {name} is {values[name]!r}"
            )
    return number, arrays


def _tools(workers: int | None) -> tuple[Callable[..., Iterable[Any]], Any, Any]:
    """Parallel, delayed and the progress bar."""
    try:
        import threadpoolctl  # noqa: F401 (used in the tasks)
        from joblib import Parallel, delayed, effective_n_jobs
        from tqdm import tqdm
    except ImportError as error:
        raise ImportError(
            "sweeps need joblib, threadpoolctl and tqdm: pip install 'fieldlimit[sweeps]'"
        ) from error
    if workers is None:
        workers = -1 if effective_n_jobs(None) == 1 else None  # None: as the enclosing context says
    # One task a batch, handed back when it is done: only so is nothing lost.
    parallel = Parallel(n_jobs=workers, batch_size=1, return_as="generator_unordered")
    return parallel, delayed, tqdm


class _Store:
    """The results on disk."""

    def __init__(self, experiment: Experiment, folder: Path | None) -> None:
        self.folder = folder
        if folder is None:
            return
        if not inspect.isfunction(experiment) or experiment.__closure__:
            raise ValueError(
                "with a cache the experiment is a function whose source text is all of it: what a "
                f"closure or an object holds would not be noticed, but it is {experiment!r}"
            )
        try:
            self.source = inspect.getsource(experiment)
        except OSError as error:
            raise ValueError(
                f"with a cache the experiment has a source text, but that of {experiment!r} is lost"
            ) from error
        self.name = f"{experiment.__module__}.{experiment.__qualname__}"
        folder.mkdir(parents=True, exist_ok=True)

    def read(self, task: Task) -> Values | None:
        """What an earlier sweep has written; None when nothing, or when the file is damaged."""
        if self.folder is None or not (path := self._path(task)).exists():
            return None
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                names, *values = (stored[name] for name in stored.files)
        except (ValueError, EOFError, BadZipFile, zlib.error):
            return None  # cut off by a crash of the machine or a full disk: computed again
        return dict(zip(names.tolist(), values, strict=True))

    def write(self, task: Task, values: Values) -> None:
        """All or nothing: the file gets its name when it is complete."""
        if self.folder is None:
            return
        path = self._path(task)
        partial = path.with_suffix(f".{uuid4().hex}.part")  # two sweeps may write the same task
        try:
            with partial.open("wb") as file:
                np.savez(file, np.array(list(values)), *values.values())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def _path(self, task: Task) -> Path:
        assert self.folder is not None
        digest = hashlib.sha256(f"{self.name}\n{self.source}\n{task.text}".encode()).hexdigest()
        return self.folder / f"{self.name.rpartition('.')[2]}-{digest[:32]}.npz"


def _plain(value: Any) -> Any:
    """Numbers, strings and sequences of them, as JSON knows them."""
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, str | bool | int | float) or value is None:
        return value
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    raise ValueError(f"parameters are numbers, strings or sequences, but one is {value!r}")
