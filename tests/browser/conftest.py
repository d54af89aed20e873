"""One browser and one server for all tests of the pages."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from browser.visits import ROOT, SITE, Visit, chromium, visiting


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The book, served on a free port of this machine."""
    assert (SITE / "index.html").exists(), "the book is not built: run `make book`"
    spec = importlib.util.spec_from_file_location("serve", ROOT / "code" / "site" / "serve.py")
    assert spec and spec.loader
    serve = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(serve)
    with serve.listen(SITE, 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Visit]:
    with visiting(browser, address) as visit:
        yield visit
