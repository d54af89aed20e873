"""Each statement of the text has one function and at least one test; and nothing else claims a label."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from fieldlimit.statements import EXEMPT, STATEMENTS, import_all, states

ROOT = Path(__file__).parent.parent
KINDS = ("theorem", "proposition", "lemma", "corollary")
OPENING = re.compile(r"^(?P<fence>[`:]{3,})\{prf:(?P<kind>" + "|".join(KINDS) + r")\}")


def stated(text: str, source: str = "text") -> list[str]:
    """Labels of the statements of a chapter, in order. A statement without one is an error."""
    labels = []
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        opening = OPENING.match(line)
        if opening is None:
            continue
        options = []
        for following in lines[number:]:
            if not following.startswith(":") or following.startswith(":::"):
                break
            options.append(following)
        found = [o.split(":label:")[1].strip() for o in options if o.startswith(":label:")]
        assert found and found[0], f"{source}, line {number}: this {opening['kind']} has no :label:"
        labels.append(found[0])
    return labels


def checked(source: str) -> set[str]:
    """Labels in @pytest.mark.checks(...) on the tests of a module, read without running it."""
    labels = set()
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "checks"
            and ast.unparse(node.func) == "pytest.mark.checks"
        ):
            labels |= {ast.literal_eval(argument) for argument in node.args}
    return labels


def labels_in_text() -> set[str]:
    labels: list[str] = []
    for chapter in sorted((ROOT / "chapters").glob("*.md")):
        labels += stated(chapter.read_text(encoding="utf-8"), chapter.name)
    twice = {label for label in labels if labels.count(label) > 1}
    assert not twice, f"stated twice: {sorted(twice)}"
    return set(labels)


def labels_in_tests() -> set[str]:
    modules = (ROOT / "tests").rglob("test_*.py")
    return set().union(*(checked(module.read_text(encoding="utf-8")) for module in modules))


def differences(text: set[str], functions: set[str], tests: set[str], exempt: set[str]) -> str:
    """What is missing where, one line each; empty when the three sets agree."""
    wanted = text - exempt
    parts = {
        "stated, but no function @states it": wanted - functions,
        "stated, but no test @pytest.mark.checks it": wanted - tests,
        "a function @states it, but no chapter does": functions - text,
        "a test checks it, but no chapter states it": tests - text,
        "exempt, but no chapter states it": exempt - text,
        "exempt, but a function or a test carries it": exempt & (functions | tests),
    }
    return "\n".join(f"{what}: {sorted(labels)}" for what, labels in parts.items() if labels)


def test_text_functions_and_tests_agree() -> None:
    missing = differences(labels_in_text(), set(import_all()), labels_in_tests(), set(EXEMPT))
    assert not missing, "\n" + missing


def test_every_exemption_has_a_reason() -> None:
    assert all(len(reason) > 20 for reason in EXEMPT.values())


def test_function_knows_its_label() -> None:
    assert all(
        getattr(function, "label", None) == label for label, function in import_all().items()
    )


def test_a_label_has_one_function() -> None:
    label = "thm-mcdiarmid"
    import_all()

    def impostor() -> None: ...

    with pytest.raises(ValueError, match="a statement has one function"):
        states(label)(impostor)
    assert STATEMENTS[label].__name__ == "mcdiarmid_deviation"


def test_the_check_names_what_is_missing() -> None:
    report = differences({"thm-a", "thm-b"}, {"thm-a", "thm-c"}, {"thm-a"}, set())
    assert "no function @states it: ['thm-b']" in report
    assert "no test @pytest.mark.checks it: ['thm-b']" in report
    assert "no chapter does: ['thm-c']" in report


def test_labels_are_read_from_chapters_and_tests() -> None:
    chapter = (
        "```{prf:theorem} A title\n:label: thm-x\n\nText.\n```\n:::{prf:lemma}\n:label: lem-y\n:::"
    )
    assert stated(chapter) == ["thm-x", "lem-y"]
    with pytest.raises(AssertionError, match="line 1: this corollary has no :label:"):
        stated("```{prf:corollary} No label\n\n```")
    assert checked('@pytest.mark.checks("thm-x", "lem-y")\ndef test_x(): ...') == {"thm-x", "lem-y"}
