"""Sliders and drawing for the book: the explorer knows no mathematics.

`explorer.view` needs the standard library alone; `Explorer` needs numpy and traitlets, and is
imported on first use, so that the views of `fieldlimit.explorables` can be read where those are
missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from explorer.explorer import Explorer as Explorer

__all__ = ["Explorer"]


def __getattr__(name: str) -> object:
    if name == "Explorer":
        from explorer.explorer import Explorer

        return Explorer
    raise AttributeError(f"module 'explorer' has no attribute {name!r}")
