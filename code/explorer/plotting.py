"""Matplotlib figures in the book's style, legible on a light and on a dark page.

    fig, ax = figure(width=6, height=3)
    ax.plot(x, h, color=COLOURS["limit"])

The background is transparent and text is mid-grey (contrast 4.5 : 1 on white, 4.1 : 1 on the dark
theme's background), so one picture serves both themes. The colours are Okabe and Ito's, orange and
purple darkened until they stand out on white.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GREY = "#767676"

COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "limit": "#0072B2",
        "network": "#D55E00",
        "bound": "#009E73",
        "data": "#B98200",
        "prediction": "#B4598E",
        "neutral": GREY,
    }
)

STYLE: Mapping[str, Any] = MappingProxyType(
    {
        "axes.axisbelow": True,
        "axes.edgecolor": GREY,
        "axes.facecolor": "none",
        "axes.grid": True,
        "axes.labelcolor": GREY,
        "axes.linewidth": 0.8,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlecolor": GREY,
        "axes.titlelocation": "left",
        "axes.titlesize": 11,
        "figure.constrained_layout.use": True,
        "figure.facecolor": "none",
        "font.size": 10,
        "grid.alpha": 0.25,
        "grid.color": GREY,
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        "legend.labelcolor": GREY,
        "lines.linewidth": 1.75,
        "savefig.facecolor": "none",
        "svg.fonttype": "path",
        "svg.hashsalt": "fieldlimit",
        "text.color": GREY,
        "xtick.color": GREY,
        "ytick.color": GREY,
    }
)


def figure(
    width: float = 6.4, height: float = 3.4, columns: int = 1, **axes: Any
) -> tuple[Figure, Any]:
    """A figure of width x height inches and its axes (an array of axes when columns > 1).

    `axes` are the options of `Figure.subplots`: sharey=True, subplot_kw={...}.
    """
    import matplotlib.pyplot as plt
    from cycler import cycler

    colours = [
        COLOURS[role] for role in ("limit", "network", "bound", "data", "prediction", "neutral")
    ]
    # Axes read their style when made, texts and legends later: the style stays on for the session.
    style: dict[Any, Any] = {**STYLE, "axes.prop_cycle": cycler(color=colours)}
    plt.rcParams.update(style)
    _show_as_svg()
    return plt.subplots(1, columns, figsize=(width, height), **axes)


def _show_as_svg() -> None:
    """In a notebook figures are shown as SVG."""
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if get_ipython() is not None:
        set_matplotlib_formats("svg")  # type: ignore[no-untyped-call]


__all__ = ["COLOURS", "STYLE", "figure"]
