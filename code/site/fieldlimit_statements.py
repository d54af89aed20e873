"""Statements, proofs and solutions as the book shows them.

A proof begins with an italic word and ends with a mark; a solution is a <details> that works without a
script; the containers inside statements carry no id, since a page would have the same one many times.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx_exercise.nodes import solution_node
from sphinx_exercise.nodes import visit_solution_node as visit_solution_elsewhere


class Proof(SphinxDirective):
    """```{prf:proof}``` or, away from its statement, ```{prf:proof} of Theorem 7.3```."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        body = nodes.container(classes=["proof-body"])
        self.state.nested_parse(self.content, self.content_offset, body)
        word = nodes.inline(classes=["proof-word"])
        text = f"Proof {self.arguments[0]}." if self.arguments else "Proof."
        inline, messages = self.state.inline_text(text, self.lineno)
        word.extend(inline)
        _paragraph(body, first=True).insert(0, word)
        _paragraph(body, first=False).append(nodes.inline(classes=["proof-end"]))
        return [body, *messages]


def _paragraph(body: nodes.container, *, first: bool) -> nodes.paragraph:
    """The paragraph that begins or ends the proof; a new one when it begins or ends with something else."""
    end = body.children[0 if first else -1] if body.children else None
    if isinstance(end, nodes.paragraph):
        return end
    paragraph = nodes.paragraph()
    body.insert(0 if first else len(body.children), paragraph)
    return paragraph


CONTENTS = {"proof-content", "exercise-content", "solution-content"}


def drop_repeated_ids(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for section in doctree.findall(nodes.section):
        section["ids"] = [name for name in section["ids"] if name not in CONTENTS]


def visit_solution(self: Any, node: nodes.Element) -> None:
    """<details>, its summary the solution's title."""
    title = node.children[0]
    self.body.append(self.starttag(node, "details"))
    self.body.append("<summary>")
    for child in title.children:
        child.walkabout(self)
    self.body.append("</summary>\n")
    node.remove(title)


def depart_solution(self: Any, node: nodes.Element) -> None:
    self.body.append("</details>\n")


def depart_elsewhere(self: Any, node: nodes.Element) -> None:
    self.body.append("\n")


def setup(app: Sphinx) -> None:
    app.add_directive_to_domain("prf", "proof", Proof, override=True)
    app.add_node(
        solution_node,
        override=True,
        html=(visit_solution, depart_solution),
        singlehtml=(visit_solution, depart_solution),
        latex=(visit_solution_elsewhere, depart_elsewhere),
    )
    app.connect("doctree-resolved", drop_repeated_ids)
