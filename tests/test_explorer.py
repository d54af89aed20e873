"""Explorer: parameters are traits; views and frames are checked; errors state what was given."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import traitlets

from explorer import Explorer
from explorer.plotting import COLOURS, figure
from explorer.template import fill, format_value, markup, plain, typeset
from explorer.view import (
    Area,
    Axis,
    Control,
    Dot,
    Heat,
    Line,
    Panel,
    Raster,
    Rule,
    Text,
    View,
)

FRONTEND = Path(__file__).parents[1] / "code" / "explorer" / "frontend"


def frame(*, N: int, gain: float, rule: str = "sine") -> dict[str, Any]:
    x = np.linspace(0, 1, 50)
    y = gain * (np.sin if rule == "sine" else np.cos)(x * N)
    return {"x": x, "y": y, "largest": float(y.max()), "name": rule}


def make_view(**changes: Any) -> View:
    options: dict[str, Any] = {
        "panels": [Panel("Wave {name}", marks=[Line("x", "y", "limit", "N = {N:,}")])],
        "controls": {"N": Control("neurons", format=",")},
        "description": "With {N:,} neurons the largest value is {largest:.3g}.",
    }
    return View(**{**options, **changes})


VIEW = make_view()


def make(**changes: Any) -> Explorer:
    options: dict[str, Any] = {"view": VIEW, "N": [1, 10, 100], "gain": [0.5, 2]}
    return Explorer(frame, **{**options, **changes})


# parameters


def test_parameters_are_traits_with_continuous_values() -> None:
    explorer = make(start={"gain": 2})
    seen: list[Any] = []
    explorer.observe(lambda change: seen.append(change["new"]), names=["gain"])
    explorer.gain = 1.234
    assert seen == [1.234]
    assert explorer.values == {"N": 1, "gain": 1.234}
    assert explorer.start == {"N": 1, "gain": 2.0}


def test_traits_can_be_linked() -> None:
    first, second = make(), make()
    traitlets.link((first, "N"), (second, "N"))
    first.N = 57
    assert second.N == 57


@pytest.mark.parametrize("name, value", [("N", 0), ("N", 101), ("N", 2.5), ("gain", 2.1)])
def test_traits_keep_within_the_stops(name: str, value: float) -> None:
    with pytest.raises(traitlets.TraitError):
        setattr(make(), name, value)


def test_text_stops_are_a_choice() -> None:
    explorer = make(rule=["sine", "cosine"])
    explorer.rule = "cosine"
    with pytest.raises(traitlets.TraitError):
        explorer.rule = "tangent"


def test_explorers_do_not_share_traits() -> None:
    assert not hasattr(Explorer, "N")
    first, second = make(N=[1, 5]), make(N=[1, 500])
    second.N = 500
    with pytest.raises(traitlets.TraitError):
        first.N = 500


def test_numpy_stops_become_plain() -> None:
    explorer = make(N=np.array([1, 10]), gain=np.geomspace(0.1, 10, 3))
    assert type(explorer.N) is int and type(explorer.gain) is float


# errors


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"seed": [1, 2]}, "frame takes N, gain, rule, but stops are given for 'seed'"),
        ({"N": []}, "at least one stop, but N = []"),
        ({"N": [1, 1]}, "numeric stops increase, but N = [1, 1]"),
        ({"N": [10, 1]}, "numeric stops increase, but N = [10, 1]"),
        ({"N": [1, float("inf")]}, "finite numbers or texts, but N = [1, inf]"),
        ({"N": [1, "two"]}, "finite numbers or texts, but N = [1, 'two']"),
        ({"rule": ["sine", "sine"]}, "stops are distinct, but rule = ['sine', 'sine']"),
        ({"N": [None]}, "stops are numbers or texts, but one of them is None"),
        ({"start": {"N": 5}}, "start is one of the stops [1, 10, 100], but N = 5"),
        ({"start": {"n": 1}}, "start names parameters (N, gain), but it has 'n'"),
    ],
)
def test_stops_are_checked(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make(**changes)


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(ValueError, match="frame needs 'gain', but the stops are those of N"):
        Explorer(frame, view=VIEW, N=[1])


def test_reserved_names() -> None:
    def other(*, observe: int) -> dict[str, Any]:
        return {}

    with pytest.raises(ValueError, match="may not be called 'observe'"):
        Explorer(other, view=VIEW, observe=[1])


@pytest.mark.parametrize(
    "view, message",
    [
        (
            make_view(panels=[Panel("P", marks=[Line("x", "z")])]),
            "Line in panel 'P' names 'z', but the frame at N = 1, gain = 0.5 has x, y",
        ),
        (make_view(description="{size}"), "needs 'size', which is no parameter and no scalar"),
        (make_view(description="{N:5d}"), "a format is"),
        (make_view(description="{largest:d}"), "format d needs a whole number"),
        (make_view(description="{name:.2f}"), "a text has format s"),
        (make_view(controls={"seed": Control("seed")}), "controls belong to parameters (N, gain)"),
    ],
)
def test_views_are_checked_against_the_first_frame(view: View, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make(view=view)


@pytest.mark.parametrize(
    "content, mark, message",
    [
        ({"x": [0.0, np.inf]}, Dot("x", "x"), "arrays are finite"),
        ({"x": [0.0, np.nan]}, Raster("x", "x"), "arrays are finite"),
        ({"x": [0.0, np.inf]}, Line("x", "x"), "arrays are finite"),
        ({"x": [0.0, 1.0], "y": [1.0]}, Dot("x", "y"), "arrays of equal length"),
        ({"x": np.zeros((2, 2, 2))}, Dot("x", "x"), "one or two dimensions"),
        ({"x": [1j]}, Dot("x", "x"), "real arrays"),
        ({"x": [1.0, 2.0], "z": np.zeros((2, 3))}, Heat("x", "x", "z"), "arrays of equal length"),
    ],
)
def test_frames_are_checked(content: dict[str, Any], mark: Any, message: str) -> None:
    view = View([Panel(marks=[mark])], description="a")
    with pytest.raises(ValueError, match=message):
        Explorer(lambda *, a: content, view=view, id="test", a=[1])


def test_nan_is_a_gap_in_lines_and_areas() -> None:
    content = {"x": [0.0, 1.0], "y": [np.nan, 1.0]}
    view = View([Panel(marks=[Line("x", "y"), Area("x", 0, "y")])], description="a")
    assert np.isnan(Explorer(lambda *, a: content, view=view, id="t", a=[1]).compute()["y"][0])


@pytest.mark.parametrize(
    "make_it, message",
    [
        (lambda: Line("x", "y", "blue"), "a role is one of limit, network"),
        (lambda: Rule(), "a rule has x or y, not both"),
        (lambda: Rule(x=1, y=2), "a rule has x or y, not both"),
        (lambda: Axis(scale="sqrt"), 'scale is "linear" or "log"'),
        (lambda: Axis(domain=(1, 0)), "domain has lo < hi"),
        (lambda: Axis(domain=(0, 1), scale="log"), "a log axis is positive"),
        (lambda: Panel(aspect=0), "aspect is positive"),
        (lambda: View([], description="a"), "at least one panel"),
        (lambda: View([Panel()]), "a view needs a description"),
    ],
)
def test_declarations_are_checked(make_it: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make_it()


def test_a_view_is_plain_data() -> None:
    mark = Text(1, "largest", "peak {largest:.2g}", "bound")
    assert json.loads(json.dumps(View([Panel(marks=[mark])], description="a").to_json()))


def test_view_needs_the_standard_library_alone() -> None:
    script = (
        "import sys; import explorer.view; "
        "sys.exit(any(m.partition('.')[0] in ('numpy', 'traitlets') for m in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


# templates


def cross(task: str, **content: Any) -> Any:
    """The result of the same task in JavaScript."""
    from explorer.page import node

    run = subprocess.run(
        [node(), str(FRONTEND / "test" / "cross.js")],
        input=json.dumps({"task": task, **content}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_templates_read_the_same_in_both_languages() -> None:
    rng = np.random.default_rng(7)
    numbers = [0, 1, -1, 0.5, 1.5, 2.5, 0.125, 0.375, 1e21, 123456789, 1e-5, 1e15, 1e16, -0.0]
    numbers += [999.9995, 0.00012345, -0.001, 99999.5, 9.995, 1e100, 5e-324, 0.1 + 0.2, 1e6]
    numbers += list(rng.normal(size=60) * 10.0 ** rng.integers(-8, 12, 60))
    numbers += list(rng.integers(-9, 9, 40) / 8)
    formats = ["", ",", ".2g", ",.3g", ".0f", ".1f", ",.2f", ".2e", ".0e", ".1%", "+.2f", "g", "f"]
    cases = [("a {{b}} {v:" + spec + "} c", {"v": float(v)}) for v in numbers for spec in formats]
    cases += [("{v} {w}", {"v": 5, "w": "text"}), ("{v:,d}", {"v": -1234567})]
    assert cross("fill", cases=cases) == [fill(template, values) for template, values in cases]


def test_typeset_reads_the_same_in_both_languages() -> None:
    cases = ["1.2e-05", "at -3.5, not F-3", "x-1", "3e+10 and 1e+00", "(-1, -2)", "−", "λ-2", "_-2"]
    assert cross("typeset", cases=cases) == [typeset(text) for text in cases]
    assert typeset("1.2e-05") == "1.2×10⁻⁵"


def test_scripts_read_the_same_in_both_languages() -> None:
    cases = [
        "‖h_N(t) − h(t)‖",
        "K_{op}",
        "N^2",
        "N^{−1/2}",
        "x_i^2",
        "s^{−1} + F_N",
        "λ_n",
        "(a)_N",
    ]
    cases += [
        "two_memories",
        "_N",
        "^2",
        "a _ b",
        "a_",
        "x_12",
        "λ₁",
        "10⁻²",
        "K_{}",
        "a_{b_c}",
        "é_N",
    ]
    assert cross("plain", cases=cases) == [plain(text) for text in cases]
    assert plain("x_1^2 + N^{−1/2}") == "x 1² + N to the power −1/2"
    assert markup("‖F_N − F‖ < N^{−1/2}") == "‖F<sub>N</sub> − F‖ &lt; N<sup>−1/2</sup>"
    assert fill("j^{{−{decay}}}", {"decay": 1.5}) == "j^{−1.5}"


def test_a_format_means_what_it_means_in_python() -> None:
    for spec in (".3g", ",.1f", ".2e", ".0%"):
        assert format_value(1234.5678, spec) == format(1234.5678, spec)
    assert [format_value(v) for v in (5, 5.0, 0.1, 1e-7, "a")] == ["5", "5", "0.1", "1e-07", "a"]


# colours


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    bright, dim = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def css_colours(text: str) -> dict[str, str]:
    """The last definition of each colour in the text."""
    found = dict(re.findall(r"--ex-([a-z]+): (#[0-9a-f]{3,6});", text))
    return {k: v if len(v) == 7 else "#" + "".join(c * 2 for c in v[1:]) for k, v in found.items()}


LIGHT = css_colours((FRONTEND / "style" / "drawing.css").read_text())
DARK = css_colours((FRONTEND / "style" / "explorer.css").read_text())


@pytest.mark.parametrize("colours", [LIGHT, DARK])
def test_colours_stand_out_in_both_themes(colours: dict[str, str]) -> None:
    """WCAG 1.4.11 asks 3 : 1 of graphics, 1.4.3 asks 4.5 : 1 of text."""
    for role in COLOURS:
        assert contrast(colours[role], colours["paper"]) >= 3, role
    for text in ("ink", "quiet"):
        assert contrast(colours[text], colours["paper"]) >= 4.5, text


def test_one_colour_one_meaning_in_figures_and_explorers() -> None:
    assert {role: LIGHT[role] for role in COLOURS} == {k: v.lower() for k, v in COLOURS.items()}
    for colour in COLOURS.values():  # a printed figure stands on either theme's page
        assert contrast(colour, "#ffffff") >= 3 and contrast(colour, "#121212") >= 3


def test_figures_have_the_books_style() -> None:
    fig, ax = figure(width=4, height=2)
    assert tuple(fig.get_size_inches()) == (4, 2)
    assert not ax.spines["top"].get_visible()


def test_the_front_ends_own_tests_pass() -> None:
    from explorer.page import node

    files = sorted(str(path) for path in (FRONTEND / "test").glob("*.test.js"))
    run = subprocess.run([node(), "--test", *files], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
