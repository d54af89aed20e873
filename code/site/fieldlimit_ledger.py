"""The ledger: each statement of the book with its function, its tests and its measured tightness.

Text, library and tests name a statement by its label; the ledger is read off the three. The tightness
comes from the cell of the ledger page that measures it, by keys `tightness-LABEL` and `measured-LABEL`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

import fieldlimit_numbers

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```\{statement-ledger\}\n```$", re.MULTILINE)
OPENING = re.compile(r"^[`:]{3,}\{prf:(theorem|proposition|lemma|corollary)\} *(.*)$")


@dataclass(frozen=True)
class Statement:
    label: str
    kind: str
    title: str
    chapter: str  # name of its file


def statements(app: Sphinx) -> list[Statement]:
    """The statements of the chapters that are built, in the order of the book."""
    return [
        statement
        for docname in app.config.external_site_map
        if (path := Path(app.srcdir) / f"{docname}.md").exists()
        for statement in read_statements(path)
    ]


def read_statements(chapter: Path) -> Iterator[Statement]:
    lines = chapter.read_text(encoding="utf8").splitlines()
    for number, line in enumerate(lines):
        if opening := OPENING.match(line):
            for option in lines[number + 1 :]:
                if option.startswith(":label:"):
                    label = option.removeprefix(":label:").strip()
                    yield Statement(label, opening[1], opening[2].strip(), chapter.stem)
                if not option.startswith(":"):
                    break


def labels(app: Sphinx) -> set[str]:
    return {statement.label for statement in statements(app)}


def tests() -> Mapping[str, list[str]]:
    """Label -> the tests that check it, as file:name."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                for label in checked(node):
                    found.setdefault(label, []).append(f"{path.name}:{node.name}")
    return found


def checked(node: ast.FunctionDef | ast.ClassDef) -> Iterator[str]:
    """Labels in the decorators @pytest.mark.checks(...)."""
    for decorator in node.decorator_list:
        for call in ast.walk(decorator):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.checks":
                yield from (ast.literal_eval(argument) for argument in call.args)


# ---- the page ------------------------------------------------------------------------------------


def write_ledger(app: Sphinx, docname: str, source: list[str]) -> None:
    """Replace the fence {statement-ledger} by the ledger."""
    if FENCE.search(source[0]):
        text = "\n\n".join(sections(app, glued_keys(app, docname)))
        source[0] = FENCE.sub(lambda _: text, source[0])


def sections(app: Sphinx, keys: set[str]) -> Iterator[str]:
    """One table for each chapter, then how each tightness was measured."""
    from fieldlimit.statements import EXEMPT, import_all

    functions, tested = import_all(), tests()
    book = statements(app)
    for chapter in dict.fromkeys(statement.chapter for statement in book):
        yield f"## {chapter_heading(Path(app.srcdir) / f'{chapter}.md')}"
        rows = [
            row(statement, functions, tested, EXEMPT, keys)
            for statement in book
            if statement.chapter == chapter
        ]
        yield "\n".join(["| Statement | Tightness | Function and tests |", "|:--|--:|:--|", *rows])
    measured = [s.label for s in book if f"measured-{s.label}" in keys]
    if measured:
        yield "## How the tightness was measured"
        yield "\n".join(
            f"- {{prf:ref}}`{label}`: {{glue:text}}`measured-{label}`." for label in measured
        )


def chapter_heading(chapter: Path) -> str:
    number = ".".join(map(str, fieldlimit_numbers.chapter_number(chapter.stem)))
    title = re.search(r"^# (.+)$", chapter.read_text(encoding="utf8"), re.MULTILINE)
    kind = "Appendix" if number.isalpha() else "Chapter"
    return f"{kind} {number}: {title[1] if title else chapter.stem}"


def row(
    statement: Statement,
    functions: Mapping[str, Any],
    tested: Mapping[str, list[str]],
    exempt: Mapping[str, str],
    keys: set[str],
) -> str:
    from fieldlimit_reference import public_name

    label = statement.label
    # A pipe would end the cell.
    title = statement.title.replace("|", r"\vert ")
    name = f"{{prf:ref}}`{label}`" + (f"<br>{title}" if title else "") + f"<br>`{label}`"
    if label in exempt:
        where = f"no function: {exempt[label]}"
    elif label in functions:
        where = f"{{py:obj}}`~{public_name(functions[label])}`"
    else:
        where = "no function yet"
    where += "".join(f"<br>`{test}`" for test in tested.get(label, []))
    tight = f"{{glue:text}}`tightness-{label}`" if f"tightness-{label}" in keys else ""
    return f"| {name} | {tight} | {where} |"


def glued_keys(app: Sphinx, docname: str) -> set[str]:
    """Names that the page's executed cells have glued; none when the page was not executed."""
    from jupyter_cache import get_cache
    from myst_nb.core.read import read_myst_markdown_notebook
    from myst_parser.config.main import MdParserConfig

    path = Path(app.srcdir) / f"{docname}.md"
    cache = get_cache(app.config.nb_execution_cache_path)
    text = path.read_text(encoding="utf8")
    notebook = read_myst_markdown_notebook(text, config=MdParserConfig(), path=str(path))
    try:
        _, executed = cache.merge_match_into_notebook(notebook)
    except KeyError:
        return set()
    return {
        output.metadata["scrapbook"]["name"].removeprefix("application/papermill.record/")
        for cell in executed.cells
        for output in cell.get("outputs", [])
        if "scrapbook" in output.get("metadata", {})
    }


def note_tests(
    app: Sphinx, env: Any, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Chapters and tests make the ledger: it is read again whenever the book is."""
    return [name for name in ("ledger", "library") if name in env.found_docs and name not in added]


def setup(app: Sphinx) -> None:
    app.connect("source-read", write_ledger)
    app.connect("env-get-outdated", note_tests)
