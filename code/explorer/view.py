"""A view: what the front end draws from one frame's arrays, as plain data.

    view = View(
        panels=[
            Panel(
                "Potentials at t = 20",
                x=Axis("location x", ticks=((-3.14159, "−π"), (0, "0"), (3.14159, "π"))),
                y=Axis("potential h(x)"),
                marks=[
                    Line("x", "field", "limit", "neural field"),
                    Dot("locations", "potentials", "network", "network, N = {N:,}"),
                ],
            )
        ],
        controls={"N": Control("neurons N", format=","), "gain": Control("gain")},
        description="With {N:,} neurons the largest error is {error:.3g}.",
    )

A mark names arrays of the frame. Every label, panel title and the description is a template, filled
from the parameters and from the frame's scalars (`explorer.template`). Text is plain Unicode:
"10⁻²", "λ₁", with scripts as in TeX where Unicode has none: "‖F_N − F‖", "K_{{op}}", "N^{{−1/2}}".

The role of a mark is its meaning and decides its colour, the same in the whole book:

    limit       the neural field, N = infinity        blue
    network     a finite network                      vermilion
    bound       a guarantee                           green
    data        samples, spikes, measured values      orange
    prediction  asymptotics without a guarantee       purple
    neutral     axes, references, everything else     grey

This module needs the standard library alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from math import isfinite
from typing import Any, ClassVar, Literal, get_args

Role = Literal["limit", "network", "bound", "data", "prediction", "neutral"]
Scale = Literal["linear", "log"]
Scheme = Literal["diverging", "sequential"]
Position = str | float  # the name of a frame's array or scalar, or a number
End = str | float | None  # of an axis: also the name of a scalar

ROLES: tuple[str, ...] = get_args(Role)


@dataclass(frozen=True)
class Axis:
    """One axis of a panel.

    domain: (lo, hi), where either end may be None; an end left open, or `None` for both, covers all
        frames, so that the axis stands still while a slider moves; "frame" follows each frame, and
        so does an axis one of whose ends is the name of a scalar of the frame.
    ticks: positions, or (position, text) pairs; None lets the front end choose.
    """

    label: str = ""
    unit: str = ""
    domain: tuple[End, End] | Literal["frame"] | None = None
    scale: Scale = "linear"
    ticks: Sequence[float] | Sequence[tuple[float, str]] | None = None

    def __post_init__(self) -> None:
        _require(
            self.scale in get_args(Scale), f'scale is "linear" or "log", but scale = {self.scale!r}'
        )
        if self.domain is None or self.domain == "frame":
            return
        if isinstance(self.domain, str) or len(self.domain) != 2:
            raise ValueError(f'domain is (lo, hi), "frame" or None, but domain = {self.domain!r}')
        ends = [float(end) for end in self.domain if end is not None and not isinstance(end, str)]
        _require(
            all(isfinite(end) for end in ends), f"domain is finite, but domain = {self.domain!r}"
        )
        _require(
            len(ends) < 2 or ends[0] < ends[1], f"domain has lo < hi, but domain = {self.domain!r}"
        )
        if self.scale == "log":
            _require(
                all(end > 0 for end in ends),
                f"a log axis is positive, but domain = {self.domain!r}",
            )

    def names(self) -> Iterator[str]:
        """The frame's scalars that are ends of this axis."""
        if self.domain is not None and not isinstance(self.domain, str):
            yield from (end for end in self.domain if isinstance(end, str))


@dataclass(frozen=True)
class Mark:
    """What all marks share: the arrays they name."""

    kind: ClassVar[str]
    horizontal: ClassVar[tuple[str, ...]] = ("x",)  # fields that name abscissae
    vertical: ClassVar[tuple[str, ...]] = ("y",)  # fields that name ordinates
    other: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        role = getattr(self, "role", "neutral")
        _require(role in ROLES, f"a role is one of {', '.join(ROLES)}, but role = {role!r}")

    def names(self) -> Iterator[str]:
        """The frame's entries that this mark needs."""
        for name in (*self.horizontal, *self.vertical, *self.other):
            value = getattr(self, name)
            if isinstance(value, str):
                yield value


@dataclass(frozen=True)
class Line(Mark):
    """A curve y (n,), or curves y (lines, n), over x (n,) or (lines, n); NaN: a gap."""

    kind: ClassVar[str] = "line"
    x: str
    y: str
    role: Role = "neutral"
    label: str = ""
    dash: bool = False
    width: float = 1.75


@dataclass(frozen=True)
class Dot(Mark):
    """A disc of radius `size` pixels at each (x, y)."""

    kind: ClassVar[str] = "dot"
    x: str
    y: str
    role: Role = "neutral"
    label: str = ""
    size: float = 3.0


