"""What every explorer of a chapter is asked."""

from __future__ import annotations

from itertools import product

from explorer import Explorer


def assert_corners_can_be_drawn(module, stops):
    """Every combination of the stops given for the sliders has a frame, and a description in words."""
    explorer = Explorer(module.frame, view=module.view, **stops)
    for corner in product(*stops.values()):
        for name, value in zip(stops, corner, strict=True):
            setattr(explorer, name, value)
        assert explorer.description
