"""Who may see what, in plain SQL: this shares no line with what it judges."""

from django.db import connection

from tests.access.world import canaries

OF_PRACTICE = "SELECT id FROM accounts_therapist WHERE user_id = %(me)s"
# Of one person there may be several records, merged; either account is that of the person.
PERSON = "coalesce(merged_into_id, id)"
MY_RECORDS = (
    f"SELECT id FROM clients_client WHERE {PERSON} IN "
    f"(SELECT {PERSON} FROM clients_client WHERE account_id = %(me)s)"
)
MY_TIES = (
    f"SELECT relationship_id FROM relationships_participation WHERE client_id IN ({MY_RECORDS})"
)
BESIDE_ME = (
    f"SELECT {PERSON} FROM clients_client WHERE id IN "
    f"(SELECT client_id FROM relationships_participation WHERE relationship_id IN ({MY_TIES}))"
)

AS_THERAPIST = {
    "datedhours_id": (
        f"SELECT public_id FROM booking_datedhours WHERE therapist_id IN ({OF_PRACTICE})"
    ),
    "import_id": f"SELECT public_id FROM imports_import WHERE therapist_id IN ({OF_PRACTICE})",
    "client_id": f"SELECT public_id FROM clients_client WHERE therapist_id IN ({OF_PRACTICE})",
    "relationship_id": (
        f"SELECT public_id FROM relationships_relationship WHERE therapist_id IN ({OF_PRACTICE})"
    ),
    "session_id": f"SELECT public_id FROM diary_session WHERE therapist_id IN ({OF_PRACTICE})",
}
AS_CLIENT = {
    "datedhours_id": "SELECT public_id FROM booking_datedhours WHERE 1 = 0",
    "import_id": "SELECT public_id FROM imports_import WHERE 1 = 0",
    "client_id": "SELECT public_id FROM clients_client WHERE 1 = 0",
    "relationship_id": f"SELECT public_id FROM relationships_relationship WHERE id IN ({MY_TIES})",
    "session_id": f"SELECT public_id FROM diary_session WHERE relationship_id IN ({MY_TIES})",
}
# Every private word: of one's practice all, of oneself one's details, of the people beside one the
# first name.
WORDS = [
    f"SELECT name, email, phone FROM clients_client WHERE therapist_id IN ({OF_PRACTICE})",
    f"SELECT end_note FROM relationships_relationship WHERE therapist_id IN ({OF_PRACTICE})",
    f"SELECT place FROM relationships_relationship WHERE therapist_id IN ({OF_PRACTICE})",
    f"SELECT place FROM diary_session WHERE therapist_id IN ({OF_PRACTICE})",
    f"SELECT place FROM relationships_relationship WHERE id IN ({MY_TIES})",
    f"SELECT place FROM diary_session WHERE relationship_id IN ({MY_TIES})",
    f"SELECT note FROM relationships_event WHERE therapist_id IN ({OF_PRACTICE})",
    f"SELECT reason FROM booking_timeoff WHERE therapist_id IN ({OF_PRACTICE})",
    f"SELECT note FROM booking_datedhours WHERE therapist_id IN ({OF_PRACTICE})",
    f"SELECT headline FROM profiles_profile WHERE therapist_id IN ({OF_PRACTICE})",
    f"SELECT email, phone, place FROM accounts_contact WHERE therapist_id IN ({OF_PRACTICE})",
    f"SELECT name, email, phone FROM clients_client WHERE id IN ({MY_RECORDS})",
    "SELECT email, phone, place FROM accounts_contact WHERE therapist_id IN "
    f"(SELECT therapist_id FROM clients_client WHERE id IN ({MY_RECORDS}))",
    "SELECT email, name, phone FROM accounts_user WHERE id = %(me)s",
    # Of one's own clients also how those who sign in for them call themselves.
    "SELECT name, phone FROM accounts_user WHERE id IN "
    f"(SELECT account_id FROM clients_client WHERE therapist_id IN ({OF_PRACTICE}))",
    f"SELECT substr(name, 1, strpos(name, ' ')) FROM clients_client WHERE id IN ({BESIDE_ME})",
]
OWNERS = [
    "SELECT id, therapist_id, account_id FROM clients_client",
    "SELECT id, therapist_id, client_id, relationship_id FROM relationships_participation",
    "SELECT id, therapist_id, public_id FROM relationships_relationship",
    "SELECT id, therapist_id, relationship_id FROM diary_session",
    "SELECT id, therapist_id, public_id FROM booking_datedhours",
    "SELECT id, email, is_active FROM accounts_user",
    "SELECT id, user_id, slug FROM accounts_therapist",
]


def rows(sql: str, account: int | None = None) -> list[tuple]:
    """Run a query on the stage, where nothing is hidden, for an account."""
    if connection.vendor == "sqlite":
        sql = sql.replace("strpos(", "instr(")
    with connection.cursor() as cursor:
        cursor.execute(sql, {"me": account} if "%(me)s" in sql else None)
        return cursor.fetchall()


def allowed(parameter: str, account: int | None) -> tuple[set[str], set[str]]:
    """Return the public ids an account may open as a therapist and as a client."""
    return tuple(
        {public_id for (public_id,) in rows(sql[parameter], account)}
        for sql in (AS_THERAPIST, AS_CLIENT)
    )


def ids(account: int | None) -> set[bytes]:
    """Return the public ids of everything an account may open, or see that it exists."""
    return {
        public_id.encode() for kind in AS_CLIENT for public_id in set.union(*allowed(kind, account))
    }


def ids_of_all() -> set[bytes]:
    """Return the public ids of all clients, relationships, sessions and hours of single dates."""
    tables = ["clients_client", "relationships_relationship", "diary_session", "booking_datedhours"]
    return {
        public_id.encode() for t in tables for (public_id,) in rows(f"SELECT public_id FROM {t}")
    }


def words(account: int | None) -> set[str]:
    """Return the canaries that an account may read."""
    return canaries(repr([rows(sql, account) for sql in WORDS]).encode())


def words_of_mail(addresses: list[str]) -> set[str]:
    """Return the canaries that a mail may hold: address and name of whom it goes to."""
    names = rows("SELECT name, email FROM clients_client")
    return canaries(repr([row for row in names if row[1] in addresses]).encode())


def owners() -> list[dict]:
    """Return whose everything is: for each table, the owners of each row."""
    return [{key: owners for key, *owners in rows(sql)} for sql in OWNERS]


def owners_moved(before: list[dict]) -> bool:
    """Whether something that was there, and still is, has another owner now."""
    return any(
        now.get(key, owners) != owners
        for was, now in zip(before, owners(), strict=True)
        for key, owners in was.items()
    )
