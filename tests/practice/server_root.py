"""A folder that stands for the root of a server, in which the blocks of a document are run.

What they do to the operating system (packages, users, units, certificates) is done by stand-ins;
everything else, Python, gunicorn, nginx, PostgreSQL and curl, is what it is.
"""

import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import textwrap
from pathlib import Path
from urllib.parse import quote

from tests.harness.installation import free_port
from tests.postgres import Server
from tests.practice.serving import AROUND, find_nginx
from tests.practice.source import ROOT

GUIDE = ROOT / "docs/deploy.md"
# What one is told to see, by a word of the block after which one sees it.
SEEN = {
    "manage.py --version": r"^\d+\.\d+\.\d+$",
    "stillwater migrate": r"Applying relationships\.0001\S* OK",
    "/readyz": r"^ok$",
    "invite_therapist": r"/password/reset/\S+[\s\S]*Nothing is wrong\.$",
}
PLACES = re.compile(r"(?<![\w.$}{])/(?=(?:etc|opt|var|usr/local)/)")
LEFT_OUT = (".git", ".venv", ".venv-lint", "tests", "benchmarks", "*.sqlite3*", "__pycache__")
FOLDERS = """opt var/lib var/www/html var/log/nginx usr/local/sbin etc/systemd/system
    etc/nginx/sites-available etc/nginx/sites-enabled"""
REMEMBERED = "-e HOST -e OPERATOR -e REPOSITORY -e SERVER -e OWNER"  # from block to block
NOTHING = ("apt", "adduser", "nft")
SHIM = "#!/bin/sh\n{}\n"
SYSTEMCTL = '''#!{python}
"""Starts what a unit says, with its settings: the server in the background."""
import os, shlex, subprocess, sys
from pathlib import Path
root = Path({root!r})
words = [word for word in sys.argv[1:] if word != "--now"]
act, unit = words[0], words[-1]
if act == "reload" and unit == "nginx":
    log = open(root / "nginx.out", "ab")
    server = subprocess.Popen({nginx!r}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    with open(root / "service.pids", "a") as pids:
        print(server.pid, file=pids)
if act == "daemon-reload" or not unit.endswith(".service") or "nftables" in unit:
    sys.exit()
path = root / "etc/systemd/system" / unit
lines = [line.partition("=") for line in path.read_text().splitlines() if "=" in line]
environment = {{"PATH": os.environ["PATH"], "HOME": str(root), **{more!r}}}
for _, _, file in [line for line in lines if line[0] == "EnvironmentFile"]:
    if not file.startswith("-") or os.path.exists(file[1:]):
        for setting in shlex.split(Path(file.lstrip("-")).read_text()):
            name, _, value = setting.partition("=")
            environment[name] = value
[folder] = [value for name, _, value in lines if name == "WorkingDirectory"]
for command in [value for name, _, value in lines if name == "ExecStart"]:
    log = open(root / f"{{unit}}.log", "ab")
    to = {{"stdout": log, "stderr": log, "cwd": folder, "env": environment}}
    server = subprocess.Popen(shlex.split(command), **to)
    if ("Type", "=", "oneshot") not in lines:
        with open(root / "service.pids", "a") as pids:
            print(server.pid, file=pids)
    elif server.wait():
        sys.exit(f"{{command}}: {{(root / f'{{unit}}.log').read_text()[-2000:]}}")
'''


