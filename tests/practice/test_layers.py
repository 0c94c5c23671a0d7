"""Which code may import which (`docs/architecture.md`).

Models stand in an order and know only what is below them; pages may show what they like; the ground
rooms know nothing of ours.
"""

import ast
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
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
    "practice.notifications",
    "practice.profiles",
    "practice.imports",
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


class OnlyForTypes(ast.NodeTransformer):
    """Leaves out what only the type checker reads: it is never loaded."""

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        is_only_for_types = ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        return node.orelse if is_only_for_types else self.generic_visit(node)


def imports_in(source: str) -> set[str]:
    """Return what a module imports, wherever in it: modules, and names that may be modules."""
    found = set()
    for node in ast.walk(OnlyForTypes().visit(ast.parse(source))):
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


def spelled_in(source: str) -> set[str]:
    """Return every name by which a module can reach a column or a relation.

    Attributes, arguments, and what stands between the underscores of a lookup, also in a text.
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.keyword) and node.arg:
            found |= set(node.arg.split("__"))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(node.value.removeprefix("-").split("__"))
    return found


def names_leading_up_from(app: str) -> set[str]:
    """Return the reverse names, for attributes and for lookups, that apps above this one give."""
    above = MODELS_IN_ORDER[MODELS_IN_ORDER.index(app) + 1 :]
    relations = [
        field.remote_field
        for model in apps.get_models()
        if model.__module__.startswith(above)
        for field in model._meta.get_fields()
        if field.remote_field and field.concrete and not field.remote_field.hidden
    ]
    accessors = {relation.get_accessor_name() for relation in relations}
    return accessors | {relation.field.related_query_name() for relation in relations}


@pytest.mark.parametrize("module", MODEL_MODULES)
def test_models_spell_no_name_that_leads_to_an_app_above_them(module):
    leading_up = names_leading_up_from(app_of(module))

    assert spelled_in(PATHS[module].read_text()) & leading_up == set()


@pytest.mark.parametrize(
    "planted",
    [
        "self.sessions.all().delete()",
        "therapist.sessions.standing().filter(ends_at__gt=since)",
        "clients.filter(relationships__sessions__state='booked')",
        "clients.annotate(last=Max('relationships__sessions__ends_at'))",
        "clients.order_by('-relationships__sessions__starts_at')",
        "therapists.select_related('profile')",
        "therapists.filter(Q(profile__is_published=True))",
        "getattr(therapist, 'booking_rules')",
        "clients.filter(**{f'{relationship}__sessions__state': 'booked'})",
        "therapist.weekly_hours",
    ],
)
def test_a_name_that_leads_up_is_found(planted):
    assert spelled_in(planted) & names_leading_up_from("relationships")


def test_names_that_lead_sideways_or_down_are_none():
    code = "self.participations.filter(relationship__therapist=self.therapist, client__name='Ann')"

    assert spelled_in(code) & names_leading_up_from("relationships") == set()
    assert names_leading_up_from("practice.imports") == set()
    assert {"clients", "sessions", "profile", "events"} <= names_leading_up_from("practice.audit")


ENDINGS = {"status", "end_reason", "end_note", "ended_at", "ended_by", "is_ended", "events"}


@pytest.mark.parametrize("module", [m for m in PATHS if is_in(m, "practice.profiles")])
def test_figures_do_not_know_that_relationships_end(module):
    assert {used for used in imports_of(module) if is_in(used, "relationships")} == set()
    assert spelled_in(PATHS[module].read_text()) & ENDINGS == set()


def test_no_two_modules_need_each_other():
    circles = {m for m in PATHS if m in reach_of(m)}

    assert circles == set()


def test_what_only_the_type_checker_reads_is_no_import():
    source = """
if TYPE_CHECKING:
    import one
else:
    import two
if settings.DEMO:
    import three
"""

    assert imports_in(source) == {"two", "three"}


def test_the_walk_sees_something():
    assert len(PATHS) > 100
    assert {app_of(m) for m in MODEL_MODULES} == set(MODELS_IN_ORDER)
    assert "clients.models" in reach_of("relationships.models")
    assert "practice.accounts.models" in reach_of("practice.diary.views")
    assert app_of("django.db") is None


def test_apps_are_installed_in_the_order_of_their_models():
    ours = [app for app in settings.INSTALLED_APPS if app in MODELS_IN_ORDER]

    assert ours == list(MODELS_IN_ORDER)
