"""What the documents name is there."""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.conf import settings

from relationships.models.choices import CODES, GROUPS

ROOT = Path(settings.BASE_DIR)
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("requirements/*.md")]
SECURITY = (ROOT / "docs" / "security.md").read_text()
FOLDERS = ["practice", "clients", "relationships", "benchmarks", "deploy", "tests", "templates"]
FOLDERS += ["docs", "static"]
OURS = rf"(?:{'|'.join([*FOLDERS, 'requirements'])})/[\w./-]*"
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


SOURCES = [
    path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".html", ".css", ".js") and path != Path(__file__)
]


def cited(text: str) -> list[str]:
    """Return the documents that a source file names."""
    return re.findall(r"[\w./-]*\w\.md\b", text)


def test_comments_cite_only_documents_that_exist():
    found = {path: cited(path.read_text()) for path in SOURCES}

    assert sum(map(len, found.values())) > 20
    assert [(p, d) for p, names in found.items() for d in names if not (ROOT / d).exists()] == []


def test_what_a_comment_cites_is_found():
    assert cited("see `docs/nothing.md` 2.4 and domain.md.") == ["docs/nothing.md", "domain.md"]


def test_a_rule_that_code_cites_has_its_number():
    domain = (ROOT / "docs" / "domain.md").read_text()
    sections = re.split(r"^## (\d)\. .*$", domain, flags=re.MULTILINE)[1:]
    rules = {
        f"{number}.{rule}"
        for number, text in zip(sections[::2], sections[1::2], strict=True)
        for rule in re.findall(r"^(\d+)\. ", text, re.MULTILINE)
    }
    numbers = {
        number
        for path in SOURCES
        for found in re.findall(r"docs/domain\.md` (\d[\d., ]*)", path.read_text())
        for number in re.findall(r"\d+\.\d+", found)
    }

    assert len(numbers) > 5
    assert numbers - rules == set()


def test_the_reasons_are_those_of_the_code():
    rows = re.findall(
        r"^\| `(\w+)` \| (.+) \| (.+) \| (.+) \| (.+) \|$",
        (ROOT / "docs" / "domain.md").read_text(),
        re.MULTILINE,
    )

    assert rows == [
        (
            reason.value,
            reason.label,
            ", ".join(CODES[reason].nhs_talking_therapies),
            CODES[reason].teds_d or "–",
            CODES[reason].fhir_episode_of_care,
        )
        for reasons in GROUPS.values()
        for reason in reasons
    ]


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