class ServerRoot:
    """Such a folder; `run` runs a block in it."""

    def __init__(self, folder: Path, postgres: Server | None) -> None:
        self.folder, self.postgres = folder, postgres
        self.app, self.port, self.plain_port = free_port(), free_port(), free_port()
        self.certificate = folder / "etc/letsencrypt/live/localhost/fullchain.pem"
        for place in (
            "opt",
            "var/lib",
            "var/www/html",
            "var/log/nginx",
            "usr/local/sbin",
            "etc/systemd/system",
        ):
            (folder / place).mkdir(parents=True)
        for place in ("sites-available", "sites-enabled"):
            (folder / "etc/nginx" / place).mkdir(parents=True)
        user = "user root;" if os.geteuid() == 0 else ""
        site = f"include {folder}/etc/nginx/sites-enabled/*;"
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder, site=site, user=user))
        self._put_stand_ins()

    def _put_stand_ins(self) -> None:
        folder = self.folder
        programs = folder / "bin"
        programs.mkdir()
        more = {"GUNICORN_CMD_ARGS": f"--bind=127.0.0.1:{self.app}"}
        more |= {"SSL_CERT_FILE": str(self.certificate)}
        python = f'exec {sys.executable} "$@"'
        nginx = f"{find_nginx()} -p {folder} -c {folder}/nginx.conf -e {folder}/n.log"
        live = self.certificate.parent
        certificate = (
            f"mkdir -p {live} && exec openssl req -x509 -newkey rsa:2048 -nodes -days 60 "
            "-subj /CN=localhost -addext subjectAltName=DNS:localhost "
            f"-keyout {live}/privkey.pem -out {self.certificate}"
        )
        stand_ins = dict.fromkeys(NOTHING, "exit 0") | {
            "python3": python,
            # without the owners, who are users of the server
            "install": "for word; do shift; case $word in -o|-g) skip=1;; *) "
            '[ "${skip:-}" ] && skip= || set -- "$@" "$word";; esac; done; '
            'exec /usr/bin/install "$@"',
            "runuser": 'shift 3; exec "$@"',
            "git": f"exec cp -r {folder}/checkout $3",
            "certbot": certificate,
            "nginx": f'exec {nginx} "$@"',
        }
        for name, script in stand_ins.items():
            self._write(programs / name, SHIM.format(script))
        systemctl = SYSTEMCTL.format(
            python=sys.executable, root=str(folder), nginx=shlex.split(nginx), more=more
        )
        self._write(programs / "systemctl", systemctl)
        self._put_checkout(python)

    def _put_checkout(self, python: str) -> None:
        """What the repository holds, with an environment of the product's."""
        copy = self.folder / "checkout"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        for path in (copy / "deploy").iterdir():
            path.write_text(self.here(path.read_text()))
        environment = copy / ".venv" / "bin"
        environment.mkdir(parents=True)
        self._write(environment / "python", SHIM.format(python))
        gunicorn = f'exec {sys.executable} -m gunicorn "$@"'
        self._write(environment / "gunicorn", SHIM.format(gunicorn))

    @staticmethod
    def _write(path: Path, script: str) -> None:
        path.write_text(script)
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def here(self, text: str) -> str:
        """Return a block or a file as it is for this folder: its places, ports and sockets."""
        for what, by in {
            r"^ *listen \[::\].*$": "",
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
            "listen 443": f"listen 127.0.0.1:{self.port}",
            r"127\.0\.0\.1:8000": f"127.0.0.1:{self.app}",
            r"SITE_URL=https://\$HOST": f"SITE_URL=https://$HOST:{self.port}",
            "HOST=practice.example": "HOST=localhost",
        }.items():
            text = re.sub(what, by, text, flags=re.MULTILINE)
        if self.postgres:
            socket = quote(str(self.postgres.folder), safe="")
            text = text.replace("@127.0.0.1/stillwater", f"@{socket}/stillwater")
        return PLACES.sub(f"{self.folder}/", text)

    def run(self, block: str, given: str = "") -> subprocess.CompletedProcess:
        """Run a block like somebody who types it, in the shell that ran those before."""
        environment = {"PATH": self.path, "HOME": str(self.folder), "LANG": "C.UTF-8"}
        environment["SSL_CERT_FILE"] = str(self.certificate)
        if self.postgres:
            environment |= {"PGHOST": str(self.postgres.folder), "PGUSER": "postgres"}
        state = self.folder / "state"
        script = [
            f"set -eu; umask 077; [ -e {state} ] && . {state} && cd $PWD",  # a strict root's
            self.here(block),
            f"(declare -p PWD $(compgen -v | grep -x {REMEMBERED}); umask -p) > {state}",
        ]
        done = subprocess.run(
            ["/bin/bash", "-c", "\n".join(script)],
            cwd=self.folder,
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        return done

    @property
    def path(self) -> str:
        programs = f"{self.postgres.programs}:" if self.postgres else ""
        sbin = f"{self.folder}/usr/local/sbin"
        return f"{self.folder}/bin:{sbin}:{programs}{os.defpath}:/usr/sbin"

    def stop(self) -> None:
        """End the servers that the blocks have started."""
        pids = (self.folder / "service.pids").read_text().split()
        subprocess.run(["/bin/kill", *pids], check=False, capture_output=True)


def blocks(document: Path) -> list[str]:
    """Return the indented blocks of a document, without what they are indented by."""
    found = re.findall(r"(?:^ {4,}\S.*\n(?:^\s*\n(?=^ {4}))*)+", document.read_text(), re.MULTILINE)
    return [textwrap.dedent(block) for block in found]
