"""What the documents name is there."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("requirements/*.md")]
SECURITY = (ROOT / "docs" / "security.md").read_text()
OURS = r"(?:practice|clients|relationships|tests|templates|static|docs|requirements)/[\w./-]*"
# What shapes this application (levels 1 and 2), and what it takes from level 3.
ASVS = """
    2.3.3 2.3.4 3.3.3 3.4.7 3.4.8 3.5.8 6.3.3 6.3.7 6.3.8 7.3.1 7.3.2 7.5.3 8.1.2 8.2.2 8.2.3
    8.3.2 8.4.1 13.2.2 14.2.6 14.2.7 14.3.1 14.3.2 14.3.3 15.3.1 15.3.3 15.4.2 16.3.2 16.4.2 16.5.4
"""
ROWS = dict(re.findall(r"^\| v5\.0\.0-([\d.]+) (\|.*)$", SECURITY, re.MULTILINE))


def missing(text: str, folder: Path) -> Iterator[str]:
    """Yield the paths, links and modules that a document in this folder names and that are not."""
    for code in re.findall(r"`([^`]+)`", text):
        yield from (path for path in re.findall(OURS, code) if not (ROOT / path).exists())
        yield from (m for m in re.findall(r"\btests\.[\w.]*\w", code) if not find_spec(m))
    for link in re.findall(r"\]\(([^)#]+)", text):
        if "://" not in link and not (folder / link).exists():
            yield link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_everything_a_document_names_is_there(document):
    assert list(missing(document.read_text(), document.parent)) == []


@pytest.mark.parametrize(
    "planted",
    [
        "shown by `tests/practice/test_nothing.py`",
        "`.venv/bin/pytest tests/nowhere`",
        "`python -m tests.harness.nothing --cycles 10`",
        "[here](../practice/nothing.py)",
    ],
)
def test_what_is_not_there_is_found(planted):
    assert list(missing(planted, ROOT / "docs"))


def test_every_requirement_that_shapes_the_application_has_a_row():
    assert list(ROWS) == ASVS.split()


@pytest.mark.parametrize("requirement", ROWS)
def test_a_row_names_what_shows_it_or_says_that_nothing_does(requirement):
    _, what, shown, _ = ROWS[requirement].split("|")

    assert what.strip()
    assert re.match(r" (`tests/\w+/\w+\.py`|Not met: \w)", shown)
