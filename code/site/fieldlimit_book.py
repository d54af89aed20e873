"""What the book adds to Sphinx: numbers from file names, a security policy, lattices, ledger, reference."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

import fieldlimit_ledger
import fieldlimit_numbers
import fieldlimit_reference
import fieldlimit_statements

POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    ]
)
"""A page may ask no host but its own. Inline scripts and styles are the theme's; WebAssembly and workers run Python."""


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("fieldlimit_execution", "", "env", [str])
    # Set by the book tool's defaults, for an extension that this book does not load.
    app.add_config_value("comments_config", {}, "")
    app.connect("html-page-context", add_policy)
    app.connect("html-page-context", add_explorer)
    app.connect("html-page-context", name_once)
    app.connect("html-page-context", mend_roles)
    app.connect("build-finished", copy_lattices)
    fieldlimit_numbers.setup(app)
    fieldlimit_statements.setup(app)
    fieldlimit_ledger.setup(app)
    fieldlimit_reference.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def add_policy(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """State the policy at the head of the page, before anything is loaded."""
    tag = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}" />'
    context["metatags"] = tag + "\n" + context.get("metatags", "")


def name_once(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """The landing page is called The Field Limit, not The Field Limit, of The Field Limit."""
    if pagename == app.config.root_doc:
        context["docstitle"] = ""


SIGNATURE = re.compile(r'<dt class="sig .*?</dt>', re.DOTALL)
LINES = {
    "<dl>": '<span class="sig-lines">',
    "</dl>": "</span>",
    "<dd>": '<span class="sig-line">',
    "</dd>": "</span>",
}


def mend_roles(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Lists that are none to a screen reader: parameters in a signature, entries of the bibliography."""
    body = context.get("body", "")

    def lines(signature: re.Match[str]) -> str:
        return re.sub("</?d[ld]>", lambda tag: LINES[tag[0]], signature[0])

    if 'class="sig ' in body or "citation-list" in body:
        body = body.replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )
        context["body"] = SIGNATURE.sub(lines, body)


def add_explorer(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Load the sliders' script on pages that have sliders."""
    if 'class="fl-explorer"' in context.get("body", ""):
        # Before MathJax (500), which typesets the whole page as soon as it has loaded.
        app.add_js_file("explorer/explorer.js", loading_method="defer", priority=400)
        app.add_css_file("explorer/explorer.css")


def copy_lattices(app: Sphinx, error: Exception | None) -> None:
    """Put beside the script the lattices that the pages name, and no others."""
    if error or not app.config.fieldlimit_execution:
        return
    source = Path(app.config.fieldlimit_execution) / "lattices"
    target = Path(app.outdir) / "_static" / "explorer" / "lattices"
    named = {
        name
        for page in Path(app.outdir).glob("*.html")
        for name in re.findall(r'"file":"(\w+\.js)"', page.read_text(encoding="utf8"))
    }
    shutil.rmtree(target, ignore_errors=True)
    for name in sorted(named):
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target / name)
