"""What was found: one table of ratios, which goals were missed, and the same as data."""

import os
import platform
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.pages import FLAT, PAGES

NAMES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
LIST, STOCK, ADMIN = "Clients list", "stock bare view", "Django admin changelist"
# Beside Django's own settings: the unit itself, and how many lists are served for each bare view.
MOST_OF_UNIT, FEWEST_LISTS = 1.15, 0.5
# Of several people at once: how much longer than usual one of twenty waits, and how many of one
# practice are served for each that is served of different ones.
MOST_OF_MEDIAN, FEWEST_OF_ONE = 3, 0.8
# Whatever takes longer than its goal, and no more than so many times its floor, is at its floor.
AT_FLOOR = 1.15
# A page of a small practice may have fewer rows. Of two practices it is compared where it is about
# as large: so much of the larger one at least.
AS_LARGE = 0.8
NONE = "–"
Found = dict[str, Any]  # what `one_database` writes


def pages(found: Iterable[Found]) -> Iterator[dict[str, Any]]:
    """Yield every page of every therapist as data."""
    for run in found:
        for row in run["pages"]:
            kept = ("page", "of_therapist", "ratio", "goal", "floor", "statements", "bytes")
            more = ("cpu_ratio", "cpu_floor", "sent", "buffers", "scanned", "status", "times")
            database = {"database": run["database"], "clients": run["clients"]}
            yield database | {name: row[name] for name in (*kept, *more)}


def missed(found: Iterable[Found]) -> Iterator[str]:
    """Yield a line for every goal that is missed."""
    for run in found:
        database = NAMES[run["database"]]
        for row in run["pages"]:
            where = f"{database}: {row['page']}, of {row['of_therapist']:,}"
            if row["ratio"] is None:
                yield f"{where}: answered {row['status'] or 'nothing'}"
            elif row["ratio"] > row["goal"] and not _is_at_floor(row):
                goal = f"{row['goal']} is the goal, {row['floor']} the floor"
                yield f"{where}: {row['ratio']} where {goal}"
        yield from (f"{database}: {line}" for line in _beside_others(run))


def at_floor(found: Iterable[Found]) -> Iterator[str]:
    """Yield a line for every page that is above its goal, and at its floor."""
    for run in found:
        for row in run["pages"]:
            if row["ratio"] and row["ratio"] > row["goal"] and _is_at_floor(row):
                where = f"{NAMES[run['database']]}: {row['page']}, of {row['of_therapist']:,}"
                yield f"{where}: {row['ratio']} where {row['floor']} is the floor"


def _is_at_floor(row: dict[str, Any]) -> bool:
    return bool(row["floor"]) and row["ratio"] <= row["floor"] * AT_FLOOR


