"""The commands of the README and of `docs/operate.md` run as they stand there, in that order.

In a copy of the checkout, with the settings that the README asks for; on PostgreSQL with the roles
that `docs/operate.md` has made, as the owner of the tables where it says so.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import quote

import pytest
from django.db import connection

from tests.postgres import throwaway_server
from tests.practice.server_root import ServerRoot, blocks
from tests.practice.serving import SAFE, gunicorn
from tests.practice.source import ROOT

# With SQLite they are a part of the same.
on_sqlite = [] if connection.vendor == "postgresql" else [pytest.mark.thorough]
pytestmark = [pytest.mark.database, *on_sqlite]

README, OPERATE = ROOT / "README.md", ROOT / "docs/operate.md"
PYTHON3 = "python3 manage.py "
ELSEWHERE = {  # who runs what this test does not
    "demo": "tests/demo/test_demo.py",
    "test": "what runs this",
    "doctor": "tests/practice/test_deploy_guide.py, where the service can be reached",
    "send_mail_queue": "tests/notifications, with mail servers of every kind",
    "send_test_mail": "tests/practice/test_mail_settings.py, where there is a mail server",
    "…": "no command, but any",
}
TYPED = "a quiet harbour at dusk\n"  # by whoever is asked for a password
# What the document speaks of has to be there: an earlier list of heads, a backup of that name.
BEFORE = {
    "verify_audit --expect": "cp heads-2026-11-24.txt heads-2026-10-24.txt",
    "restore ": "cd ../data/backups && [ -e stillwater-20261128T013000Z.json ] || "
    "ln -s $(ls *.json | head -1) stillwater-20261128T013000Z.json; cd ../../checkout",
}


def commands() -> list[str]:
    """Return every call of manage.py in the two documents, in blocks and in sentences."""
    found = []
    for document in (README, OPERATE):
        text = document.read_text()
        lines = [line for block in blocks(document) for line in block.splitlines()]
        in_blocks = [line for line in lines if PYTHON3 in line and not line.startswith("5 0 ")]
        in_sentences = re.findall(rf"`({PYTHON3}[^`]+)`", text)
        found += sorted({*in_blocks, *in_sentences}, key=text.index)
    return found


def test_there_are_such_commands_and_none_is_left_out_unsaid():
    names = {command.partition(PYTHON3)[2].split()[0] for command in commands()}

    assert len(commands()) > 15
    assert names >= {"migrate", "make_keys", "backup", "restore", "verify_audit", *ELSEWHERE}


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Iterator[ServerRoot]:
    with ExitStack() as stack:
        is_postgres = connection.vendor == "postgresql"
        postgres = stack.enter_context(throwaway_server()) if is_postgres else None
        root = ServerRoot(tmp_path_factory.mktemp("root"), postgres)
        (root.folder / "data" / "backups").mkdir(parents=True)
        if postgres:
            roles = [block for block in blocks(OPERATE) if "CREATE ROLE" in block]
            root.run("\n".join(f"psql --quiet <<'END'\n{sql}\nEND" for sql in roles))
        yield root


def url(root: ServerRoot, role: str, database: str = "stillwater") -> str:
    return f"postgres://{role}:…@{quote(str(root.postgres.folder), safe='')}/{database}"


def settings(root: ServerRoot, **more: str) -> str:
    """Return the lines that set what the README asks for."""
    known = {name: value for name, value in SAFE.items() if name not in ("PATH",)}
    known |= {"SITE_URL": "https://practice.example", "DATA_DIR": str(root.folder / "data")}
    known["DJANGO_SETTINGS_MODULE"] = "practice.settings"
    if root.postgres:
        known["DATABASE_URL"] = url(root, "stillwater_owner")
    return "\n".join(f"export {name}='{value}'" for name, value in (known | more).items())


@pytest.mark.begun_first
def test_they_run_as_they_stand(root):
    checkout = root.folder / "checkout"
    root.run(f"cd {checkout}; echo '{TYPED}' > typed")
    ran = 0
    for command in commands():
        _, _, words = command.partition(PYTHON3)
        if words.split()[0] in ELSEWHERE:
            continue
        before = "\n".join(step for words, step in BEFORE.items() if f"py {words}" in command)
        here = command.replace("/var/lib/stillwater", f"{root.folder}/data")
        more = {}
        if words.startswith("restore") and "--check" not in words:
            more = elsewhere(root)
        if root.postgres and here.startswith("DATABASE_URL"):
            here = here.replace("…@…", url(root, "")[len("postgres://:") :].rpartition("/")[0])
        elif here.startswith("DATABASE_URL"):
            continue  # of PostgreSQL
        root.run(f"{settings(root, **more)}\n{before}\n{here}", given=TYPED)
        ran += 1
    assert ran > 12


def elsewhere(root: ServerRoot) -> dict[str, str]:
    """Return the settings that lead to an empty database."""
    if root.postgres:
        return {"DATABASE_URL": url(root, "stillwater_owner", "restored")}
    (root.folder / "empty").mkdir()
    return {"DATA_DIR": str(root.folder / "empty")}


def test_the_server_of_the_readme_answers(root):
    [block] = [block for block in blocks(README) if "gunicorn" in block]
    assert block.splitlines()[-1] == ".venv/bin/gunicorn practice.wsgi"
    migrate = f"{settings(root)}\npython3 manage.py migrate --verbosity=0"
    root.run(f"cd {root.folder}/checkout\n{migrate}")
    more = {"DATABASE_URL": url(root, "stillwater")} if root.postgres else {}

    with gunicorn(root.folder / "data", **more) as port:
        [ask] = [block for block in blocks(OPERATE) if "/readyz" in block]
        said = root.run(ask.replace("127.0.0.1:8000", f"127.0.0.1:{port}"))

    assert said.stdout == "ok\n"


@pytest.mark.parametrize("words", ["add_therapist A a@practice.example", "check_figures"])
def test_who_is_not_the_owner_reads_a_sentence_and_is_asked_nothing(root, words):
    if root.postgres is None:
        pytest.skip("SQLite has no roles")
    as_server = settings(root, DATABASE_URL=url(root, "stillwater"))

    said = root.run(
        f"cd {root.folder}/checkout; {as_server}\n! python3 manage.py {words} 2>&1", given=TYPED
    )

    [sentence] = said.stdout.splitlines()
    assert "Run this as the owner of the tables" in sentence
    assert "stillwater_owner" in sentence


def test_the_role_for_backups_sees_every_row(root):
    if root.postgres is None:
        pytest.skip("SQLite has no roles")
    as_backup = settings(root, DATABASE_URL=url(root, "stillwater_backup"))

    said = root.run(
        f"""cd {root.folder}/checkout; {settings(root)}
        python3 manage.py migrate --verbosity=0
        python3 manage.py invite_therapist A a@practice.example
        {as_backup}
        python3 manage.py backup
        {settings(root)}
        python3 manage.py restore --check"""
    ).stdout

    [saved, restored] = re.findall(r"^ +(\d+)  accounts_therapist$", said, re.MULTILINE)
    assert int(saved) == int(restored) >= 1
    assert "The backup can be restored: " in said
