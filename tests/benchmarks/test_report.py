"""What the benchmark says of what it has found, and when it says that a goal is missed."""

from copy import deepcopy

import pytest
from django.core.management import CommandError, call_command

from benchmarks import report
from benchmarks.asking import hidden_fields
from benchmarks.measuring import Target
from benchmarks.pages import PAGES, PEERS, UNIT

SIZES = (20, 500, 5_000)


def line(page: str, size: int, goal: float | None, ratio: float | None) -> dict:
    counted = {"statements": 6, "bytes": 24_000, "buffers": 1_200, "scanned": []}
    measured = {"status": 200, "times": 9, "milliseconds": 9.0, "sent": 5_000}
    ratios = {"ratio": ratio, "cpu_ratio": 1.3, "cpu_floor": 1.2, "floor": goal and 1.1}
    return {"page": page, "of_therapist": size, "goal": goal} | ratios | counted | measured


def rate(number: float) -> dict:
    return {"a_second": number, "cpu_milliseconds": 1.0}


def waits(number: float, p95: float = 0.02) -> dict:
    return {"a_second": number, "median": 0.01, "p95": p95, "longest": 0.05}


@pytest.fixture
def found() -> dict:
    """A run in which every goal is met."""
    peers = [line(page.name, size, None, 4.0) for page in PEERS[1:] for size in SIZES]
    peers += [line(PEERS[0].name, size, None, 0.9) for size in SIZES]
    return {
        "database": "postgresql",
        "clients": 10_000,
        "pages": [line(page.name, size, page.goal, 1.4) for page in PAGES for size in SIZES],
        "peers": [line(UNIT.name, 500, None, 1.0), *peers],
        "throughput": {"Clients list": rate(300), "stock bare view": rate(400), "/me/": rate(350)},
        "together": {
            "people": waits(200),
            "endings": {"of one practice": waits(80), "of different ones": waits(90)},
            "dashboards": {"of one therapist": waits(90), "of different ones": waits(90)},
        },
        "megabytes": {"product": 180.0, "stock": 100.0},
        "first_profile": {"status": 200, "cpu_milliseconds": 30},
    }


def test_where_all_goals_are_met_nothing_is_missed(found):
    assert list(report.missed([found])) == []


def test_a_page_above_its_goal_is_missed_or_at_its_floor(found):
    slow = of(found, "tidy-up", 500)
    slow.update(ratio=2.3, floor=2.0)
    assert list(report.missed([found])) == []
    assert list(report.at_floor([found])) == [
        "PostgreSQL: tidy-up, of 500: 2.3 where 2.0 is the floor"
    ]

    slow.update(ratio=2.4)
    [missed] = report.missed([found])
    assert missed == "PostgreSQL: tidy-up, of 500: 2.4 where 2 is the goal, 2.0 the floor"
    assert list(report.at_floor([found])) == []


def test_a_page_whose_floor_is_not_known_is_missed(found):
    of(found, "tidy-up", 500).update(ratio=2.6, floor=None)

    assert len(list(report.missed([found]))) == 1


def of(found: dict, page: str, size: int) -> dict:
    rows = [*found["pages"], *found["peers"]]
    return next(row for row in rows if (row["page"], row["of_therapist"]) == (page, size))


@pytest.mark.parametrize(
    ("page", "size", "changed", "said"),
    [
        ("tidy-up", 500, {"ratio": 2.1}, "tidy-up, of 500: 2.1 where 2 is the goal, 1.1 the floor"),
        ("caseload", 20, {"ratio": None, "status": 503}, "caseload, of 20: answered 503"),
        ("caseload", 20, {"ratio": None, "status": 0}, "caseload, of 20: answered nothing"),
        ("diary week", 20, {"ratio": 1.0}, "diary week: 1.4 times as much of 5,000 as of 20"),
        ("Django admin changelist", 500, {"ratio": 1.3}, "slower than Django's admin"),
        ("stock bare view", 500, {"ratio": 0.8}, "/me/ takes 1.25 of the stock view"),
    ],
)
def test_what_misses_its_goal_is_said(found, page, size, changed, said):
    of(found, page, size).update(changed)

    [missed] = report.missed([found])
    assert missed.startswith("PostgreSQL: ")
    assert said in missed


