"""docs/requirements.md is today's, and the tests that it names are there."""

from __future__ import annotations

from helpers import ROOT
from requirements_table import REQUIREMENTS, page, written_tests


def test_the_page_is_generated_and_names_tests_that_are_there() -> None:
    assert (ROOT / "docs" / "requirements.md").read_text() == page(), "python tests/requirements_table.py"
    named = {t for _, _, tests in REQUIREMENTS.values() for t in tests}
    assert named <= set(written_tests()), named - set(written_tests())
    assert sorted(REQUIREMENTS) == list(range(1, 33))
    assert all(tests for _, _, tests in REQUIREMENTS.values()), "a requirement without a test"
