"""Who waits for whom: pages, sign-ins and changes while something slow goes on.

    python -m tests.harness.waiting --seconds 5

On PostgreSQL: eight pages of one therapist at once; eight sign-ins at once; a mail server that
takes so many seconds; and an ending that is held open as long, by a connection of our own. How long
each answer takes is told, and whom PostgreSQL saw waiting for a lock, which is what is judged: a
busy machine makes answers slow, too. Only a second change of the same work may wait, and until the
server's patience with locks is at its end it does.
"""

import argparse
import socket
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event as Flag
from threading import Thread

from tests.harness.installation import Installation, installation, until
from tests.harness.report import row, say, verdict
from tests.harness.visitor import NoAnswer, Visitor

AT_ONCE = 8
A_MOMENT = 0.4  # of what takes so long: who waits for more is waiting for that
BLOCKED = """SELECT pid, left(query, 60), pg_blocking_pids(pid) FROM pg_stat_activity
WHERE cardinality(pg_blocking_pids(pid)) > 0 AND datname = 'practice'"""


@dataclass
class Waits:
    """Whom PostgreSQL saw waiting for a lock, and in seconds how long."""

    too_long: float
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def watched(self, practice: Installation) -> Iterator[None]:
        import psycopg

        stop = Flag()

        def look() -> None:
            with psycopg.connect(practice.postgres.url(), autocommit=True) as watcher:
                last = time.monotonic()
                while not stop.is_set():
                    time.sleep(0.01)
                    now = time.monotonic()
                    for pid, query, _ in watcher.execute(BLOCKED).fetchall():
                        self.seconds[f"{pid}: {query}"] += now - last
                    last = now

        watching = Thread(target=look)
        watching.start()
        try:
            yield
        finally:
            stop.set()
            watching.join()

    @property
    def longer(self) -> dict[str, float]:
        return {who: seconds for who, seconds in self.seconds.items() if seconds > self.too_long}


class SlowMail:
    """A mail server that takes a call, says nothing for a while, and hangs up."""

    def __init__(self, seconds: float) -> None:
        self.door, self.seconds, self.calls = socket.create_server(("127.0.0.1", 0)), seconds, 0
        Thread(target=self.answer, daemon=True).start()

    def answer(self) -> None:
        while True:
            caller, _ = self.door.accept()
            self.calls += 1
            time.sleep(self.seconds)
            caller.close()


