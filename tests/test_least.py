"""The least number for which something holds, against counting."""

from __future__ import annotations

import pytest

from fieldlimit.least import least_number


@pytest.mark.parametrize("first", [1, 2, 3, 7, 8, 9, 100])
def test_the_least_is_found_with_few_questions(first):
    """At most 2 log_2 of it, and two more; `most` itself is reached too."""
    asked: list[int] = []

    def good(N: int) -> bool:
        asked.append(N)
        return first <= N

    assert least_number(good, 1000, str) == first
    assert len(asked) <= 2 * first.bit_length() + 2
    assert least_number(good, first, str) == first


def test_where_there_is_none_the_reason_is_said():
    with pytest.raises(ValueError, match="N <= 6 is needed to certify, but at N = 6: 6 is too few"):
        least_number(lambda N: N > 6, 6, lambda N: f"{N} is too few")
