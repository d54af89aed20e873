"""Explorer: sliders, a picture, and the function that computes it.

A chapter's cell reads

    Explorer(raster.frame, view=raster.view, N=[10, 100, 1000], seed=range(8), start={"N": 100})
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import traitlets

from explorer import frames
from explorer.frames import Frame, FrameFunction
from explorer.template import Value, plain
from explorer.view import View

Stops = tuple[Value, ...]


class Explorer(traitlets.HasTraits):
    """The frame as a function of sliders, one for each parameter, each with its stops.

    frame: a pure function with keyword-only parameters; it returns a mapping from names to
        arrays, numbers and texts.
    view: what to draw of it.
    start: the first setting; a parameter left out starts at its first stop.
    id: the name in the page's address (default: the module of `frame`).
    stops: the values of each parameter, increasing numbers, or texts.

    The parameters are traits of the explorer: `observe`, `link` and any ipywidgets control work on
    them. A numeric one may take every value between its first and last stop; an integer one stays
    an integer.

    In a book's build (FIELDLIMIT_BUILD=1) the explorer shows the frames at all stops, which need no
    Python any more; in a notebook, a live widget.
    """

    def __init__(
        self,
        frame: FrameFunction,
        *,
        view: View,
        start: Mapping[str, Value] | None = None,
        id: str | None = None,
        **stops: Iterable[Value],
    ) -> None:
        super().__init__()
        self.frame = frame
        self.view = view
        self.id = id or frame.__module__.rpartition(".")[2].strip("_")
        self.stops = {name: _stops(name, values) for name, values in stops.items()}
        _check_parameters(frame, view, self.stops)
        first = {name: values[0] for name, values in self.stops.items()}
        self.start: dict[str, Value] = {**first, **_start(start or {}, self.stops)}
        self.add_traits(
            **{name: _trait(values, self.start[name]) for name, values in self.stops.items()}
        )
        frames.check_templates(view, self.start, self.compute(self.start))

    @property
    def values(self) -> dict[str, Value]:
        """The present value of every parameter."""
        return {name: getattr(self, name) for name in self.stops}

    @property
    def description(self) -> str:
        """The present picture in one sentence."""
        values = self.values
        return plain(frames.describe(self.view, values, self.compute(values)))

    def compute(self, values: Mapping[str, Value] | None = None) -> Frame:
        """The frame at `values` (default: the present ones), checked against the view."""
        values = self.values if values is None else values
        where = "at " + ", ".join(f"{name} = {value}" for name, value in values.items())
        return frames.checked(self.frame(**values), self.view, where)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        from explorer import page

        if os.environ.get("FIELDLIMIT_BUILD") == "1":
            return {"text/html": page.lattice_html(self), "text/plain": self.description}
        try:
            from explorer.widget import ExplorerWidget
        except ModuleNotFoundError as missing:
            if missing.name != "anywidget":
                raise
            return {"text/html": page.still_html(self), "text/plain": self.description}
        if self._widget is None:
            self._widget = ExplorerWidget(self)
        return self._widget._repr_mimebundle_(**options)

    _widget: Any = None


RESERVED = frozenset(dir(traitlets.HasTraits)) | {
    "frame", "view", "start", "id", "stops", "values", "description", "compute", "page",
}  # fmt: skip


def _stops(name: str, values: Iterable[Value]) -> Stops:
    stops = tuple(_plain(value) for value in values) if not isinstance(values, str) else (values,)
    if not stops:
        raise ValueError(f"every parameter needs at least one stop, but {name} = []")
    if all(isinstance(value, str) for value in stops):
        if len(set(stops)) < len(stops):
            raise ValueError(f"stops are distinct, but {name} = {list(stops)}")
        return stops
    if any(isinstance(value, str) or not np.isfinite(value) for value in stops):
        raise ValueError(f"stops are finite numbers or texts, but {name} = {list(stops)}")
    numbers = [float(value) for value in stops]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        raise ValueError(f"numeric stops increase, but {name} = {list(stops)}")
    if not all(isinstance(value, int) for value in stops):
        return tuple(numbers)
    return stops


def _plain(value: Any) -> Value:
    if isinstance(value, str | int | float) and not isinstance(value, bool | np.generic):
        return value
    if isinstance(value, np.integer | np.floating):
        plain: float | int = value.item()
        return plain
    raise ValueError(f"stops are numbers or texts, but one of them is {value!r}")


def _start(start: Mapping[str, Value], stops: Mapping[str, Stops]) -> dict[str, Value]:
    found = {}
    for name, value in start.items():
        if name not in stops:
            raise ValueError(f"start names parameters ({', '.join(stops)}), but it has {name!r}")
        if value not in stops[name]:
            raise ValueError(
                f"start is one of the stops {list(stops[name])}, but {name} = {value!r}"
            )
        found[name] = stops[name][stops[name].index(value)]
    return found


def _check_parameters(frame: FrameFunction, view: View, stops: Mapping[str, Stops]) -> None:
    if not stops:
        raise ValueError("an explorer has at least one parameter with its stops, but none is given")
    known = inspect.signature(frame).parameters
    for name in stops:
        if name in RESERVED:
            raise ValueError(
                f"a parameter may not be called {name!r}: the explorer itself uses the name"
            )
        if name not in known:
            raise ValueError(f"frame takes {', '.join(known)}, but stops are given for {name!r}")
    for name, parameter in known.items():
        if name not in stops and parameter.default is inspect.Parameter.empty:
            raise ValueError(f"frame needs {name!r}, but the stops are those of {', '.join(stops)}")
    for name in view.controls:
        if name not in stops:
            raise ValueError(
                f"controls belong to parameters ({', '.join(stops)}), but the view has {name!r}"
            )


def _trait(stops: Stops, start: Value) -> traitlets.TraitType[Any, Any]:
    if isinstance(start, str):
        return traitlets.Enum(stops, default_value=start)
    if isinstance(start, int):
        return traitlets.Int(start, min=stops[0], max=stops[-1])
    return traitlets.Float(start, min=stops[0], max=stops[-1])