def test_a_page_is_compared_between_practices_of_which_it_shows_as_much(found):
    of(found, "diary week", 20).update(ratio=0.7, bytes=8_000)
    assert list(report.missed([found])) == []

    of(found, "diary week", 500).update(ratio=1.0)
    assert list(report.missed([found])) == [
        "PostgreSQL: diary week: 1.4 times as much of 5,000 as of 500"
    ]


def test_too_few_lists_beside_stock_views_are_said(found):
    found["throughput"]["Clients list"] = rate(100)

    assert list(report.missed([found])) == [
        "PostgreSQL: 0.25 lists for each stock bare view, where 0.5 is the goal"
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"people": waits(200, p95=0.04)}, "of 16 people one in twenty waits 4.0 times"),
        (
            {"endings": {"of one practice": waits(20), "of different ones": waits(90)}},
            "endings of one practice, of different ones: 20 a second where others have 90",
        ),
    ],
)
def test_people_who_wait_for_each_other_are_said(found, changed, said):
    found["together"].update(changed)

    [missed] = report.missed([found])
    assert said in missed


def test_the_table_of_several_people_says_how_many_and_how_long(found):
    lines = report.table_together([found, deepcopy(found) | {"database": "sqlite"}])

    assert lines[0] == "| several at once | PostgreSQL | SQLite |"
    assert "| endings of one practice | 80 a second, p95 2.0, longest 5.0 |" in lines[3]
    assert len(lines) == 7


def test_the_table_has_a_line_for_every_page_and_peer(found):
    other = deepcopy(found) | {"database": "sqlite"}
    of(other, "records due", 5_000).update(ratio=None, status=503, statements=4)
    lines = report.table([found, other])

    assert lines[0].startswith("| page | goal | PostgreSQL, of 20 / 500 / 5,000 | floor | SQLite")
    assert len(lines) == 2 + len(PAGES) + 1 + len(PEERS)
    [due] = [line for line in lines if line.startswith("| records due")]
    met, floor, failed = "1.4 / 1.4 / 1.4", "1.1 / 1.1 / 1.1", "1.4 / 1.4 / 503!"
    counted = "6 / 4 | 24.0 (5.0) | 1,200"
    assert f"| 2 | {met} | {floor} | {failed} | {floor} | {counted} |" in due


def test_the_same_is_said_in_cpu(found):
    of(found, "dashboard", 20).update(cpu_ratio=None)

    [dashboard] = [line for line in report.table_of_cpu([found]) if line.startswith("| dashboard")]
    assert dashboard == "| dashboard | – / 1.3 / 1.3 | 1.2 / 1.2 / 1.2 |"


def test_the_data_name_what_a_ratio_is_of(found):
    pages = report.pages([found])

    first = next(page for page in pages if page["page"] == "Clients list")
    assert first["database"] == "postgresql"
    assert (first["clients"], first["of_therapist"], first["goal"]) == (10_000, 20, 1.5)
    assert (first["ratio"], first["floor"]) == (1.4, 1.1)
    assert (first["statements"], first["bytes"]) == (6, 24_000)


def test_a_document_gets_a_part_for_each_size_and_keeps_the_rest(tmp_path):
    document = tmp_path / "document"
    document.write_text("# Performance\n\nWords.\n")
    report.write_into(document, 10_000, ["old"])
    report.write_into(document, 1_000_000, ["large"])
    report.write_into(document, 10_000, ["new"])

    text = document.read_text()
    assert text.startswith("# Performance\n\nWords.\n")
    assert "old" not in text
    assert text.index("new") < text.index("large")
    assert text.count("<!-- 10,000 clients -->") == 1


def test_a_slow_page_leaves_time_for_the_others_and_a_press_never_stops():
    look, press = (next(p for p in PAGES if p.name == name) for name in ("caseload", "End post"))

    assert Target(look, 20, None, None, None, seconds=[1.0, 1.0, 1.0]).has_had(20)
    assert not Target(look, 20, None, None, None, seconds=[1.0, 1.0]).has_had(20)
    assert not Target(press, 20, None, None, None, seconds=[9.0] * 9).has_had(20)


def test_a_press_sends_what_its_page_had_hidden_in_it():
    page = '<input type="hidden" name="shown" value="50 &lt;min&gt;"><input name="q" value="x">'

    assert hidden_fields(page) == {"shown": "50 <min>"}


def test_fewer_clients_than_the_measured_therapists_have_are_refused():
    with pytest.raises(CommandError, match="6,000 clients or more"):
        call_command("benchmark", clients=500)
