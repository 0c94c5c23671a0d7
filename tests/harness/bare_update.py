"""The next version, and the *Updating* block of `docs/deploy.md` on a server that people use.

A part of `bare_debian.py`. What is pulled is this checkout with another version and a further
migration, which adds a column.
"""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event as Flag
from threading import Thread

from tests.harness.report import row
from tests.practice.server_root import GUIDE, blocks

VERSION = "99.0.0"
BRIEFLY = 8  # seconds in which the new processes take over
ENOUGH = 50  # pages, for it to mean anything that all of them were answered
MIGRATION = '''"""What a later version adds."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("clients", "0001_initial")]
    operations = [
        migrations.RunSQL("ALTER TABLE clients_client ADD COLUMN added_later text NULL"),
    ]
'''
AFTERWARDS = {
    "stillwater --version": VERSION,
    "stillwater showmigrations clients": "[X] 0002_added_later",
    "stillwater doctor": "Nothing is wrong.",
    "ls /var/lib/stillwater/backups/*.json | wc -l": "2",
}
Typed = Callable[[str], subprocess.CompletedProcess]


def publish(repository: Path, folder: Path) -> None:
    """Put the next version into the repository that the server pulls from."""
    copy = folder / "next-version"
    _git(folder, "clone", "--quiet", str(repository), str(copy))
    project = copy / "pyproject.toml"
    told = re.sub(r'(?m)^version = ".*"', f'version = "{VERSION}"', project.read_text(), count=1)
    project.write_text(told)
    (copy / "clients/migrations/0002_added_later.py").write_text(MIGRATION)
    _git(copy, "add", ".")
    who = ("-c", "user.name=Next", "-c", "user.email=next@practice.example")
    _git(copy, *who, "commit", "--quiet", "--message=The next version")
    _git(copy, "push", "--quiet", "origin", "HEAD")


def _git(folder: Path, *words: str) -> None:
    command = ["git", "-c", "safe.directory=*", "-C", str(folder), *words]
    subprocess.run(command, check=True)


def update(typed: Typed, visit: Callable[[str], str]) -> Iterator[str]:
    """Type the block while a page is asked for again and again; yield what goes wrong.

    `visit` returns the status that an address of the service answers with.
    """
    [block] = [block for block in blocks(GUIDE) if "git pull" in block and "cd /opt" in block]
    answers: list[str] = []
    stop = Flag()
    visitor = Thread(target=_visit, args=[visit, answers, stop])
    visitor.start()
    began = time.monotonic()
    try:
        done = typed(block)
        took = time.monotonic() - began
        time.sleep(BRIEFLY)
    finally:
        stop.set()
        visitor.join()
    row("update", f"{took:.0f} s", f"{len(answers)} pages asked for meanwhile")
    if done.returncode:
        yield f"the update: {done.stdout[-1500:]}{done.stderr[-1500:]}"
    if dropped := [answer for answer in answers if answer != "200"]:
        yield f"{len(dropped)} of {len(answers)} pages were not answered: {dropped[:5]}"
    if len(answers) < ENOUGH:
        yield f"only {len(answers)} pages in {took:.0f} s"
    for command, expected in AFTERWARDS.items():
        said = typed(command).stdout
        if expected not in said:
            yield f"after the update {command} says {said[-1500:]}"


def _visit(visit: Callable[[str], str], answers: list[str], stop: Flag) -> None:
    while not stop.is_set():
        answers.append(visit("/sign-in/"))
        time.sleep(0.1)
