"""Take the database away under a web server that keeps running, and give it back.

    python -m tests.harness.recovery --times 100

While PostgreSQL is away every page is answered 503 with Retry-After and in calm words, `/livez` 200
and `/readyz` 503. Once it accepts connections again, the seconds are counted until the same web
server shows a page. Stops are by turns orderly and like a crash. `--pool` keeps connections.
"""

import argparse
import sys
import time

from tests.harness.installation import Installation, installation, until
from tests.harness.report import row, say, spread, verdict
from tests.harness.visitor import NoAnswer, Visitor

LONGEST = 2  # seconds from the database's return to a good answer
AWAY = "Sorry, the service is unavailable"


class Outages:
    """Outages, and what people saw."""

    def __init__(self, practice: Installation) -> None:
        from django.db import connection

        from tests.factories import ClientFactory, TherapistFactory, start

        relationship = start(ClientFactory(therapist=TherapistFactory()))
        self.practice = practice
        self.therapist = Visitor(practice.web.port, relationship.therapist.user)
        self.stranger = Visitor(practice.web.port)
        connection.close()
        self.form = f"/relationships/{relationship.public_id}/end/"
        self.pages = ["/", "/clients/", self.form, "/sign-in/", "/nowhere/"]
        self.recoveries: list[float] = []
        self.slowest = 0.0  # seconds that somebody waited to be told
        self.asked = 0
        self.faults: list[str] = []

    def run(self, times: int) -> None:
        self.practice.web.start()
        until(self.answers, "the first answer")
        for number in range(times):
            page = self.therapist.get(self.form)
            self.practice.postgres.stop(cleanly=number % 2 == 0)
            self.look(page)
            self.practice.postgres.start()
            self.recoveries.append(until(self.answers, "an answer after the outage"))
            if self.recoveries[-1] > LONGEST:
                self.faults.append(f"outage {number + 1}: {self.recoveries[-1]:.1f} s")

    def answers(self) -> bool:
        """Whether a signed-in therapist is shown a page; a refusal must be a calm one."""
        try:
            answer = self.therapist.get("/clients/")
        except NoAnswer:
            return False
        if answer.status != 200:
            self.expect("/clients/", answer, 503)
        return answer.status == 200

    def look(self, form: object) -> None:
        """Ask for everything while the database is away."""
        for who in (self.therapist, self.stranger):
            for path in self.pages:
                self.ask(path, 503, lambda path=path, who=who: who.get(path))
            self.ask("/livez", 200, lambda who=who: who.get("/livez"))
            self.ask("/readyz", 503, lambda who=who: who.get("/readyz"))
        typed = {"reason": "other", "note": "never written"}
        self.ask("POST", 503, lambda: self.therapist.post(self.form, form, **typed))

    def ask(self, what: str, status: int, act) -> None:
        begun = time.monotonic()
        self.expect(what, act(), status)
        self.slowest = max(self.slowest, time.monotonic() - begun)

    def expect(self, what: str, answer, status: int) -> None:
        self.asked += 1
        is_calm = what.endswith("z") or (AWAY in answer.text and answer.headers["Retry-After"])
        if answer.status != status or not is_calm:
            self.faults.append(f"{what} was answered {answer.status}: {answer.text[:80]!r}")


def report(practice: Installation, times: int, *, pool: bool = False) -> int:
    """Take it away so many times, say what came of it, and return the exit code."""
    outages = Outages(practice)
    begun = time.monotonic()
    outages.run(times)
    seconds = time.monotonic() - begun
    practice.web.kill()
    say(
        "| what | outages | answers while away | slowest of them | violations "
        "| recovery median / max | took |"
    )
    row(
        "PostgreSQL restarted" + (", pooled connections" if pool else ""),
        times,
        outages.asked,
        f"{outages.slowest:.2f} s",
        len(outages.faults),
        spread(outages.recoveries),
        f"{seconds:,.0f} s",
    )
    return verdict(outages.faults)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--pool", action="store_true", help="keep connections (?pool=true)")
    options = parser.parse_args()
    with installation("postgres", "?pool=true" if options.pool else "?pool=false") as practice:
        return report(practice, options.times, pool=options.pool)


if __name__ == "__main__":
    sys.exit(main())
