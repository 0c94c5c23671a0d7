"""The house has floors, and nothing is imported from a floor above (`architecture.md` 1)."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
FLOORS = [
    "practice.accounts",
    "practice.audit",
    "clients",
    "relationships",
    "practice.diary",
    "practice.booking",
    "practice.profiles",
    "practice.giving",
    "practice",
]
# Who knows no table and may be used on every floor.
OF_ALL = {
    "practice.rows",
    "practice.http",
    "practice.identity",
    "practice.ids",
    "practice.middleware",
    "practice.moments",
    "practice.names",
    "practice.templatetags.wording",
    "practice.trace",
    "practice.walls",
}
FILES = [
    path
    for folder in ("practice", "clients", "relationships")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]


def floor_of(module: str) -> int | None:
    """Return on which floor a module stands; None for what is not ours or of all."""
    if module in OF_ALL or any(module.startswith(f"{name}.") for name in OF_ALL):
        return None
    homes = [f for f in FLOORS if module == f or module.startswith(f"{f}.")]
    return FLOORS.index(max(homes, key=len)) if homes else None


def imports_of(path: Path) -> set[str]:
    """Return the modules a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_nothing_is_imported_from_a_floor_above(path):
    here = floor_of(module_of(path))
    above = {
        module
        for module in imports_of(path)
        if module != "practice"
        and here is not None
        and (floor_of(module) or 0) > here
        and module not in OF_ALL
    }

    assert above == set()


def test_what_is_of_all_knows_no_table_of_ours_but_who_reads():
    for module in sorted(OF_ALL):
        path = ROOT / f"{module.replace('.', '/')}.py"
        used = {m for m in imports_of(path) if floor_of(m) not in (None, len(FLOORS) - 1)}
        assert used <= {
            "practice.accounts.access",
            "practice.accounts.access.therapist_of",
        }, module


def test_figures_do_not_know_that_relationships_end():
    for path in (ROOT / "practice" / "profiles").rglob("*.py"):
        own = {module.split(".")[0] for module in imports_of(path)}
        assert "relationships" not in own, path


def test_the_walk_sees_something():
    assert len(FILES) > 30
    assert imports_of(ROOT / "relationships" / "models.py") >= {"clients.models"}
    assert floor_of("practice.demo") == len(FLOORS) - 1
    assert floor_of("clients.models") == 2
    assert floor_of("django.db") is None


def test_apps_are_installed_from_the_lowest_floor_up():
    ours = [app for app in settings.INSTALLED_APPS if app in FLOORS]

    assert ours == [floor for floor in FLOORS if floor in ours]
