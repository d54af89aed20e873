"""Lattices: what is decoded, in Python and in JavaScript, is the frame to the stated error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer import Explorer, page
from explorer.lattice import decode, encode, settings
from explorer.view import Axis, Line, Panel, View
from test_explorer import cross

STOPS = {"a": [1, 2, 3], "b": [0.5, 1.5, 2.5, 3.5]}


def sample(*, a: int, b: float) -> dict[str, Any]:
    """Every coding, several shapes, contents that repeat, an empty array, and gaps."""
    rng = np.random.default_rng([a, int(10 * b)])
    gaps = rng.normal(size=7)
    gaps[::3] = np.nan
    return {
        "grid": np.linspace(-np.pi, np.pi, 30),
        "noise": rng.normal(size=40 * a),
        "decades": np.exp(rng.uniform(-20, 5, size=(a, 12))),
        "counts": rng.integers(-300, 40_000, size=9).astype(float),
        "gaps": gaps,
        "empty": np.empty(0) if a == 1 else np.array([b]),
        "constant": np.full(5, 0.1),
        "@0.x": np.array([-b / 3, b / 7]),
        "scalar": float(b / 3),
        "whole": a,
        "text": "odd" if a % 2 else "even",
    }


FRAMES = [sample(**values) for values in settings(STOPS)]  # type: ignore[arg-type]


def assert_close(actual: Any, expected: Any, entry: dict[str, Any]) -> None:
    """Equal to the stated error, absolute (linear, int) or relative (log, float)."""
    if isinstance(expected, str):
        assert actual == expected
        return
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    assert np.array_equal(np.isnan(actual), np.isnan(expected))
    relative = entry["coding"] in ("log", "float")
    allowed = entry["error"] * (np.abs(expected) if relative else 1) + 1e-12  # 1e-12: rounding
    kept = ~np.isnan(expected)
    assert (np.abs(actual - expected)[kept] <= np.broadcast_to(allowed, actual.shape)[kept]).all()


def test_decoding_in_python() -> None:
    lattice = json.loads(json.dumps(encode(FRAMES)))
    for number, frame in enumerate(FRAMES):
        for name, value in decode(lattice, number).items():
            assert_close(value, frame[name], lattice[name])


def test_decoding_in_the_page() -> None:
    lattice = encode(FRAMES)
    frames = cross("decode", stops=STOPS, settings=list(settings(STOPS)), lattice=lattice)
    for frame, decoded in zip(FRAMES, frames, strict=True):
        assert decoded.keys() == frame.keys()
        for name, value in decoded.items():
            if isinstance(value, dict):
                flat = [np.nan if v is None else v for v in value["values"]]
                value = np.array(flat, dtype=float).reshape(value["shape"])
            assert_close(value, frame[name], lattice[name])


def test_codings_and_their_errors() -> None:
    lattice = encode(FRAMES)
    codings = {name: entry["coding"] for name, entry in lattice.items()}
    assert codings["noise"] == codings["gaps"] == "linear"
    assert codings["decades"] == "log"
    assert codings["counts"] == codings["whole"] == "int"
    assert codings["scalar"] == codings["@0.x"] == "float"
    assert codings["text"] == "text"
    assert lattice["counts"]["error"] == lattice["constant"]["error"] == 0
    spread = np.ptp(np.concatenate([frame["noise"] for frame in FRAMES]))
    assert lattice["noise"]["error"] <= 8e-6 * spread  # half of one part in 65534
    assert lattice["decades"]["error"] <= 2e-4  # 25 units of log, half of one part in 65534


def test_repeated_contents_are_kept_once() -> None:
    lattice = encode(FRAMES)
    assert sum(lattice["grid"]["counts"]) == 1
    assert sum(lattice["noise"]["counts"]) == len(FRAMES)


def test_many_chunks() -> None:
    rng = np.random.default_rng(3)
    frames = [{"a": rng.normal(size=9000)} for _ in range(10)]
    lattice = encode(frames)
    assert len(lattice["a"]["chunks"]) > 2
    for number in (0, 4, 9):
        assert_close(decode(lattice, number)["a"], frames[number]["a"], lattice["a"])


def test_all_frames_have_the_same_names() -> None:
    with pytest.raises(ValueError, match="all frames have the entries"):
        encode([{"a": 1}, {"b": 1}])


# pages


def wave(*, a: int, b: float) -> dict[str, Any]:
    x = np.linspace(0, 1, 40)
    return {"x": x, "y": 10.0**a * np.sin(b * x), "unused": np.zeros(10**5), "top": 10.0**a}


def make(**y: Any) -> Explorer:
    marks = [Line("x", "y", "limit", "wave </script> <b>")]
    view = View([Panel(y=Axis(**y), marks=marks)], description='a = {a} & "b" = {b}')
    return Explorer(wave, view=view, id="wave", start={"a": 2}, **STOPS)


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("FIELDLIMIT_BUILD", "1")
    monkeypatch.setenv("FIELDLIMIT_LATTICES", str(tmp_path / "lattices"))
    return tmp_path / "lattices"


def written(html: str) -> dict[str, Any]:
    """What the page hands to the front end."""
    start = html.index('<script type="application/json">') + len('<script type="application/json">')
    content: dict[str, Any] = json.loads(html[start : html.index("</script>", start)])
    return content


def test_the_page_has_figure_description_and_frames(build: Path) -> None:
    html = make()._repr_mimebundle_()["text/html"]
    assert 'role="img" aria-label="a = 2 &amp; &quot;b&quot; = 0.5"' in html
    assert html.count("</script>") == 1 and "<b>" not in html.split("<script")[0]
    spec = written(html)
    assert spec["start"] == {"a": 2, "b": 0.5}
    assert "unused" not in spec["first"] and "unused" not in spec["lattice"]["frames"]
    assert not build.exists()


def test_an_axis_stands_still_or_follows(build: Path) -> None:
    still = written(make()._repr_mimebundle_()["text/html"])
    assert still["domains"]["@0.y"][1] == pytest.approx(1000, rel=1e-3)
    following = written(make(domain="frame")._repr_mimebundle_()["text/html"])
    assert "@0.y" not in following["domains"]
    assert following["first"]["@0.y"]["values"][1] == pytest.approx(100 * np.sin(0.5))
    named = written(make(domain=(0, "top"))._repr_mimebundle_()["text/html"])
    assert "@0.y" not in named["domains"]
    assert named["first"]["@0.y"]["values"] == [0, named["first"]["top"]]
    half = written(make(domain=(None, 5000))._repr_mimebundle_()["text/html"])
    assert half["domains"]["@0.y"] == [pytest.approx(1000 * np.sin(3.5), rel=1e-3), 5000]


def test_a_large_lattice_lies_beside_the_page(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = written(make()._repr_mimebundle_()["text/html"])["lattice"]["frames"]
    monkeypatch.setattr(page, "EMBEDDED", 100)
    beside = written(make()._repr_mimebundle_()["text/html"])["lattice"]
    text = (build / beside["file"]).read_text()
    assert text.startswith(f'(window.fieldlimitLattices??={{}})["{beside["key"]}"]=')
    assert json.loads(text[text.index("]=") + 2 : -2]) == json.loads(json.dumps(inside))
    assert written(make()._repr_mimebundle_()["text/html"])["lattice"] == beside


def test_a_build_without_node_is_an_error(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_places", list)
    with pytest.raises(RuntimeError, match="needs Node"):
        make()._repr_mimebundle_()


def test_a_build_without_bundle_is_an_error(build: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "FRONTEND", Path("/nowhere"))
    with pytest.raises(RuntimeError, match="npm run build"):
        make()._repr_mimebundle_()


@pytest.mark.parametrize("drawable", [True, False])
def test_without_anywidget_there_is_a_figure_and_a_message(
    monkeypatch: pytest.MonkeyPatch, drawable: bool
) -> None:
    monkeypatch.delenv("FIELDLIMIT_BUILD", raising=False)
    monkeypatch.setitem(__import__("sys").modules, "anywidget", None)
    monkeypatch.delitem(__import__("sys").modules, "explorer.widget", raising=False)
    if not drawable:
        monkeypatch.setattr(page, "_places", list)
    explorer = make()
    explorer.b = 1.1
    html = explorer._repr_mimebundle_()["text/html"]
    assert "pip install anywidget" in html
    assert "= 1.1" in html
    assert ("<svg" in html) == ("<style>" in html) == drawable


def test_a_live_widget_answers_with_the_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIELDLIMIT_BUILD", raising=False)
    pytest.importorskip("anywidget")
    from explorer.widget import ExplorerWidget

    explorer = make()
    widget = ExplorerWidget(explorer)
    sent: list[Any] = []
    monkeypatch.setattr(
        widget, "send", lambda content, buffers=None: sent.append((content, buffers))
    )
    widget._answer(widget, {"id": "1", "values": {"a": 3, "b": 1.25}}, [])
    content, buffers = sent.pop()
    assert (explorer.a, explorer.b) == (3, 1.25)
    assert widget.values == {"a": 3, "b": 1.25}
    place = [name for name, _ in content["arrays"]].index("y")
    np.testing.assert_array_equal(np.frombuffer(buffers[place]), explorer.compute()["y"])
    explorer.b = 2.0
    assert widget.values["b"] == 2.0
    widget._answer(widget, {"id": "2", "values": {"a": 9, "b": 1}}, [])
    assert "TraitError" in sent.pop()[0]["error"]
    assert explorer.a == 3
