"""Every code name of the notation page exists in the library."""

import importlib
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "chapters" / "notation.md"
MODULES = "spaces|kernels|field|network|nonlinearities|quadrature|concentration|classical"
NAMES = sorted(set(re.findall(rf"`((?:{MODULES})\.[\w.]+)`", PAGE.read_text("utf-8"))))


def test_the_page_names_code():
    assert len(NAMES) > 30


@pytest.mark.parametrize("name", NAMES)
def test_name_exists(name):
    module, *path = name.split(".")
    found = importlib.import_module(f"fieldlimit.{module}")
    for part in path:
        if part in getattr(found, "__dataclass_fields__", {}):  # a field without default
            return
        if part in getattr(found, "__annotations__", {}):  # an attribute of a protocol
            return
        assert hasattr(found, part), f"{name} stands on the notation page, but {part} is missing"
        found = getattr(found, part)
