"""gunicorn, started as the documents say: what it refuses, what it logs, what it leaves lying."""

import re
import subprocess
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.harness.installation import free_port
from tests.practice.serving import GUNICORN, SAFE, gunicorn
from tests.practice.source import ROOT

LINE = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ [A-Z]+ ([0-9a-f]{16}|-) \S.*")


def ask(port: int, path: str, host: str = "practice.example") -> int:
    """Return the status of an answer, as the proxy in front is given it."""
    headers = {"Host": host, "X-Forwarded-Proto": "https"}
    try:
        return urlopen(Request(f"http://127.0.0.1:{port}{path}", headers=headers)).status
    except HTTPError as answer:
        return answer.code


def test_every_line_has_time_level_and_id_and_nothing_is_left_lying(tmp_path):
    with gunicorn(tmp_path, THREADS="3") as port:
        assert ask(port, "/readyz") == 503
        assert ask(port, "/livez", "elsewhere.example") == 400
        left = {path.name for path in tmp_path.rglob("*")}

    lines = (tmp_path / "gunicorn.log").read_text().splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    text = "\n".join(lines)
    assert "WARNING - Not ready: the tables are not those of this version: run manage.py" in text
    assert len(re.findall("Invalid HTTP_HOST header", text)) == 1
    assert len([line for line in lines if " - " not in line]) == 3  # two of /readyz, one of a host
    assert {name for name in left if "sqlite3" not in name} == {"gunicorn.log"}
    rights = {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.sqlite3*")}
    assert rights == {0o600}


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"DEBUG": "1"}, "Unset DEBUG and STILLWATER_DEMO"),
        ({"ALLOWED_HOSTS": "https://practice.example"}, "Name hosts alone in ALLOWED_HOSTS"),
        ({"THREADS": "many"}, "Set THREADS to a number from 1 to 65535."),
    ],
)
def test_what_is_not_safe_is_refused_in_a_sentence(tmp_path, environment, sentence):
    done = subprocess.run(
        [*GUNICORN, f"--bind=127.0.0.1:{free_port()}"],
        cwd=ROOT,
        env=SAFE | {"DATA_DIR": str(tmp_path)} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
