"""The explorer as a live widget in Jupyter: every slider position is computed by the kernel."""

from __future__ import annotations

from typing import Any

import anywidget
import numpy as np
import traitlets

from explorer import frames, page
from explorer.explorer import Explorer
from explorer.frames import Domain, Frame
from explorer.template import Value


class ExplorerWidget(anywidget.AnyWidget):
    """Answers requests for frames, and keeps the sliders equal to the explorer's traits.

    The front end asks for one frame at a time and remembers only the newest wish, so no stale
    request waits here.
    """

    _esm = page.FRONTEND / "dist" / "widget.js"
    _css = page.FRONTEND / "dist" / "explorer.css"

    spec = traitlets.Dict().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer
        self.domains = self._first_domains()
        first = self._with_domains(self._frame(explorer.start))
        spec = page.specification(explorer, explorer.start, first)
        super().__init__(spec=spec, values=explorer.values)
        self.on_msg(self._answer)
        explorer.observe(self._follow, names=list(explorer.stops))

    def _frame(self, values: dict[str, Value]) -> Frame:
        return frames.drawn(self.explorer.compute(values), self.explorer.view)

    def _first_domains(self) -> dict[str, Domain]:
        """Axes that hold the first frame and those at either end of each slider."""
        start = self.explorer.start
        ends = [
            {**start, name: stops[end]}
            for name, stops in self.explorer.stops.items()
            for end in (0, -1)
        ]
        computed = [self._frame(values) for values in [start, *ends]]
        return page.with_domains(self.explorer, computed)

    def _with_domains(self, frame: Frame) -> Frame:
        """The frame with its axes, which only grow, unless they follow the frame."""
        own = page.with_domains(self.explorer, [frame])
        for key, extent in own.items():
            self.domains[key] = frames.union(self.domains[key], extent)
        return {**frame, **{key: np.array(extent) for key, extent in self.domains.items()}}

    def _follow(self, change: Any) -> None:
        self.values = self.explorer.values

    def _answer(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        try:
            with self.hold_sync(), self.explorer.hold_trait_notifications():
                for name, value in content["values"].items():
                    self.explorer.set_trait(name, value)
            frame = self._with_domains(self._frame(self.explorer.values))
        except Exception as error:
            self.send({"id": content["id"], "error": f"{type(error).__name__}: {error}"})
            return
        arrays = {name: value for name, value in frame.items() if isinstance(value, np.ndarray)}
        self.send(
            {
                "id": content["id"],
                "entries": frames.scalars(frame),
                "arrays": [[name, list(array.shape)] for name, array in arrays.items()],
            },
            buffers=[np.ascontiguousarray(array).tobytes() for array in arrays.values()],
        )
