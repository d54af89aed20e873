"""The library reference: every public module, in the order of the theory.

A docstring of the library is plain text with formulas, made to be read in an editor: `||h||`, `A*` and
`s_1` are mathematics in it, not markup. It is shown as such; names in backticks become code, and the
label of a statement becomes a link to the statement.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from sphinx.application import Sphinx

import fieldlimit_ledger

FENCE = re.compile(r"^```\{library-reference\}\n```$", re.MULTILINE)
ORDER = ["spaces", "kernels", "nonlinearities", "field", "network", "concentration"]
EXPLORER = ["explorer.explorer", "explorer.view", "explorer.plotting"]
LAST = ["statements", "checks"]


def write_reference(app: Sphinx, docname: str, source: list[str]) -> None:
    """Replace the fence {library-reference} by the reference."""
    if FENCE.search(source[0]):
        source[0] = FENCE.sub(lambda _: "\n\n".join(sections()), source[0])


def sections() -> Iterator[str]:
    for name in modules():
        yield f"## `{name}`\n\n```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n```"
    yield "## `fieldlimit.explorables`"
    yield "One module for each explorer: `frame`, a pure function of the sliders, and `view`, what is drawn of it."
    yield "\n".join(explorables())


def modules() -> Iterator[str]:
    """Public modules, those of the theory first. A package shows what it exports, so its parts are left out."""
    package = importlib.import_module("fieldlimit")
    found = [m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")]
    rest = sorted(set(found) - {*ORDER, *LAST, "explorables"})
    yield from (f"fieldlimit.{name}" for name in [*ORDER, *rest, *LAST] if name in found)
    yield from EXPLORER


def explorables() -> Iterator[str]:
    package = importlib.import_module("fieldlimit.explorables")
    for found in pkgutil.iter_modules(package.__path__, prefix="fieldlimit.explorables."):
        module = importlib.import_module(found.name)
        if hasattr(module, "frame"):
            first = (module.__doc__ or "").strip().split("\n\n")[0].replace("\n", " ")
            yield f"- `{found.name.rpartition('.')[2]}`. {re.sub(r'([*_$|])', chr(92) + chr(92) + '1', first)}"


def public_name(function: Callable[..., Any]) -> str:
    """The name under which the reference lists a function: that of the package which exports it."""
    module, name = function.__module__, function.__qualname__
    parts = module.split(".")
    for length in range(2, len(parts)):
        parent: ModuleType = importlib.import_module(".".join(parts[:length]))
        if name in getattr(parent, "__all__", ()):
            return f"{parent.__name__}.{name}"
    return f"{module}.{name}"


# ---- docstrings ----------------------------------------------------------------------------------

CODE = re.compile(r"``?([^`]+)``?")
MARKUP = re.compile(r"([*|\\`_])")


def plain_docstring(
    app: Sphinx, what: str, name: str, obj: object, options: Any, lines: list[str]
) -> None:
    """Turn the text of a docstring into markup that shows it as it is."""
    labels = fieldlimit_ledger.labels(app)
    shown: list[str] = []
    for paragraph in _paragraphs(lines):
        if any(line.startswith(" ") for line in paragraph) or _listed(paragraph):
            shown += ["| " + _indent(line) + _inline(line.strip(), labels) for line in paragraph]
        else:
            shown += [_inline(line, labels) for line in paragraph]
        shown.append("")
    lines[:] = shown


def _paragraphs(lines: list[str]) -> Iterator[list[str]]:
    paragraph: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            paragraph.append(line.rstrip())
        elif paragraph:
            yield paragraph
            paragraph = []


def _listed(paragraph: list[str]) -> bool:
    """Whether each line is an entry of its own, `name: meaning`."""
    return len(paragraph) > 1 and all(re.match(r"[\w, ]{1,24}: ", line) for line in paragraph)


def _indent(line: str) -> str:
    return " " * (len(line) - len(line.lstrip()))


def _inline(text: str, labels: set[str]) -> str:
    parts = []
    last = 0
    for code in CODE.finditer(text):
        parts.append(_linked(text[last : code.start()], labels))
        # Followed by a letter the markup would not end: a backslash-escaped space ends it.
        parts.append(f"\\ ``{code[1]}``\\ ")
        last = code.end()
    parts.append(_linked(text[last:], labels))
    return "".join(parts)


def _linked(text: str, labels: set[str]) -> str:
    """The text, its markup characters escaped, labels of statements as links."""
    pieces = re.split(r"\b((?:thm|prop|lem|cor)-[a-z0-9-]+)\b", text)
    return "".join(
        f"\\ :prf:ref:`{piece}`\\ " if piece in labels else MARKUP.sub(r"\\\1", piece)
        for piece in pieces
    )


ARRAY = re.compile(
    r"(?:numpy\.)?ndarray\[tuple\[(?:Any|int), \.\.\.\], (?:numpy\.)?dtype\[(?:numpy\.)?(\w+)\]\]"
)


def short_arrays(
    app: Sphinx,
    what: str,
    name: str,
    obj: object,
    options: Any,
    signature: str | None,
    returns: str | None,
) -> tuple[str | None, str | None]:
    """Show an array type as it is written, NDArray[float64]."""

    def short(text: str | None) -> str | None:
        return text and ARRAY.sub(r"NDArray[\1]", text)

    return short(signature), short(returns)


def setup(app: Sphinx) -> None:
    app.connect("autodoc-process-signature", short_arrays)
    app.connect("source-read", write_reference)
    app.connect("autodoc-process-docstring", plain_docstring)
