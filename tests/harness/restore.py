"""Take a backup while people work, restore it into an empty database, and compare everything.

    python -m tests.harness.restore --database postgres --clients 500

The backup is compared with the very moment it shows: number and hash of the rows of every table,
constraints, indexes, triggers, functions, policies, rights. Then the copy is damaged in small ways,
and on PostgreSQL a backup is made behind row-level security, to see that the comparison notices.
"""

import argparse
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event as Flag
from threading import Thread

import psycopg

from tests.harness.fingerprint import Fingerprint, of_postgres, of_sqlite
from tests.harness.installation import Installation, installation, make_database
from tests.harness.report import row, say, verdict

VISITS = 25  # sessions a client
BACKUP_ROLES = """
CREATE ROLE stillwater_backup LOGIN BYPASSRLS IN ROLE pg_read_all_data;
CREATE ROLE careless LOGIN IN ROLE pg_read_all_data, stillwater_app;
"""
DAMAGE_TO_SQLITE = {
    "a row less": "DELETE FROM booking_timeoff WHERE id = (SELECT min(id) FROM booking_timeoff)",
    "another word": "UPDATE clients_client SET phone = '1' WHERE id = (SELECT min(id) FROM "
    "clients_client)",
    "no trigger": "DROP TRIGGER event_not_deleted",
    "no index": "DROP INDEX client_a_to_z",
}
DAMAGE_TO_POSTGRES = {
    "a row less": DAMAGE_TO_SQLITE["a row less"],
    "another word": DAMAGE_TO_SQLITE["another word"],
    "no trigger": "DROP TRIGGER event_unchanged ON relationships_event",
    "a sleeping trigger": "ALTER TABLE relationships_event DISABLE TRIGGER event_unchanged",
    "no index": DAMAGE_TO_SQLITE["no index"],
    "no exclusion": "ALTER TABLE diary_session DROP CONSTRAINT sessions_do_not_overlap",
    "no policy": "DROP POLICY client_sees ON clients_client",
    "not forced": "ALTER TABLE clients_client NO FORCE ROW LEVEL SECURITY",
    "no security": "ALTER TABLE clients_client DISABLE ROW LEVEL SECURITY",
    "another right": "GRANT TRUNCATE ON relationships_event TO stillwater_app",
}


