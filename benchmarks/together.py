"""Several people at once: who waits for whom, where nobody should."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings

from benchmarks.asking import Visitor
from benchmarks.fill.people import add_second_factors
from benchmarks.pages import PAGES, Stage
from practice.accounts.models import Therapist, User
from tests.conftest import browser_of

PEOPLE = 16  # who ask for pages of all kinds
HANDS = 8  # who end work, or look at their dashboard
ENDINGS = 5  # by each of them
SECONDS = 3.0
READ = ("Clients list", "client page", "relationship", "diary week", "dashboard", "booking week")


def together(port: int, stages: Sequence[Stage]) -> dict[str, Any]:
    """Return what several people at once are served, by the web server at a port.

    For `people` on all kinds of pages, and for `endings` and `dashboards` in one practice and in
    different ones: how many a second, and median, 95th percentile and longest wait in seconds.
    """
    several = list(Therapist.objects.filter(clients__isnull=False).distinct()[: HANDS + 3])
    several = [one for one in several if one.pk not in {stage.therapist.pk for stage in stages}]
    largest = stages[-1].therapist
    add_second_factors(several)  # only the probes have one
    different = [account for one in several[:HANDS] for account in clients_of(one, 1)]
    return {
        "people": of_people(port, stages),
        "endings": {
            "of one practice": endings(port, [largest] * HANDS),
            "of different ones": endings(port, several[:HANDS]),
        },
        "dashboards": {
            "of one therapist": dashboards(port, clients_of(largest, HANDS)),
            "of different ones": dashboards(port, different),
        },
    }


def of_people(port: int, stages: Sequence[Stage]) -> dict[str, float]:
    """Let people ask for pages, each for all kinds in turn; return how many a second, and waits."""
    pages = [page for page in PAGES if page.name in READ]
    work = []
    for number in range(PEOPLE):
        stage = stages[number % len(stages)]
        who = {"therapist": signed_in(port, stage.therapist.user)}
        who["client"] = signed_in(port, stage.account)
        turn = [(who[page.who], page.path(stage)) for page in pages]
        work.append(turn[number % len(turn) :] + turn[: number % len(turn)])
    until = time.monotonic() + SECONDS

    def ask_on(turn: list[tuple[Visitor, str]]) -> list[float]:
        waited = []
        while time.monotonic() < until:
            for visitor, path in turn:
                answer = visitor.ask(path)
                if answer.status != 200:
                    raise RuntimeError(f"{path} was answered {answer.status}")
                waited.append(answer.seconds)
        return waited

    return _rate(ask_on, work)


def endings(port: int, therapists: Sequence[Therapist]) -> dict[str, float]:
    """Let each of these end some of their work, all at once; return how many a second, and waits.

    Whoever stands in the list several times ends other relationships each time.
    """
    taken: dict[int, int] = {}
    work = []
    for therapist in therapists:
        visitor = signed_in(port, therapist.user)
        first = taken.get(therapist.pk, 0)
        taken[therapist.pk] = first + ENDINGS
        active = therapist.relationships.active().filter(kind="individual").order_by("pk")
        paths = [f"/relationships/{one.public_id}/end/" for one in active[first : first + ENDINGS]]
        forms = [(path, visitor.open_form(path)) for path in paths]
        work.append((visitor, forms))

    def end_all(part: tuple[Visitor, list[tuple[str, dict[str, str]]]]) -> list[float]:
        visitor, forms = part
        waited = []
        for path, form in forms:
            answer = visitor.ask(path, form | {"reason": "completed"})
            there = f"location: {path.removesuffix('end/')}\r".encode()
            if answer.status != 303 or there not in answer.head.lower():
                raise RuntimeError(f"{path} was answered {answer.status}: {answer.head.decode()}")
            waited.append(answer.seconds)
        return waited

    return _rate(end_all, work)


def dashboards(port: int, accounts: Sequence[User]) -> dict[str, float]:
    """Let each of these look at their dashboard again and again; return how many a second."""
    until = time.monotonic() + SECONDS

    def look_on(visitor: Visitor) -> list[float]:
        waited = []
        while time.monotonic() < until:
            waited.append(visitor.ask("/dashboard/").seconds)
        return waited

    return _rate(look_on, [signed_in(port, account) for account in accounts])


def clients_of(therapist: Therapist, number: int) -> list[User]:
    """Return so many accounts of clients of a therapist, the oldest."""
    clients = therapist.clients.exclude(account=None).select_related("account").order_by("pk")
    return [client.account for client in clients[:number]]


def signed_in(port: int, user: User) -> Visitor:
    cookie = browser_of(user).cookies[settings.SESSION_COOKIE_NAME].value
    return Visitor(port, {settings.SESSION_COOKIE_NAME: cookie})


def _rate(do: Callable[[Any], list[float]], work: Iterable[Any]) -> dict[str, float]:
    """Do all of it at once, a thread for each; return how many a second, and the seconds waited."""
    parts = list(work)
    begun = time.monotonic()
    with ThreadPoolExecutor(len(parts)) as people:
        waited = [seconds for part in people.map(do, parts) for seconds in part]
    return {
        "a_second": len(waited) / (time.monotonic() - begun),
        "median": statistics.median(waited),
        "p95": statistics.quantiles(waited, n=20)[-1],
        "longest": max(waited),
    }
