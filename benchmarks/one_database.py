"""Everything on one database: fill, count, serve, measure. A process of its own.

python -m benchmarks.one_database postgresql --clients 10000 --seconds 60 --json FILE
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.servers import Servers, empty_database, serving

WARM_UP = 3
BURST, BURSTS = 1.5, 3  # seconds, times: throughput


def main() -> None:
    """Measure, and write what was found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", choices=["postgresql", "sqlite"])
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    with empty_database(options.database) as (folder, owner, server):
        sizes = prepare(options.database, options.clients)
        from django.db import connections

        from benchmarks.floors import write_bare_pages
        from benchmarks.pages import PAGES, SHELLS, UNIT, Stage
        from benchmarks.server.bare import FILE

        stages = {size: Stage.of_probe(size) for size in sizes}
        counted = count_all([UNIT, *SHELLS, *PAGES], stages)
        os.environ[FILE] = str(folder / "bare")
        write_bare_pages(PAGES, stages, folder / "bare")
        connections.close_all()
        with serving(options.database, folder, owner, server) as servers:
            found = measure(servers, stages, options.seconds)
    for line in [*found["pages"], *found["peers"]]:
        line |= counted.get((line["page"], line["of_therapist"]), {})
    found |= {"database": options.database, "clients": options.clients}
    options.json.write_text(json.dumps(found, indent=1))


def prepare(database: str, clients: int) -> list[int]:
    """Make and fill the tables and collect static files; return the sizes of the probes."""
    import django

    django.setup()
    from django.core.management import call_command

    from benchmarks.fill import fill

    say(f"{database}: {clients:,} clients")
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    begun = time.monotonic()
    plan = fill(clients)
    say(f"{database}: filled in {time.monotonic() - begun:.0f} s; counting statements")
    return plan.probes


def count_all(pages: list, stages: dict[int, Any]) -> dict[tuple[str, int], dict[str, Any]]:
    """Return what each page of each therapist asks of the database."""
    from django.db import connections

    from benchmarks.counting import count

    found = {}
    for page in pages:
        for size, stage in stages.items():
            counted = asdict(count(page, stage))
            if counted.pop("status") != page.status:
                say(f"  {page.name} of {size}: not {page.status}")
            found[page.name, size] = counted
        for stage in stages.values():
            stage.cancel_bookings()
    connections.close_all()
    return found


