"""Which code may import which (`docs/architecture.md`).

Models stand in an order and know only what is below them; pages may show what they like; the ground
rooms know nothing of ours.
"""

import ast
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
GROUND = ("practice.text", "practice.web", "practice.database")
MODELS_IN_ORDER = (
    "practice.accounts",
    "practice.audit",
    "clients",
    "relationships",
    "practice.diary",
    "practice.booking",
    "practice.profiles",
)
PATHS = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for folder in ("practice", "clients", "relationships")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
}


def is_in(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def app_of(module: str) -> str | None:
    """Return the app with tables that a module belongs to, if it belongs to one."""
    return next((app for app in MODELS_IN_ORDER if is_in(module, app)), None)


def imports_in(source: str) -> set[str]:
    """Return what a module imports, wherever in it: modules, and names that may be modules."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@cache
def imports_of(module: str) -> frozenset[str]:
    """Return the modules of ours that a module of ours imports."""
    return frozenset(imports_in(PATHS[module].read_text()) & PATHS.keys()) - {module}


def reach_of(module: str) -> set[str]:
    """Return every module of ours that is loaded because of this one."""
    seen, waiting = set(), [module]
    while waiting:
        for imported in imports_of(waiting.pop()) - seen:
            seen.add(imported)
            waiting.append(imported)
    return seen


MODEL_MODULES = [
    module for module in PATHS if app_of(module) and is_in(module, f"{app_of(module)}.models")
]


@pytest.mark.parametrize("module", [m for m in PATHS if m.startswith(GROUND)])
def test_the_ground_rooms_know_nothing_above_them(module):
    assert [m for m in reach_of(module) if not m.startswith((*GROUND, "practice.settings"))] == []


@pytest.mark.parametrize("module", MODEL_MODULES)
def test_models_know_only_models_below_them(module):
    below = MODELS_IN_ORDER[: MODELS_IN_ORDER.index(app_of(module)) + 1]
    allowed = (*below, *GROUND)

    assert [m for m in reach_of(module) if not any(is_in(m, room) for room in allowed)] == []


def test_figures_do_not_know_that_relationships_end():
    known = {m: imports_of(m) for m in PATHS if is_in(m, "practice.profiles")}

    assert {m for m, used in known.items() if any(is_in(u, "relationships") for u in used)} == set()


def test_no_two_modules_need_each_other():
    circles = {m for m in PATHS if m in reach_of(m)}

    assert circles == set()


def test_the_walk_sees_something():
    assert len(PATHS) > 100
    assert {app_of(m) for m in MODEL_MODULES} == set(MODELS_IN_ORDER)
    assert "clients.models" in reach_of("relationships.models")
    assert "practice.accounts.models" in reach_of("practice.diary.views")
    assert app_of("django.db") is None


def test_apps_are_installed_in_the_order_of_their_models():
    ours = [app for app in settings.INSTALLED_APPS if app in MODELS_IN_ORDER]

    assert ours == list(MODELS_IN_ORDER)
