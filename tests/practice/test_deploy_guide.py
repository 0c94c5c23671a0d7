"""`docs/deploy.md` is followed to the letter, from an empty folder to a running service."""

import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.db import connection

from tests.postgres import throwaway_server
from tests.practice.server_root import GUIDE, SEEN, ServerRoot, blocks
from tests.practice.serving import find_nginx

pytestmark = [
    pytest.mark.database,
    pytest.mark.skipif(
        not (find_nginx() and shutil.which("openssl") and shutil.which("curl")),
        reason="nginx, openssl or curl is not here",
    ),
]
OF_POSTGRESQL = "CREATE ROLE"


@pytest.fixture
def server(tmp_path) -> Iterator[ServerRoot]:
    with ExitStack() as stack:
        is_postgres = connection.vendor == "postgresql"
        postgres = stack.enter_context(throwaway_server()) if is_postgres else None
        root = ServerRoot(tmp_path, postgres)
        stack.callback(root.stop)
        yield root


def test_the_guide_has_fifteen_blocks_and_says_what_one_sees():
    numbered = re.findall(r"^\*\*(\d+)\.", GUIDE.read_text(), re.MULTILINE)

    assert numbered == [str(number) for number in range(1, 16)]
    assert all(any(word in block for block in blocks(GUIDE)[:15]) for word in SEEN)


# As a whole by `tests/harness/bare_debian.py`, too; of its commands the plain run has many in
# `test_documented_commands.py`.
@pytest.mark.thorough
@pytest.mark.begun_first
def test_whoever_follows_the_guide_has_a_service_that_doctor_is_content_with(server):
    for block in blocks(GUIDE)[:15]:
        if OF_POSTGRESQL in block and server.postgres is None:
            continue  # with SQLite it is left out
        said = server.run(block).stdout
        for word, expected in SEEN.items():
            if word in block:
                assert re.search(expected, said.strip(), re.MULTILINE), said

    installed = [*(server.folder / "opt/stillwater/staticfiles").rglob("*")]
    assert installed
    assert [path for path in installed if not path.stat().st_mode & stat.S_IROTH] == []
    [update] = [block for block in blocks(GUIDE)[15:] if "git pull" in block]
    update = update.replace("git pull", "true").replace("reload", "status")
    server.run(update)
    kept = [path.suffix for path in (server.folder / "var/lib/stillwater/backups").iterdir()]
    assert kept.count(".json") == 2
