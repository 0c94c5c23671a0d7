"""How PostgreSQL answers the pages of a filled installation: what it touches, what it reads whole.

A practice of 500 clients among 10,000: whatever reads a table from end to end reads everybody's.
"""

from collections.abc import Iterable, Iterator

import pytest
from django.apps import apps
from django.db import connection, transaction

from benchmarks.counting import browser_at, count
from benchmarks.fill import bulk, fill
from benchmarks.fill.load import COLUMNS
from benchmarks.pages import PAGES, Page, Stage
from benchmarks.watching import explain
from tests.application_role import application
from tests.benchmarks.budgets import OF_500, PAGE_QUERY
from tests.harness.installation import HOST

pytestmark = [
    pytest.mark.database,
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite counts no buffers"),
]
LARGE = {model._meta.db_table for model in COLUMNS}
PAGE = 'ORDER BY "clients_client"."sort_name" ASC, 1 ASC LIMIT '


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker) -> Iterator[None]:
    """Fill the database, for all tests of this module; empty it in the end."""
    with django_db_blocker.unblock():
        end_other_transactions()
        fill(10_000)
        yield
        empty()


def end_other_transactions() -> None:
    """End what a thread of a former test has left open.

    As long as somebody may see what was before, VACUUM cannot note that everybody sees every row;
    then no index answers alone, and PostgreSQL rather reads a table from end to end.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND state LIKE 'idle in transaction%'"
        )


def empty() -> None:
    """Take away everything but what migrations have made."""
    tables = {model._meta.db_table for model in apps.get_models() if model._meta.managed}
    tables = sorted(tables - {"django_content_type", "auth_permission"})
    with transaction.atomic():
        rules = bulk.OfPostgreSQL(tables)
        present = rules.read()
        rules.take_away(present)
        bulk.do(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")
        rules.make(present)


@pytest.fixture
def stages(filled: None, settings) -> dict[int, Stage]:
    settings.ALLOWED_HOSTS = [HOST]
    return {size: Stage.of_probe(size) for size in (20, 500, 5_000)}


def over_limit(stage: Stage, pages: Iterable[Page] = PAGES) -> list[str]:
    """Return a line for each page that touches, sends or reads more than it may."""
    lines = []
    for page in (page for page in pages if page.sends is None):
        found, limit = count(page, stage), OF_500[page.name]
        assert found.status == 200, page.name
        if found.buffers > limit.buffers:
            lines.append(f"{page.name}: {found.buffers} buffers")
        if found.bytes > limit.bytes:
            lines.append(f"{page.name}: {found.bytes} bytes")
        if scans := {*found.scanned} & LARGE - limit.scans:
            lines.append(f"{page.name}: reads all of {', '.join(sorted(scans))}")
    return lines


@pytest.fixture
def forgotten(stages: dict[int, Stage]) -> Iterator[None]:
    """Forget the plans that functions of the database keep, once they were made for a plant."""
    yield
    bulk.do("DISCARD PLANS")


def buffers_of_page(stage: Stage) -> int:
    """Return what the query touches that finds the clients of a page of the list."""
    page = next(page for page in PAGES if page.name == "Clients list")
    browser = browser_at(page, stage)
    with application(), explain() as explained:
        browser.get(page.path(stage))
    [found] = [plan for plan in explained.plans if PAGE in plan.sql]
    return found.buffers


def test_a_page_touches_reads_and_sends_no_more_than_is_written_down(stages):
    assert over_limit(stages[500]) == []


def test_a_page_of_the_list_is_found_at_the_same_cost_in_every_practice(stages):
    buffers = {size: buffers_of_page(stage) for size, stage in stages.items()}

    assert max(buffers.values()) <= PAGE_QUERY, buffers


PLANTED = {
    "a dropped index": ["DROP INDEX client_a_to_z", "DROP INDEX client_active_a_to_z"],
    "a policy with OR": [
        "DROP POLICY a_therapist ON clients_client",
        "CREATE POLICY a_therapist ON clients_client USING ("
        "therapist_id = (SELECT acting_therapist()) OR account_id = (SELECT acting_account()))",
    ],
}


@pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)
@pytest.mark.usefixtures("forgotten")
def test_what_makes_the_database_read_more_is_found(stages, planted):
    for statement in planted:
        bulk.do(statement)

    # A page of 500 clients is nearly all of the active ones, so it would read no more.
    assert buffers_of_page(stages[5_000]) > PAGE_QUERY


@pytest.mark.usefixtures("forgotten")
def test_a_table_that_is_read_from_end_to_end_is_found(stages):
    for way in ("indexscan", "bitmapscan", "indexonlyscan"):
        bulk.do(f"SET LOCAL enable_{way} = off")

    diary = [page for page in PAGES if page.name == "diary week"]
    *_, last = over_limit(stages[500], diary)
    assert last.startswith("diary week: reads all of")
    assert "diary_session" in last