def measure(servers: Servers, stages: dict[int, Any], seconds: float) -> dict[str, Any]:
    """Return the ratios of every page and peer, throughput and memory."""
    from benchmarks.floors import seconds_of_presses
    from benchmarks.measuring import run, throughput, warm_up
    from benchmarks.pages import PAGES, PEERS, SHELLS, UNIT
    from benchmarks.together import together

    of_presses = seconds_of_presses([page for page in PAGES if page.sends is not None], stages)
    who, middle = visitors(servers, stages), sorted(stages)[len(stages) // 2]
    of_middle = {middle: stages[middle]}
    targets = targets_of(PAGES, stages, who, servers.product)
    peers = targets_of(PEERS, stages, who, servers.stock)
    [unit, *shells] = targets_of([UNIT, *SHELLS], of_middle, who, servers.product)
    add_bare_pages(targets)
    say(f"{servers.database}: measuring for {seconds:.0f} s")
    every = [*targets, *shells, *peers]
    warm_up([unit, *every], WARM_UP)
    run(every, unit, seconds, lambda part: say(f"\r  {part * 100:3.0f} %", end=""))
    say("")
    largest = len(stages) - 1
    some = [targets[largest], peers[largest], unit]  # the Clients list, and two bare views
    rates = map(asdict, throughput(some, BURST, BURSTS))
    at_once = together(servers.product.port, [stages[size] for size in sorted(stages)])
    return {
        "pages": [row(t, unit) | {"floor": floor(t, unit, of_presses)} for t in targets],
        "peers": [row(target, unit) for target in [unit, *shells, *peers]],
        "throughput": dict(zip(("Clients list", "stock bare view", "/me/"), rates, strict=True)),
        "together": at_once,
        "megabytes": {s.name: s.megabytes() for s in (servers.product, servers.stock)},
        "first_profile": first_profile(servers, targets),
    }


def targets_of(pages: list, stages: dict[int, Any], who: dict, server: Any) -> list:
    """Return what is asked of a server: each page of each therapist."""
    from benchmarks.measuring import Target

    return [
        Target(page, size, stage, who[server.name, page.who, size], server)
        for page in pages
        for size, stage in stages.items()
    ]


def add_bare_pages(targets: list) -> None:
    """Have each page measured along with its floor."""
    from benchmarks.floors import path_of
    from benchmarks.pages import Page

    for target in targets:
        page, size = target.page, target.of_therapist
        if page.sends is None:
            path = path_of(page, target.stage, size)
            bare = Page(f"{page.name}, bare", None, page.who, lambda of, path=path: path)
            target.bare = replace(target, page=bare, seconds=[], cpu=[])


def row(target: Any, unit: Any) -> dict[str, Any]:
    median, cpu, of_unit = target.median, target.median_of_cpu, unit.median_of_cpu
    return {
        "page": target.page.name,
        "of_therapist": target.of_therapist,
        "goal": target.page.goal,
        "ratio": median and round(median / unit.median, 2),
        "cpu_ratio": cpu and of_unit and round(cpu / of_unit, 2),
        "status": target.status,
        "times": len(target.seconds),
        "milliseconds": median and round(median * 1000, 2),
        "sent": target.sent,
        "cpu_floor": _cpu_floor(target, unit),
    }


def _cpu_floor(target: Any, unit: Any) -> float | None:
    """Return what the web server works for the bare page, as a multiple of the unit."""
    bare = target.bare and target.bare.median_of_cpu
    return round(bare / unit.median_of_cpu, 2) if bare and unit.median_of_cpu else None


def floor(target: Any, unit: Any, of_presses: dict[tuple[str, int], float]) -> Any:
    """Return what the page takes at least, as a multiple of the unit: `benchmarks/floors.py`."""
    if target.page.sends is None:
        parts = [target.bare.median]
    else:
        parts = [unit.median, of_presses[target.page.name, target.of_therapist]]
    return None if None in parts else round(sum(parts) / unit.median, 2)


def first_profile(servers: Servers, targets: list) -> dict[str, Any]:
    """Ask for a public profile when nothing is known of the day; return status and CPU."""
    from django.core.cache import cache

    target = next(t for t in targets if t.page.name == "public profile")
    cache.clear()
    before = servers.product.cpu()
    answer = target.ask()
    used = servers.product.cpu() - before
    return {"status": answer.status if answer else 0, "cpu_milliseconds": round(used * 1000)}


def visitors(servers: Servers, stages: dict[int, Any]) -> dict[tuple[str, str, int], Any]:
    """Sign everybody in, on both servers."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from benchmarks.asking import Visitor
    from tests.conftest import browser_of

    found = {}
    for size, stage in stages.items():
        for name, user in (("therapist", stage.therapist.user), ("client", stage.account)):
            cookie = browser_of(user).cookies[settings.SESSION_COOKIE_NAME].value
            visitor = Visitor(servers.product.port, {settings.SESSION_COOKIE_NAME: cookie})
            found["product", name, size] = visitor
        found["product", "visitor", size] = Visitor(servers.product.port)
        user = stage.therapist.user
        stock = SessionStore()
        stock[SESSION_KEY] = str(user.pk)
        stock[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        stock[HASH_SESSION_KEY] = user.get_session_auth_hash()
        stock.create()
        found["stock", "therapist", size] = Visitor(
            servers.stock.port, {"sessionid": stock.session_key}
        )
    return found


def say(text: str, end: str = "\n") -> None:
    sys.stderr.write(text + end)
    sys.stderr.flush()


if __name__ == "__main__":
    main()
