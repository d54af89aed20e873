"""A browser with its network closed: what a page asks of another host is refused, and fails the test.

The browser is Chromium, found on the PATH or named by the variable CHROMIUM. Without one these tests
are skipped, except in continuous integration (CI=true), where they fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
SLOW = 30_000  # milliseconds: what a page with a thousand formulas may take on a busy machine


def pages() -> list[str]:
    """The pages of the built site."""
    return sorted(path.stem for path in SITE.glob("*.html"))


def chromium() -> str:
    """The path of the browser; skips the test, or fails it in continuous integration, when there is none."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path:
        return path
    message = (
        "no Chromium found: install it (Debian: apt install chromium) or set CHROMIUM=/path/to/it"
    )
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@dataclass
class Visit:
    """A page, with what went wrong while it was open."""

    page: Page
    address: str
    problems: list[str] = field(default_factory=list)

    def open(self, name: str, fragment: str = "") -> Page:
        self.page.goto(f"{self.address}{name}.html{fragment}", wait_until="load")
        settle(self.page)
        return self.page


def settle(page: Page) -> None:
    """Wait until formulas are set and explorers stand."""
    page.wait_for_function(
        "() => !window.MathJax || (window.MathJax.startup?.promise && "
        "(MathJax.startup.promise.then(() => (window.mathIsSet = true)), window.mathIsSet))",
        timeout=SLOW,
    )
    if page.locator(".fl-explorer[data-explorer]").count():
        page.wait_for_function(
            "() => [...document.querySelectorAll('.fl-explorer[data-explorer]')]"
            ".every((host) => host.dataset.ready || host.querySelector('.ex-message'))",
            timeout=SLOW,
        )


@contextmanager
def visiting(
    browser: Browser, address: str, *, tolerate: tuple[str, ...] = (), **options: Any
) -> Iterator[Visit]:
    """A fresh page that may load from `address` alone and must stay silent, apart from `tolerate`."""
    context: BrowserContext = browser.new_context(**{"reduced_motion": "reduce", **options})
    context.set_default_timeout(SLOW)
    page = context.new_page()
    visit = Visit(page, address)

    def guard(route: Route) -> None:
        url = route.request.url
        if url.startswith((address, "data:", "blob:")):
            route.fallback()
        else:
            visit.problems.append(f"asked another host: {url}")
            route.abort()

    context.route("**/*", guard)

    def problem(text: str) -> None:
        if not any(part in text for part in tolerate):
            visit.problems.append(text)

    page.on("console", lambda message: problem(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problem(str(error)))
    page.on("response", lambda r: problem(f"{r.status} {r.url}") if r.status >= 400 else None)
    try:
        yield visit
        assert not visit.problems, "\n".join(visit.problems)
    finally:
        context.close()
