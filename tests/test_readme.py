"""The example of the README runs and prints what the README says."""

import doctest
from pathlib import Path


def test_example():
    readme = Path(__file__).parents[1] / "README.md"
    failed, attempted = doctest.testfile(str(readme), module_relative=False, encoding="utf-8")
    assert attempted > 5 and failed == 0
