"""The same explorer in JupyterLab: continuous sliders, and parameters that other controls can move.

A laboratory is started on a free port of this machine; the notebook below runs in its kernel.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser

from browser.visits import chromium, visiting

START = 60.0  # seconds until the server answers: it scans its extensions first
CELLS = [
    """
import numpy as np
import ipywidgets as widgets
from IPython.display import display
from explorer import Explorer
from explorer.view import Axis, Control, Line, Panel, View

x = np.linspace(0.0, 1.0, 50)

def frame(*, gain, order):
    return {"x": x, "y": gain * x**order, "height": gain}

view = View(
    panels=[Panel("a power", x=Axis("x"), y=Axis("y"), marks=[Line("x", "y", "limit", "a power")])],
    controls={"gain": Control("gain"), "order": Control("order")},
    description="The curve ends at {height:.4f}.",
)
power = Explorer(frame, view=view, gain=[1.0, 2.0, 4.0], order=[1, 2, 3])
power
""",
    """
heard = widgets.Label("nothing yet")
power.observe(lambda change: setattr(heard, "value", f"heard {change.new:.4f}"), "gain")
own = widgets.FloatText(description="own control")
widgets.link((power, "gain"), (own, "value"))
display(own, heard)
""",
]


def notebook(cells: list[str]) -> str:
    """A notebook file with these cells of code."""
    return json.dumps(
        {
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"cell-{i}",
                    "metadata": {},
                    "execution_count": None,
                    "outputs": [],
                    "source": cell.strip(),
                }
                for i, cell in enumerate(cells)
            ],
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address and token of a JupyterLab that knows one notebook and no settings of this machine's user."""
    chromium()
    home = tmp_path_factory.mktemp("laboratory")
    work = home / "work"
    work.mkdir()
    (work / "power.ipynb").write_text(notebook(CELLS), encoding="utf8")
    token = secrets.token_hex(16)
    folders = {
        f"JUPYTER_{kind}_DIR": str(home / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")
    }
    environment = {**os.environ, **folders, "IPYTHONDIR": str(home / "ipython"), "HOME": str(home)}
    environment.pop("FIELDLIMIT_BUILD", None)
    log = home / "log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [
                *(
                    sys.executable,
                    "-m",
                    "jupyterlab",
                    "--no-browser",
                    "--allow-root",
                    "--ip=127.0.0.1",
                ),
                *("--port=0", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={work}"),
                *(
                    "--LabApp.news_url=None",
                    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
                ),
                "--LabApp.expose_app_in_browser=True",
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        )
    try:
        yield answering(server, log, token), token
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def answering(server: subprocess.Popen[bytes], log: Path, token: str) -> str:
    """The address of the server, once it answers there."""
    end = time.monotonic() + START
    while time.monotonic() < end and server.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:(\d+)/", log.read_text()):
            try:
                with urlopen(f"{found[0]}api/status?token={token}", timeout=5):
                    return found[0]
            except URLError:
                pass
        time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


def test_explorer_in_jupyterlab(browser: Browser, laboratory: tuple[str, str]) -> None:
    address, token = laboratory
    # The laboratory's own messages are not ours: only requests to other hosts count.
    with visiting(
        browser, address, tolerate=("",), viewport={"width": 1280, "height": 1400}
    ) as visit:
        page = visit.page
        page.goto(f"{address}lab/tree/power.ipynb?token={token}")
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"
        )
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        explorer = page.locator(".fl-explorer, .ex").first
        explorer.locator("input[type=range]").first.wait_for()
        page.locator(".widget-label", has_text="nothing yet").wait_for()

        gain = explorer.locator('input[name="gain"]')
        order = explorer.locator('input[name="order"]')
        caption = explorer.locator(".ex-caption")
        assert int(gain.get_attribute("max") or 0) > 20, (
            "the slider goes through values between the stops"
        )
        assert int(order.get_attribute("max") or 0) == 2, "an integer stays an integer"

        gain.focus()
        for _ in range(5):
            gain.press("ArrowRight")
        heard = page.locator(".widget-label", has_text=re.compile(r"^heard \d"))
        heard.wait_for()
        own = page.get_by_label("own control")
        # The last of the five messages has arrived when all four places name the slider's own value.
        page.wait_for_function(
            """([slider, caption, heard, own]) => {
                const value = parseFloat(slider.getAttribute("aria-valuetext"));
                const others = [parseFloat(heard.textContent.slice(6)), parseFloat(own.value)];
                return others.every((other) => Math.abs(other - value) < 1e-3)
                    && caption.textContent.includes(others[0].toFixed(4));
            }""",
            arg=[place.element_handle() for place in (gain, caption, heard, own)],
        )
        value = float(own.input_value())
        assert 1.0 < value < 2.0, "a continuous value reaches Python, and link another control"
        own.fill("3.25")
        own.press("Enter")
        page.wait_for_function(
            "([caption]) => caption.textContent.includes('3.2500')", arg=[caption.element_handle()]
        )
        assert heard.inner_text() == "heard 3.2500", "observe hears a change from any side"