class Drill:
    """One backup and its restoration."""

    def __init__(self, practice: Installation) -> None:
        self.practice = practice
        self.writes = 0
        self.noticed: list[str] = []
        self.faults: list[str] = []

    @contextmanager
    def people_at_work(self) -> Iterator[None]:
        """Let somebody end and restart all the while, in a thread with its own connection."""
        from django.db import connection

        from relationships.models import Relationship

        stop = Flag()

        def work() -> None:
            relationship = Relationship.objects.active().select_related("therapist__user").first()
            while not stop.is_set():
                relationship.end(by=relationship.therapist.user, reason="other")
                relationship.restart(by=relationship.therapist.user)
                self.writes += 2
            connection.close()

        somebody = Thread(target=work)
        somebody.start()
        try:
            while not self.writes:
                time.sleep(0.01)
            yield
        finally:
            stop.set()
            somebody.join()

    def sqlite(self) -> Fingerprint:
        from django.db import connection

        name = str(connection.settings_dict["NAME"])
        with self.people_at_work():
            source = sqlite3.connect(name, isolation_level=None)
            source.execute("BEGIN")
            before = of_sqlite(source)  # from here on this connection sees one moment
            busy, begun = self.writes, time.monotonic()
            with sqlite3.connect(f"{name}.copy") as copy:
                source.backup(copy)
            self.seconds = (time.monotonic() - begun, 0.0)
            while self.writes == busy:
                time.sleep(0.01)
            source.close()
        copy = sqlite3.connect(f"{name}.copy")
        for pragma, good in (("integrity_check", [("ok",)]), ("foreign_key_check", [])):
            if copy.execute(f"PRAGMA {pragma}").fetchall() != good:
                self.faults.append(f"{pragma} of the copy")
        self.compare(before, lambda: of_sqlite(copy))
        copy.isolation_level = None
        for what, damage in DAMAGE_TO_SQLITE.items():
            copy.execute("BEGIN")
            copy.execute(damage)
            self.notice(what, before, of_sqlite(copy))
            copy.execute("ROLLBACK")
        copy.close()
        return before

    def postgres(self) -> Fingerprint:
        server = self.practice.postgres
        with psycopg.connect(server.url(), autocommit=True) as boss:
            boss.execute(BACKUP_ROLES)
        with self.people_at_work(), psycopg.connect(server.url(database="practice")) as source:
            source.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            before = of_postgres(source)
            (moment,) = source.execute("SELECT pg_export_snapshot()").fetchone()
            begun = time.monotonic()
            self.dump("stillwater_backup", "good", f"--snapshot={moment}")
            took = time.monotonic() - begun
        begun = time.monotonic()
        self.restore("good")
        self.seconds = (took, time.monotonic() - begun)
        with psycopg.connect(server.url(database="good")) as copy:
            self.compare(before, lambda: of_postgres(copy))
            for what, damage in DAMAGE_TO_POSTGRES.items():
                copy.rollback()
                copy.execute(damage)
                self.notice(what, before, of_postgres(copy))
            copy.rollback()
        self.behind_row_security(before)
        return before

    def behind_row_security(self, before: Fingerprint) -> None:
        """Make a backup as somebody who does not see every row."""
        try:
            self.dump("careless", "refused")
            self.faults.append("pg_dump did not refuse a role that does not see every row")
        except RuntimeError:
            self.noticed.append("pg_dump refuses")
        self.dump("careless", "empty", "--enable-row-security")
        self.restore("empty")
        with psycopg.connect(self.practice.postgres.url(database="empty")) as copy:
            self.notice("behind row-level security", before, of_postgres(copy))

    def dump(self, role: str, name: str, *options: str) -> None:
        server = self.practice.postgres
        where = ["--host", str(server.folder), "--username", role, "--dbname", "practice"]
        server.run("pg_dump", "--format=custom", f"--file={server.folder}/{name}", *where, *options)

    def restore(self, name: str) -> None:
        server = self.practice.postgres
        make_database(server, name)
        where = ["--host", str(server.folder), "--username", "stillwater_owner", "--dbname", name]
        server.run("pg_restore", "--exit-on-error", *where, f"{server.folder}/{name}")

    def compare(self, before: Fingerprint, read: Callable[[], Fingerprint]) -> None:
        self.faults += before.differences(read())

    def notice(self, what: str, before: Fingerprint, copy: Fingerprint) -> None:
        """See that damage is noticed: a judge that is asleep finds nothing either."""
        if before.differences(copy):
            self.noticed.append(what)
        else:
            self.faults.append(f"{what}: not noticed")


def fill(clients: int) -> None:
    """Load the people, and clients with years of sessions for one more therapist."""
    from django.utils import timezone

    from practice.demo import people
    from practice.diary.models import Session
    from tests.factories import ClientFactory, TherapistFactory, start

    people.load()
    therapist = TherapistFactory()
    for number in range(clients):
        relationship = start(ClientFactory(therapist=therapist))
        first = timezone.now() - timedelta(days=3650) + number * timedelta(hours=1)
        times = [first + visit * timedelta(hours=clients) for visit in range(VISITS)]
        Session.objects.bulk_create(
            Session(
                therapist=therapist,
                relationship=relationship,
                starts_at=time,
                ends_at=time + timedelta(minutes=50),
                state=Session.State.ATTENDED,
                booked_at=time,
                booked_by=therapist.user,
            )
            for time in times
        )
        if number % 2:
            relationship.end(by=therapist.user, reason="completed")


def report(practice: Installation, clients: int) -> int:
    """Fill a practice and do the drill, say what came of it, and return the exit code."""
    fill(clients)
    drill = Drill(practice)
    before = drill.postgres() if practice.postgres else drill.sqlite()
    kinds = ("constraint", "index", "trigger", "policy")
    say(
        "| what | database | tables | rows | constraints, indexes, triggers, policies "
        "| writes meanwhile | differences | damage noticed | backup, restore |"
    )
    row(
        "backup and restore",
        practice.database,
        len(before.rows),
        before.number,
        ", ".join(str(before.kinds(kind)) for kind in kinds),
        drill.writes,
        len(drill.faults),
        len(drill.noticed),
        ", ".join(f"{seconds:.1f} s" for seconds in drill.seconds),
    )
    return verdict(drill.faults)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=["sqlite", "postgres"], required=True)
    parser.add_argument("--clients", type=int, default=500)
    options = parser.parse_args()
    with installation(options.database) as practice:
        return report(practice, options.clients)


if __name__ == "__main__":
    sys.exit(main())
