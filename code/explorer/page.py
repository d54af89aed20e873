"""The explorer in a web page that has no Python."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from explorer.explorer import Explorer


def lattice_html(explorer: Explorer) -> str:
    """The explorer as HTML."""
    return f"<p>{escape(explorer.description)}</p>"


def still_html(explorer: Explorer) -> str:
    """The present picture, where no widget can be shown."""
    return f"<p>{escape(explorer.description)}</p>"
