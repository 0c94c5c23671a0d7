"""What the tests themselves are held to."""

import re

from tests.practice.source import ROOT

FILES = {path: path.read_text() for path in ROOT.glob("tests/**/*.py")}


def test_nothing_is_taken_from_a_test_module():
    """What several tests use stands in a plain module."""
    takes = re.compile(r"^\s*(?:from|import) (?:\.|tests\b)[\w.]*\btest_\w+", re.MULTILINE)

    assert takes.match("from tests.records.test_export import opened")
    assert [str(path) for path, source in FILES.items() if takes.search(source)] == []
