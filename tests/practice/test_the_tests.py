"""What the tests themselves are held to.

Every test runs on SQLite. Those that another database may answer differently run on PostgreSQL,
too, and are marked `database`: what is refused, who waits for whom, what is undone, whose rows are
shown, what is found, in which order, and what is counted there. Some folders are marked as a whole
(`tests/conftest.py`), and so is every test that commits; others say `pytestmark =
pytest.mark.database`, or have the marker on a single test. Elsewhere than in those folders
PostgreSQL is asked with the first parameters of a test, unless `database(each=True)` wants all.
What pages say is the same on both: a page that only one could show is met by the walk in
`tests/access`, which opens all, and by the browser. `manage.py test --everywhere` runs the rest on
PostgreSQL, too, with every parameter.
"""

import ast
import re
from collections.abc import Iterator

from tests.conftest import OF_THE_DATABASE
from tests.practice.source import ROOT

FILES = {path: path.read_text() for path in ROOT.glob("tests/**/*.py")}
# Whoever uses one of these speaks to the database itself.
ITSELF = re.compile(
    r"""\b(?:cursor|on_postgresql|on_sqlite
    |connection\.(?:vendor|ops|features|introspection|check_constraints)
    |raises\((?:Integrity|Database|Operational|Programming|Data)Error)""",
    re.VERBOSE,
)
MARK = re.compile(r"\bmark\.database\b|\btransaction=True\b")


def test_nothing_is_taken_from_a_test_module():
    """What several tests use stands in a plain module."""
    takes = re.compile(r"^\s*(?:from|import) (?:\.|tests\b)[\w.]*\btest_\w+", re.MULTILINE)

    assert takes.match("from tests.records.test_export import opened")
    assert [str(path) for path, source in FILES.items() if takes.search(source)] == []


def unmarked(source: str) -> Iterator[str]:
    """Yield the functions that speak to the database itself and are not marked."""
    body = ast.parse(source).body
    of_all = [ast.unparse(node) for node in body if isinstance(node, ast.Assign)]
    if any("pytestmark" in line and MARK.search(line) for line in of_all):
        return
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module == "tests.raw_sql":
            yield node.module
        if isinstance(node, ast.FunctionDef) and ITSELF.search(ast.unparse(node)):
            marks = " ".join(map(ast.unparse, node.decorator_list))
            yield from [] if MARK.search(marks) else [node.name]


def test_who_speaks_to_the_database_itself_asks_postgresql_too():
    planted = (
        "def test_x():\n    with pytest.raises(IntegrityError):\n        relationship.save()\n"
    )
    assert [*unmarked(planted)] == ["test_x"]
    assert [*unmarked(f"@pytest.mark.database\n{planted}")] == []

    folders = {*OF_THE_DATABASE, "browser", "practice"}
    modules = [path for path in FILES if path.name.startswith("test_")]
    found = {
        str(path.relative_to(ROOT)): [*unmarked(FILES[path])]
        for path in modules
        if path.parent.name not in folders
    }
    assert {module: names for module, names in found.items() if names} == {}
