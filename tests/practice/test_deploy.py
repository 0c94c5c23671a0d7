"""What `deploy/` holds agrees with the code, and the programs it is for accept it."""

import re
import runpy
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.practice.source import ROOT

DEPLOY = ROOT / "deploy"
EXAMPLE = (DEPLOY / "stillwater.env.example").read_text()
LINE = re.compile(r"^(#?)([A-Z][A-Z_]+)=(.*)$", re.MULTILINE)
UNITS = ["stillwater.service", "stillwater-daily.service", "stillwater-messages.service"]
EXPOSURE = 1.5  # of 10, at most, as systemd-analyze sees it


def names_in_settings() -> set[str]:
    source = (ROOT / "practice" / "settings.py").read_text()
    return set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', source))


def test_every_setting_is_in_the_example_and_nothing_else():
    assert sorted(name for _, name, _ in LINE.findall(EXAMPLE)) == sorted(names_in_settings())


def test_every_setting_has_a_sentence_above_it():
    lines = EXAMPLE.splitlines()
    bare = [
        line
        for before, line in zip(["", *lines], lines, strict=False)
        if LINE.match(line) and not re.match(r"# .*[\w.)]$", before)
    ]

    assert bare == []


@pytest.mark.parametrize(("name", "value"), [(n, v) for off, n, v in LINE.findall(EXAMPLE) if off])
def test_what_the_example_shows_is_what_holds_without_it(monkeypatch, name, value):
    def settings() -> dict[str, Any]:
        found = runpy.run_path(str(ROOT / "practice" / "settings.py"))
        return {key: value for key, value in found.items() if key.isupper()}

    for setting in names_in_settings() - {"SECRET_KEY"}:
        monkeypatch.delenv(setting, raising=False)
    without = settings()

    monkeypatch.setenv(name, *shlex.split(value) or [""])

    assert settings() == without