class Stage:
    """A practice at work, another one, and who visits them."""

    def __init__(self, practice: Installation, seconds: float) -> None:
        from tests.factories import ClientFactory, TherapistFactory, UserFactory, start

        self.practice, self.port, self.seconds = practice, practice.web.port, seconds
        self.therapist, self.other = TherapistFactory.create_batch(2)
        account = UserFactory()
        self.client = ClientFactory(therapist=self.therapist, account=account, email=account.email)
        self.work = start(self.client)
        self.other_client = ClientFactory(therapist=self.therapist, email="x@mail.example")
        self.other_work = start(self.other_client)
        self.accounts = [UserFactory() for _ in range(AT_ONCE)]
        self.faults: list[str] = []

    def visitor(self, user: object = None) -> Visitor:
        return Visitor(self.port, user)

    @property
    def pages(self) -> list[str]:
        one = f"/clients/{self.client.public_id}/"
        work = f"/relationships/{self.work.public_id}/"
        pages = ["/clients/", one, f"{one}access/", work, f"{work}end/", "/caseload/"]
        return [*pages, f"/clients/{self.other_client.public_id}/", "/clients/?q=person"]

    def page(self, user: object, path: str) -> Callable[[], int]:
        visitor = self.visitor(user)
        return lambda: visitor.get(path).status

    def form(
        self, user: object, path: str, *, on: str = "", at: str = "10.0.0.1", **typed: str
    ) -> Callable[[], int]:
        """Return the sending of a form that has been opened already, perhaps `on` another page."""
        visitor = Visitor(self.port, user, at)
        page = visitor.get(on or path)
        return lambda: visitor.post(path, page, **typed).status

    def sign_in(self, user: object, at: str = "") -> Callable[[], int]:
        """Return a sign-in, at an address of their own unless another is told."""
        from tests.factories import PASSWORD

        typed = {"login": user.email, "password": PASSWORD}
        return self.form(
            None, "/sign-in/", at=at or f"10.1.{user.pk // 256}.{user.pk % 256}", **typed
        )

    def at_once(
        self, name: str, acts: dict[str, Callable[[], int]], *, may_wait: str = "", or_else: int = 0
    ) -> None:
        """Do everything at the same moment; tell how long each took, and judge who waited.

        One of them `may_wait`; `or_else` is an answer that is in order, beside the usual ones.
        """
        waits = Waits(A_MOMENT * self.seconds)
        with waits.watched(self.practice), ThreadPoolExecutor(len(acts)) as pool:
            took = list(pool.map(self.timed, acts.values()))
        for what, (status, seconds) in zip(acts, took, strict=True):
            row(name, what, status, f"{seconds:.2f} s")
            if status not in (200, 302, 303, or_else):
                self.faults.append(f"{name}: {what} was answered {status}")
        row(name, "waited for a lock", len(waits.longer), f"{sum(waits.seconds.values()):.2f} s")
        if len(waits.longer) > bool(may_wait):
            self.faults.append(f"{name}: {waits.longer}")

    @staticmethod
    def timed(act: Callable[[], int]) -> tuple[int, float]:
        begun = time.monotonic()
        try:
            status = act()
        except NoAnswer:
            status = 0
        return status, time.monotonic() - begun

    # What is tried.

    def eight_pages(self) -> None:
        for number in range(2):  # the second time everything is warm
            acts = {path: self.page(self.therapist.user, path) for path in self.pages}
            if number:
                self.at_once("8 pages at once", acts)
            else:
                for act in acts.values():
                    act()

    def eight_sign_ins(self) -> None:
        """At eight places, and at one, where the limit for an address is kept for them all.

        Who does not get at the limit within a second is told to wait: on a busy machine it happens.
        """
        for name, at, or_else in (
            ("8 sign-ins at once", "", 0),
            ("the same at one address", "10.0.0.9", 429),
        ):
            acts = {f"{n}": self.sign_in(user, at) for n, user in enumerate(self.accounts, 1)}
            self.at_once(name, acts, or_else=or_else)

    def others(self) -> dict[str, Callable[[], int]]:
        """Return what other people, and the therapist in other tabs, do meanwhile."""
        me, work = self.therapist.user, f"/relationships/{self.other_work.public_id}/"
        session = {"day": "2020-02-03", "time": "10:00", "minutes": "50"}
        return {
            "the therapist’s list": self.page(me, "/clients/"),
            "the same client’s page": self.page(me, f"/clients/{self.client.public_id}/"),
            "the client’s dashboard": self.page(self.client.account, "/dashboard/"),
            "a sign-in elsewhere": self.sign_in(self.other.user),
            "the client’s sign-in": self.sign_in(self.client.account),
            "another ending": self.form(me, f"{work}end/", reason="other"),
            "a booking": self.form(
                me, f"/relationships/{self.work.public_id}/sessions/add/", **session
            ),
        }

    def slow_mail(self, mail: SlowMail) -> None:
        from tests.factories import PASSWORD

        new = "another quiet harbour"
        typed = {"oldpassword": PASSWORD, "password1": new, "password2": new}
        password = self.form(self.therapist.user, "/password/change/", **typed)
        client = f"/clients/{self.other_client.public_id}/"
        invite = self.form(self.therapist.user, f"{client}invite/", on=client)
        page = self.page(self.client.account, "/dashboard/")
        self.at_once(
            "a slow mail server",
            {
                "a changed password, told by mail": password,
                "an invitation, which says whether it was sent": invite,
                "the client’s dashboard": page,
                "a sign-in elsewhere": self.sign_in(self.accounts[0]),
            },
        )
        until(lambda: mail.calls >= 1, "a call of the mail server")

    def change_held_open(self) -> None:
        """End work as the product does, and let the transaction wait for so long."""
        from django.db import connection, transaction

        work, by = self.work, self.therapist.user
        address = f"/relationships/{work.public_id}/end/"
        again = {"the same ending again": self.form(by, address, reason="other")}
        acts, is_held = self.others() | again, Flag()

        def hold() -> None:
            with transaction.atomic():
                work.end(by=by, reason="other")
                is_held.set()
                time.sleep(self.seconds)
            connection.close()

        with ThreadPoolExecutor(1) as pool:
            holding = pool.submit(hold)
            is_held.wait()
            # Who waits for longer than a request waits for a lock is told to try again.
            self.at_once("an ending held open", acts, may_wait=next(iter(again)), or_else=503)
            holding.result()


def run(practice: Installation, seconds: float) -> list[str]:
    mail = SlowMail(seconds)
    port = str(mail.door.getsockname()[1])
    mails = {
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": port,
        "DEFAULT_FROM_EMAIL": "post@practice.example",
    }
    stage = Stage(practice, seconds)
    with practice.web.running(**mails, THREADS=str(2 * AT_ONCE)):
        until(lambda: stage.timed(stage.page(None, "/sign-in/"))[0] == 200, "the first answer")
        say("| while | who | answer | took |")
        stage.eight_pages()
        stage.eight_sign_ins()
        stage.change_held_open()
        stage.slow_mail(mail)
    return stage.faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5)
    seconds = parser.parse_args().seconds
    with installation("postgres", "?pool=true") as practice:
        return verdict(run(practice, seconds))


if __name__ == "__main__":
    sys.exit(main())
