"""The database: its version, its rules, who it is asked as, and what is kept in it."""

from collections.abc import Iterator
from datetime import timedelta

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from practice.accounts.factors import ENCRYPTED, PURPOSE
from practice.accounts.models import BrowserSession
from practice.audit.models import Chain, Entry
from practice.audit.sealing import seal_of_head
from practice.database import row_security, server_role
from practice.database.state import what_is_missing
from practice.database.waiting import limit_waiting
from practice.management.doctor.findings import Finding, advice, good, wrong
from practice.notifications.models import Waiting
from practice.profiles.models import NEVER, ClientNumbers
from practice.web.encryption import decrypt

TOO_LONG = timedelta(minutes=10)  # that an entry waits for its place in the chain
A_DAY = timedelta(hours=26)
A_MINUTE = timedelta(minutes=1)
A_WHILE = timedelta(hours=1)  # in which a message is sent


def tables() -> Iterator[Finding]:
    """Whether it answers, and has the tables of this version."""
    if missing := what_is_missing():
        yield wrong(f"{missing[:1].upper()}{missing[1:]}.")
        return
    version = ".".join(map(str, connection.get_database_version()))
    yield good(f"{connection.display_name} {version} answers, with the tables of this version.")


def sqlite() -> Iterator[Finding]:
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        if cursor.execute("PRAGMA quick_check").fetchone() != ("ok",):
            yield wrong("SQLite finds its file damaged: restore the last backup.")
        if cursor.execute("PRAGMA journal_mode").fetchone() not in (("wal",), ("memory",)):
            yield wrong("The file does not keep a write-ahead log: is it on a disk of its own?")


def row_level_security() -> Iterator[Finding]:
    """Whether PostgreSQL tells rows apart, by the rules of this version."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace
            AND relname = ANY (%s) AND NOT (relrowsecurity AND relforcerowsecurity)""",
            [sorted(row_security.owned_tables())],
        )
        unguarded = _names(cursor)
    if unguarded:
        yield wrong(f"Row-level security is off for {unguarded}: manage.py migrate")
    elif not row_security.is_applied():
        yield wrong("The policies are not those of this version: manage.py migrate, as the owner.")
    else:
        yield good("Row-level security guards every table that is somebody's.")


def rules() -> Iterator[Finding]:
    """Whether somebody has switched off what keeps rows right, or let everybody at them."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tgname FROM pg_trigger WHERE tgenabled = 'D'")
        off = _names(cursor)
        cursor.execute(
            """SELECT DISTINCT relname FROM pg_class, aclexplode(relacl) AS allowed
            WHERE relnamespace = current_schema()::regnamespace AND allowed.grantee = 0"""
        )
        public = _names(cursor)
    if off:
        yield wrong(f"Triggers are off: {off}. ALTER TABLE … ENABLE TRIGGER ALL")
    if public:
        yield wrong(f"Any role may use {public}: REVOKE ALL ON {public} FROM PUBLIC")


def _names(cursor: CursorWrapper) -> str:
    """Return the names that were found, with commas between them."""
    return ", ".join(sorted(name for (name,) in cursor.fetchall()))


def roles() -> Iterator[Finding]:
    """Whom the server is to PostgreSQL; as the owner, whether there is a role for it."""
    if connection.vendor != "postgresql":
        return
    if not sees_everything():
        for check in (server_role.refuse_powerful_role, _refuse_endless_waiting):
            try:
                check()
            except ImproperlyConfigured as error:
                yield wrong(str(error))
        yield advice("As the owner of the tables doctor sees more: the audit, the second factors.")
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s",
            [row_security.APPLICATION],
        )
        found = cursor.fetchone()
    if found is None:
        yield wrong(f"There is no role {row_security.APPLICATION} for the server to be in.")
    elif found[0]:
        yield wrong(f"The role {row_security.APPLICATION} passes every policy: NOBYPASSRLS.")
    else:
        yield from _roles_of_servers()


def _roles_of_servers() -> Iterator[Finding]:
    """Whether somebody who can sign in is in the server's role, and passes no policy: by itself, by
    another role that it is in, or as the owner of a table.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT member.rolname, EXISTS (
                SELECT FROM pg_roles WHERE (rolsuper OR rolbypassrls)
                AND pg_has_role(member.oid, pg_roles.oid, 'member'))
            OR EXISTS (
                SELECT FROM pg_class WHERE pg_has_role(member.oid, relowner, 'member')
                AND relkind = 'r' AND relnamespace = current_schema()::regnamespace)
            FROM pg_auth_members JOIN pg_roles member ON member.oid = pg_auth_members.member
            WHERE roleid = (SELECT oid FROM pg_roles WHERE rolname = %s) AND member.rolcanlogin
            AND member.rolname <> current_user ORDER BY 1""",
            [row_security.APPLICATION],
        )
        servers = cursor.fetchall()
    if not servers:
        yield wrong(f"No role that can sign in is in {row_security.APPLICATION}, as the server's.")
    for name, is_powerful in servers:
        if is_powerful:
            yield wrong(f"The role {name} passes every policy: itself, by a role, or as an owner.")


def clock() -> Iterator[Finding]:
    """Whether PostgreSQL and this machine agree on what time it is."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    apart = abs(moment - timezone.now())
    if apart > A_MINUTE:
        yield wrong(f"The clocks of PostgreSQL and this machine differ by {apart.seconds:,} s.")