@dataclass(frozen=True)
class Area(Mark):
    """The band between lower (n,) and upper (n,) over x (n,)."""

    kind: ClassVar[str] = "area"
    vertical: ClassVar[tuple[str, ...]] = ("lower", "upper")
    x: str
    lower: Position
    upper: Position
    role: Role = "neutral"
    label: str = ""


@dataclass(frozen=True)
class Bar(Mark):
    """A bar from 0 to y (n,) at each x (n,), as wide as x is spaced: x holds bin centres."""

    kind: ClassVar[str] = "bar"
    x: str
    y: str
    role: Role = "neutral"
    label: str = ""


@dataclass(frozen=True)
class Rule(Mark):
    """A line across the panel, upright at x or level at y: a number, or a name of the frame."""

    kind: ClassVar[str] = "rule"
    x: Position | None = None
    y: Position | None = None
    role: Role = "neutral"
    label: str = ""
    dash: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        given = f"x = {self.x!r}, y = {self.y!r}"
        _require((self.x is None) != (self.y is None), f"a rule has x or y, not both, but {given}")


@dataclass(frozen=True)
class Heat(Mark):
    """Colours for z (ny, nx) in the cells around x (nx,) and y (ny,), equispaced centres.

    domain: the values at the ends of the colour scale; None covers all frames, symmetrically about
        0 when diverging.
    """

    kind: ClassVar[str] = "heat"
    other: ClassVar[tuple[str, ...]] = ("z",)
    x: str
    y: str
    z: str
    scheme: Scheme = "diverging"
    label: str = ""
    domain: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _require(
            self.scheme in get_args(Scheme),
            f"scheme is diverging or sequential, but scheme = {self.scheme!r}",
        )


@dataclass(frozen=True)
class Raster(Mark):
    """An upright tick of `size` pixels at each event: time x (n,), row y (n,)."""

    kind: ClassVar[str] = "raster"
    x: str
    y: str
    role: Role = "data"
    label: str = ""
    size: float = 4.0


@dataclass(frozen=True)
class Arrow(Mark):
    """An arrow from (x, y) to (x + u, y + v), in the units of the axes."""

    kind: ClassVar[str] = "arrow"
    other: ClassVar[tuple[str, ...]] = ("u", "v")
    x: str
    y: str
    u: str
    v: str
    role: Role = "neutral"
    label: str = ""


@dataclass(frozen=True)
class Text(Mark):
    """The template `text` at (x, y), scalars or numbers; `anchor` is start, middle or end."""

    kind: ClassVar[str] = "text"
    x: Position
    y: Position
    text: str
    role: Role = "neutral"
    anchor: Literal["start", "middle", "end"] = "start"


@dataclass(frozen=True)
class Panel:
    """Axes and marks, drawn in their order.

    aspect: height of the plot over width of the panel; span: how many columns it takes.
    """

    title: str = ""
    x: Axis = field(default_factory=Axis)
    y: Axis = field(default_factory=Axis)
    marks: Sequence[Mark] = ()
    legend: bool = True
    aspect: float = 0.62
    span: int = 1

    def __post_init__(self) -> None:
        _require(self.aspect > 0, f"aspect is positive, but aspect = {self.aspect!r}")
        _require(self.span >= 1, f"span is at least 1, but span = {self.span!r}")
        for mark in self.marks:
            _require(
                isinstance(mark, Mark), f"marks are Line, Dot, ..., but one of them is {mark!r}"
            )


@dataclass(frozen=True)
class Control:
    """The slider of one parameter: label, unit, and format of the value (`explorer.template`)."""

    label: str
    unit: str = ""
    format: str = ""


@dataclass(frozen=True)
class View:
    """Panels, controls, and one sentence with numbers that says what the picture shows."""

    panels: Sequence[Panel]
    controls: Mapping[str, Control] = field(default_factory=dict)
    description: str = ""
    columns: int = 0  # panels in a row on a wide screen; 0: all, at most three

    def __post_init__(self) -> None:
        _require(len(self.panels) > 0, "a view has at least one panel, but panels is empty")
        _require(
            bool(self.description), "a view needs a description: it is what a screen reader says"
        )
        _require(self.columns >= 0, f"columns is at least 0, but columns = {self.columns!r}")

    def names(self) -> dict[str, str]:
        """Each entry of the frame that a mark or an axis needs, with the place that needs it."""
        found: dict[str, str] = {}
        for panel in self.panels:
            for axis in (panel.x, panel.y):
                for name in axis.names():
                    found.setdefault(name, f"Axis in panel {panel.title!r}")
            for mark in panel.marks:
                for name in mark.names():
                    found.setdefault(name, f"{type(mark).__name__} in panel {panel.title!r}")
        return found

    def to_json(self) -> dict[str, Any]:
        """The view as lists, strings and numbers."""
        content: dict[str, Any] = _plain(self)
        return content


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        content = {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
        return {"kind": value.kind, **content} if isinstance(value, Mark) else content
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)