def _beside_others(run: Found) -> Iterator[str]:
    rows = {(row["page"], row["of_therapist"]): row for row in run["pages"]}
    ratios = {which: row["ratio"] for which, row in rows.items()}
    peers = {(row["page"], row["of_therapist"]): row["ratio"] for row in run["peers"]}
    sizes = sorted({size for _, size in ratios})
    for page in (page.name for page in PAGES if page.is_bounded):
        large = rows[page, sizes[-1]]
        alike = (size for size in sizes if rows[page, size]["bytes"] >= large["bytes"] * AS_LARGE)
        smallest = next(alike)
        least, most = ratios[page, smallest], large["ratio"]
        if least and most and most > least * FLAT:
            yield f"{page}: {most / least:.1f} times as much of {sizes[-1]:,} as of {smallest}"
    for size in sizes:
        own, admins = ratios[LIST, size], peers[ADMIN, size]
        if own and admins and own > admins:
            yield f"{LIST}, of {size:,}: slower than Django's admin"
    stock = peers[STOCK, sizes[len(sizes) // 2]]
    if stock and 1 / stock > MOST_OF_UNIT:
        yield f"/me/ takes {1 / stock:.2f} of the stock view, where {MOST_OF_UNIT} is the goal"
    yield from _together(run["together"])
    lists = _lists(run)
    if lists < FEWEST_LISTS:
        yield f"{lists:.2f} lists for each stock bare view, where {FEWEST_LISTS} is the goal"


def _together(at_once: dict[str, Any]) -> Iterator[str]:
    waits = at_once["people"]["p95"] / at_once["people"]["median"]
    if waits > MOST_OF_MEDIAN:
        yield f"of 16 people one in twenty waits {waits:.1f} times as long as usual"
    for what in ("endings", "dashboards"):
        one, different = (rate["a_second"] for rate in at_once[what].values())
        if one < different * FEWEST_OF_ONE:
            names = ", ".join(at_once[what])
            yield f"{what} {names}: {one:.0f} a second where others have {different:.0f}"


def _lists(run: Found) -> float:
    lists, bare = (run["throughput"][name]["a_second"] for name in (LIST, STOCK))
    return lists / bare if bare else 0


def table(found: list[Found]) -> list[str]:
    """Return the table, in Markdown: a line for each page, three ratios for each database."""
    sizes = sorted({row["of_therapist"] for run in found for row in run["pages"]})
    of_sizes = " / ".join(f"{size:,}" for size in sizes)
    titles = [t for run in found for t in (f"{NAMES[run['database']]}, of {of_sizes}", "floor")]
    statements = " / ".join(NAMES[run["database"]] for run in found)
    head = ["page", "goal", *titles, f"statements, {statements}", "kB (sent)", "buffers"]
    lines = [_line(head), _line(["---"] * len(head))]
    for page in [*PAGES, *_names_of_peers(found)]:
        name = page if isinstance(page, str) else page.name
        goal = NONE if isinstance(page, str) else f"{page.goal:g}"
        rows = [_rows(run, name, sizes) for run in found]
        last = [of_run[-1] for of_run in rows]
        lines.append(
            _line(
                [
                    name,
                    goal,
                    *(cell for of_run in rows for cell in (_ratios(of_run), _floors(of_run))),
                    " / ".join(str(row.get("statements", NONE)) for row in last),
                    _kilobytes(last[0]),
                    next((f"{r['buffers']:,}" for r in last if r.get("buffers")), NONE),
                ]
            )
        )
    return lines


def table_of_cpu(found: list[Found]) -> list[str]:
    """Return the same ratios of what the web server itself works, which others do not disturb."""
    sizes = sorted({row["of_therapist"] for run in found for row in run["pages"]})
    of_sizes = " / ".join(f"{size:,}" for size in sizes)
    titles = (t for run in found for t in (f"{NAMES[run['database']]}, of {of_sizes}", "floor"))
    head = ["CPU of the web server", *titles]
    lines = [_line(head), _line(["---"] * len(head))]
    for name in [*(page.name for page in PAGES), *_names_of_peers(found)]:
        of_runs = [_rows(run, name, sizes) for run in found]
        kinds = ("cpu_ratio", "cpu_floor")
        lines.append(_line([name, *(_of_cpu(rows, kind) for rows in of_runs for kind in kinds)]))
    return lines


def _of_cpu(rows: list[dict[str, Any]], kind: str) -> str:
    if not any(row.get(kind) for row in rows):
        return NONE
    return " / ".join(f"{row[kind]:.1f}" if row[kind] else NONE for row in rows)


def _names_of_peers(found: list[Found]) -> list[str]:
    return list(dict.fromkeys(row["page"] for run in found for row in run["peers"]))


def _rows(run: Found, name: str, sizes: list[int]) -> list[dict[str, Any]]:
    rows = [row for row in [*run["pages"], *run["peers"]] if row["page"] == name]
    by_size = {row["of_therapist"]: row for row in rows}
    return [by_size[size] for size in sizes if size in by_size]


def _ratios(rows: list[dict[str, Any]]) -> str:
    return " / ".join(_ratio(row) for row in rows)


def _floors(rows: list[dict[str, Any]]) -> str:
    floors = [row.get("floor") for row in rows]
    return (
        " / ".join(f"{floor:.1f}" if floor else NONE for floor in floors) if any(floors) else NONE
    )


def _ratio(row: dict[str, Any]) -> str:
    return str(row["status"]) + "!" if row["ratio"] is None else f"{row['ratio']:.1f}"


def _kilobytes(row: dict[str, Any]) -> str:
    return f"{row['bytes'] / 1000:.1f} ({row['sent'] / 1000:.1f})" if row.get("bytes") else NONE


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def notes(found: list[Found]) -> list[str]:
    """Return what stands below the table: throughput, memory, and the first profile of a day."""
    lines = []
    for run in found:
        rates = ", ".join(
            f"{name} {rate['a_second']:.0f} ({rate['cpu_milliseconds']:.1f} ms of CPU each)"
            for name, rate in run["throughput"].items()
        )
        memory = ", ".join(f"{name} {size:.0f}" for name, size in run["megabytes"].items())
        first = run["first_profile"]
        lines.append(
            f"{NAMES[run['database']]}: requests a second with 8 people at once: {rates}; "
            f"{_lists(run):.2f} lists for each stock bare view, goal {FEWEST_LISTS}. "
            f"Memory in MB: {memory}. First public profile of a day: "
            f"{first['cpu_milliseconds']} ms of CPU, status {first['status']}."
        )
    return lines


def table_together(found: list[Found]) -> list[str]:
    """Return what several people at once are served: how many a second, and how long they wait.

    The wait of one in twenty, and the longest, are multiples of the usual one.
    """
    head = ["several at once", *(NAMES[run["database"]] for run in found)]
    lines = [_line(head), _line(["---"] * len(head))]
    of_first = found[0]["together"]
    names = [("people", "")] + [(w, of) for w in ("endings", "dashboards") for of in of_first[w]]
    for what, of in names:
        rates = (run["together"][what] for run in found)
        cells = (_wait(rate[of] if of else rate) for rate in rates)
        lines.append(_line([f"{what} {of}".strip(), *cells]))
    return lines


def _wait(rate: dict[str, float]) -> str:
    p95, longest = (rate[name] / rate["median"] for name in ("p95", "longest"))
    return f"{rate['a_second']:.0f} a second, p95 {p95:.1f}, longest {longest:.1f}"


def machine() -> str:
    """Return what it was measured on, and how busy that was."""
    processor = platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = re.findall(r"^model name\s*: (.*)$", information.read_text(), re.MULTILINE)
        processor = names[0] if names else processor
    load = "/".join(f"{number:.1f}" for number in os.getloadavg())
    return (
        f"{os.cpu_count()} cores, {processor}, Python {platform.python_version()}, "
        f"load average {load}"
    )


def today() -> str:
    return f"{datetime.now(UTC):%-d %B %Y}"


def write_into(document: Path, clients: int, lines: list[str]) -> None:
    """Put lines between the two marks of this size in a document, which it gets at its end."""
    begin, end = f"<!-- {clients:,} clients -->", f"<!-- end of {clients:,} clients -->"
    part = "\n".join([begin, *lines, end])
    text = document.read_text()
    if begin not in text:
        text = f"{text.rstrip()}\n\n{begin}\n{end}\n"
    before, _, rest = text.partition(begin)
    document.write_text(before + part + rest.partition(end)[2])