def _refuse_endless_waiting() -> None:
    """Connect as the web server does: a command such as this one is told no limits.

    Raises:
        ImproperlyConfigured: they do not arrive.
    """
    server = connection.copy(alias="server")
    limit_waiting(server.settings_dict)
    server.settings_dict["OPTIONS"].pop("pool", None)  # one connection, ended here
    try:
        server_role.refuse_endless_waiting(server)
    finally:
        server.close()


def connections() -> Iterator[Finding]:
    """Whether PostgreSQL allows as many as the server may ask for."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_connections')::int")
        (most,) = cursor.fetchone()
    needed = 2 * (settings.THREADS + 2) * settings.WORKERS
    if needed + 10 > most:
        yield wrong(f"PostgreSQL allows {most} connections, and the server may ask for {needed}.")


def audit() -> Iterator[Finding]:
    """Whether entries get their places, by the key that there is."""
    if not sees_everything():
        return
    now = timezone.now()
    heads = Chain.objects.order_by("chain")
    if not settings.AUDIT_KEY:
        return  # the settings say so
    if any(head.head_mac != seal_of_head(head) for head in heads.iterator()):
        yield wrong("The audit was sealed with another AUDIT_KEY, or changed: verify_audit")
    elif Entry.objects.filter(number=None, at__lt=now - TOO_LONG).exists():
        yield wrong("Entries of the audit wait for their places: does the server run?")
    else:
        yield good(f"The audit is sealed: {heads.count()} chains. verify_audit reads all of it.")
    if Entry.objects.filter(at__gt=now + TOO_LONG).exists():
        yield wrong("The audit has entries from the future: the clock was set back.")


def second_factors() -> Iterator[Finding]:
    """Whether the server can read what authenticator apps and recovery codes go by."""
    if not sees_everything():
        return
    unreadable = number = 0
    for factor in Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).iterator():
        for name in ENCRYPTED & {name for name in factor.data if name != "migrated_codes"}:
            number += 1
            try:
                decrypt(factor.data[name], PURPOSE)
            except InvalidToken:
                unreadable += 1
    if unreadable:
        yield wrong(
            f"{unreadable} of {number} secrets of second factors were encrypted with another key: "
            "put it into SECRET_KEY_FALLBACKS, then rotate_secret_key."
        )


def nightly_work() -> Iterator[Finding]:
    """Whether what a timer does once a day was done."""
    now = timezone.now()
    # As the server's role one sees sessions of nobody else: then this finds nothing.
    if BrowserSession.objects.filter(expire_date__lt=now - 2 * A_DAY).exists():
        yield wrong("Sessions that ended days ago are still there: manage.py clearsessions")
    last = ClientNumbers.objects.exclude(settled_at=NEVER).order_by("settled_at").last()
    if last and last.settled_at < now - A_DAY:
        yield wrong("The figures of profiles were not added up last night: manage.py count_figures")


def sees_everything() -> bool:
    """Whether row-level security hides nothing from this role."""
    try:
        row_security.check_owner()
    except ImproperlyConfigured:
        return False
    return True


def messages() -> Iterator[Finding]:
    """Whether what people are to be told goes out."""
    if not settings.SENDS_MESSAGES:
        return
    since = timezone.now() - A_WHILE
    number = Waiting.objects.filter(at__lte=since).count()
    if number:
        yield wrong(
            f"{number} messages about sessions have waited for more than an hour: is the server "
            "running, or send_mail_queue, and can the mail server be reached?"
        )
