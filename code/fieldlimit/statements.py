"""The registry that ties each statement of the text to the one function that computes it.

A label names the same thing three times: `:label:` in a chapter, `@states(label)` on a function of
this library, `@pytest.mark.checks(label)` on a test. tests/test_statements.py asserts that the
three sets are equal, and the ledger of the book prints them side by side.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

_Function = TypeVar("_Function", bound=Callable[..., Any])

_registered: dict[str, Callable[..., Any]] = {}

STATEMENTS: Mapping[str, Callable[..., Any]] = MappingProxyType(_registered)
"""Label -> the function that states it. Complete once `import_all` has run."""

EXEMPT: Mapping[str, str] = MappingProxyType(
    {
        "lem-products": "an identity between spectra; its numbers are those of prop-restriction",
        "lem-bumps": "existence of small sets, without a rate; its use is prop-why-not-l2",
        "thm-mercer": "cited and not leant on: the book's kernels are given by their eigenpairs, "
        "whose sums are computed and tested under prop-native-spectrum",
        "lem-compensation": "a tool of two proofs; the numbers that follow from it are computed "
        "and tested under prop-lnp-well-defined and prop-lnp-drift",
        "thm-persistence": "cited, without constants: C1-closeness for some threshold; what it says "
        "of cycles is proved, computed and tested under thm-cycle",
    }
)
"""Purely qualitative statements -> why neither a function nor a test can carry them."""


def states(label: str) -> Callable[[_Function], _Function]:
    """Register the decorated function as the one that computes statement `label`.

    Sets `function.label`. Raises ValueError when another function already holds the label.
    """
    if not label or label != label.strip().lower():
        raise ValueError(f"a label is lower case without outer spaces, but label = {label!r}")

    def register(function: _Function) -> _Function:
        holder = _registered.get(label)
        if holder is not None and _name(holder) != _name(function):
            raise ValueError(
                f"a statement has one function, but {label!r} is held by {_name(holder)} "
                f"and claimed by {_name(function)}"
            )
        _registered[label] = function
        function.label = label  # type: ignore[attr-defined]
        return function

    return register


def import_all() -> Mapping[str, Callable[..., Any]]:
    """Import every module of the library, so that STATEMENTS is complete, and return it."""
    package = importlib.import_module("fieldlimit")
    for module in pkgutil.walk_packages(package.__path__, prefix="fieldlimit."):
        if not module.name.startswith("fieldlimit.explorables"):
            importlib.import_module(module.name)
    return STATEMENTS


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"
