"""Chapter numbers from file names: 07-concentration is chapter 7, notation is appendix D.

The numbers are fixed while chapters are still missing, so that Theorem 7.3 keeps its name for ever.
"""

from __future__ import annotations

import re
from typing import Any, cast

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors.toctree import TocTreeCollector
from sphinx_external_toc.collectors import disable_builtin_toctree_collector

APPENDICES = {
    "probability": "A",
    "functional-analysis": "B",
    "numerical-methods": "C",
    "notation": "D",
    "ledger": "E",
    "library": "F",
    "teachers": "G",
    "bibliography": "H",
}
DEPTH = 2  # chapters and their sections have numbers, subsections have not

Number = tuple[int | str, ...]


def chapter_number(docname: str) -> Number:
    """(7,) for 07-concentration, ("D",) for notation, () for a page without a number."""
    if match := re.match(r"(\d+)-", docname):
        return (int(match[1]),)
    return (APPENDICES[docname],) if docname in APPENDICES else ()


class ChapterNumbers(TocTreeCollector):
    """Numbers chapters by file name and, by that, their sections, theorems, equations and exercises."""

    def assign_section_numbers(self, env: BuildEnvironment) -> list[str]:
        old, env.toc_secnumbers = env.toc_secnumbers, {}
        for docname, toc in env.tocs.items():
            if number := chapter_number(docname):
                env.toc_secnumbers[docname] = numbers = cast(Any, {})
                env.titles[docname]["secnumber"] = number
                _number_entries(toc, number, numbers)
        return [name for name in env.tocs if env.toc_secnumbers.get(name) != old.get(name)]


def _number_entries(
    entries: nodes.Element, chapter: Number, numbers: dict[str, Number], parent: Number = ()
) -> None:
    """Number the entries of one level: the chapter itself, then its sections 7.1, 7.2, ..."""
    count = 0
    for item in entries.children:
        if not isinstance(item, nodes.list_item):
            continue
        count += 1
        number = (*parent, count) if parent else chapter
        for child in item.children:
            if isinstance(child, addnodes.compact_paragraph):
                reference = cast(nodes.reference, child[0])
                shown = number if len(number) <= DEPTH else ()
                reference["secnumber"] = shown or None
                numbers[reference["anchorname"]] = shown
            elif isinstance(child, nodes.bullet_list):
                _number_entries(child, chapter, numbers, number)


def setup(app: Sphinx) -> None:
    disable_builtin_toctree_collector(app)
    app.add_env_collector(ChapterNumbers)