@pytest.fixture
def units(tmp_path) -> Path:
    """The units, as on a machine that has the programs they start."""
    for path in [*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")]:
        text = re.sub(r"/opt/stillwater/\.venv/bin/\w+", "/bin/true", path.read_text())
        (tmp_path / path.name).write_text(text)
    return tmp_path


def analyzed(*arguments: str | Path) -> str:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not here")
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    return done.stdout + done.stderr


def test_systemd_finds_nothing_to_complain_of(units):
    assert analyzed("verify", *units.iterdir()) == ""


def test_what_is_wrong_in_a_unit_would_be_found(units):
    path = units / "stillwater.service"
    path.write_text(path.read_text().replace("Restart=", "Restrat="))

    assert "'Restrat'" in analyzed("verify", path)


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_as_little_exposed_as_it_says(unit):
    said = analyzed("security", "--offline=true", DEPLOY / unit)

    assert float(re.search(r"exposure level for \S+: ([\d.]+)", said)[1]) <= EXPOSURE


def test_units_start_commands_that_there_are():
    started = re.findall(r"manage\.py (\w+)", (DEPLOY / "stillwater-daily.service").read_text())

    from django.core.management import get_commands

    assert len(started) == 5
    assert set(started) <= get_commands().keys()


# The command of docs/deploy.md, block 8.

RUNUSER = '#!/bin/sh\nprintf "%s" "$SERVICE_NAME"\n'


def stillwater(folder: Path, lines: str) -> subprocess.CompletedProcess:
    """Run `stillwater doctor` on settings; what would be run says what SERVICE_NAME has become."""
    (folder / "etc/stillwater").mkdir(parents=True)
    (folder / "opt/stillwater").mkdir(parents=True)
    (folder / "etc/stillwater/stillwater.env").write_text(lines)
    (folder / "runuser").write_text(RUNUSER)
    (folder / "runuser").chmod(0o700)
    script = re.sub(r"(?<=[ \"])/(?=etc/|opt/)", f"{folder}/", (DEPLOY / "stillwater").read_text())
    return subprocess.run(
        ["/bin/sh", "-c", script, "stillwater", "doctor"],
        env={"PATH": f"{folder}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("written", "is_meant"),
    [
        ("Stillwater", "Stillwater"),
        ("50%", "50%"),
        ("'a $HOME of `id` \\ \"own\" #1'", 'a $HOME of `id` \\ "own" #1'),
        ('"It\'s ours; call 999, NHS (2)"', "It's ours; call 999, NHS (2)"),
        ("", ""),
    ],
)
def test_a_command_reads_settings_as_the_units_do(tmp_path, written, is_meant):
    done = stillwater(tmp_path, f"# ours\n\nSERVICE_NAME={written}\nALLOWED_HOSTS=[::1],a.b\n")

    assert (done.stdout, done.stderr) == (is_meant, "")


@pytest.mark.parametrize(
    "written", ["a$b", "a b", "a`b", "it's", 'a"b', "a\\b", '"a$b"', "a;b", "a:~b", "'a'b'", "a\r"]
)
def test_what_a_shell_would_read_otherwise_is_refused_and_not_repeated(tmp_path, written):
    """systemd takes it as it stands, a shell does not: the service would have another password."""
    done = stillwater(tmp_path, f"SECRET_KEY=x\nSERVICE_NAME={written}\n")

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"{tmp_path}/etc/stillwater/stillwater.env, line 2: put what follows SERVICE_NAME= into "
        "'single quotes', which systemd, Compose and a shell read alike.\n"
    )


@pytest.mark.parametrize("line", ["export A=1", "A = 1", "A", "set -x"])
def test_what_is_no_setting_is_refused(tmp_path, line):
    done = stillwater(tmp_path, f"{line}\n")

    assert done.returncode == 1
    assert "stillwater.env, line 1: write NAME=value" in done.stderr


def test_the_examples_settings_can_be_read(tmp_path):
    without_signs = re.sub(r"^#(?=[A-Z_]+=)", "", EXAMPLE, flags=re.MULTILINE)

    assert stillwater(tmp_path, without_signs).stdout == "Stillwater"


# In containers.

COMPOSE, DOCKERFILE = (DEPLOY / "compose.yaml").read_text(), (DEPLOY / "Dockerfile").read_text()


def test_containers_run_commands_that_there_are():
    from django.core.management import get_commands

    run = re.findall(r"command: \[manage, (\w+)", COMPOSE)

    assert sorted(run) == ["migrate", "send_mail_queue"]
    assert {*run} <= get_commands().keys()


def test_containers_get_settings_that_there_are():
    known = names_in_settings()
    set_here = {*re.findall(r"^      ([A-Z_]+): ", COMPOSE, re.MULTILINE)}
    of_others = {"POSTGRES_PASSWORD", "OWNER_PASSWORD", "SERVER_PASSWORD", "HOST", "SERVER"}
    of_others |= {"POSTGRES_INITDB_ARGS"}

    assert set_here - of_others <= known
    assert {*re.findall(r"\{\$([A-Z]+):", (DEPLOY / "Caddyfile").read_text())} <= of_others


def test_the_servers_in_containers_would_start():
    """A database on another machine has to be reached by TLS: it is reached by its socket."""
    from practice.checks import _faults_of_database
    from practice.environment import Environment

    addresses = re.findall(r"DATABASE_URL: (\S+)", COMPOSE)
    assert len(addresses) == 2
    for address in addresses:
        url = re.sub(r"\$\{\w+:\?\}", "password", address)
        database = Environment({"DATABASE_URL": url}).database("DATABASE_URL", ROOT)
        assert [*_faults_of_database(database, 1, 8)] == []
    for service in ("as-owner", "as-server"):
        about = COMPOSE.partition(f"&{service}\n")[2].partition("\n\n")[0]
        assert "socket:/var/run/postgresql" in about


def test_an_image_is_made_of_what_is_there():
    copied = re.findall(r"^COPY (?!--from)(\S+) ", DOCKERFILE, re.MULTILINE)

    assert [path for path in copied if not (ROOT / path).exists()] == []
    assert "--require-hashes" in DOCKERFILE
    [user] = re.findall(r"^USER (\d+)$", DOCKERFILE, re.MULTILINE)
    assert user != "0"
    assert f"useradd --system --uid {user} " in DOCKERFILE


def test_the_roles_in_a_container_are_those_of_the_guide():
    statements = re.compile(r"^(?: {4})?(CREATE .*;)$", re.MULTILINE)
    guide = statements.findall((ROOT / "docs/deploy.md").read_text())

    said = statements.findall((DEPLOY / "roles.sh").read_text())
    here = [text.replace("_PASSWORD'", "'") for text in said]
    assert here == guide[:4]
    assert len(here) == 4
