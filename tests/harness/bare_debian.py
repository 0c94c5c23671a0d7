"""Follow `docs/deploy.md` on a bare Debian: every block as it stands, as root, in a new root.

Then the next version is pulled by its *Updating* block, while a page is asked for (`bare_update`).

    python -m tests.harness.bare_debian

Needs root, debootstrap, and ports 80, 443, 5432 and 8000 of this machine. The packages, the user,
PostgreSQL, git, Python's environment, nginx and curl are Debian's own. What has no place in a root
without systemd and without a name on the internet stands in: `systemctl` (starts what a unit says,
as its user, without its hardening), `certbot` (a certificate signed by itself) and the firewall.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

from tests.harness.bare_update import publish, update
from tests.harness.report import row, say, verdict
from tests.practice.server_root import GUIDE, SEEN, blocks
from tests.practice.source import ROOT

RELEASE = "bookworm"
NUMBERED = 15
HOST = "practice.example"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
STATE = "/srv/typed-so-far"
REMEMBERED = "HOST|OPERATOR|REPOSITORY|SERVER|OWNER"
SYSTEMCTL = r"""#!/bin/sh
# Starts what a unit says; no word of its hardening, and nothing of timers and the firewall.
for word; do unit=$word; done
case "$1 $unit" in
  "reload nginx") exec nginx -s reload ;;
  "reload "*) kill -s HUP "$(cat "/tmp/$unit.pid")"; exit ;;
esac
case "$1" in enable)
  wants=$(sed -n "s/^WantedBy=//p" "/etc/systemd/system/$unit" 2> /dev/null || true)
  [ -z "$wants" ] || {
    install -d "/etc/systemd/system/$wants.wants"
    ln -sf "../$unit" "/etc/systemd/system/$wants.wants/$unit"
  } ;;
esac
case "$1 $unit" in
  daemon-reload*|*.timer|*nftables*) exit 0 ;;
esac
file=/etc/systemd/system/$unit
said() { sed -n "s/^$1=//p" "$file"; }
folder=$(said RuntimeDirectory)
[ -z "$folder" ] || install -d -o "$(said User)" "/run/$folder"
said EnvironmentFile | while read -r settings; do
  settings=${settings#-}; [ ! -e "$settings" ] || cat "$settings"; done > /run/settings
said Environment >> /run/settings
set -a; . /run/settings; rm /run/settings; set +a
cd "$(said WorkingDirectory)"
said ExecStart | while read -r command; do
  if [ "$(said Type)" = oneshot ]; then
    runuser -u "$(said User)" -- $command >> /var/log/units 2>&1 < /dev/null ||
      { tail -20 /var/log/units; exit 1; }
  else
    (umask 077; runuser -u "$(said User)" -- sh -c 'echo $$ > "$0"; exec "$@"' \
      "/tmp/$unit.pid" $command >> /var/log/units 2>&1 < /dev/null &)
  fi
done
"""
CERTBOT = f"""#!/bin/sh
live=/etc/letsencrypt/live/{HOST}
mkdir -p $live && openssl req -x509 -newkey rsa:2048 -nodes -days 60 -subj /CN={HOST} \
  -addext subjectAltName=DNS:{HOST} -keyout $live/privkey.pem -out $live/fullchain.pem 2> /dev/null
cp $live/fullchain.pem /usr/local/share/ca-certificates/stand-in.crt
update-ca-certificates > /dev/null
"""
PERMISSIONS = {"stillwater.env": "640", "owner.env": "600"}
AT_THE_END = f"""
curl --silent --fail https://{HOST}/sign-in/ | grep -q 'name="password"'
curl --silent --head http://{HOST}/clients/ | grep -q '^Location: https://{HOST}/clients/'
"""


@contextmanager
def bare_root(folder: Path) -> Iterator[Path]:
    """Install Debian's least into a folder; end what runs in it and take it away afterwards."""
    with ExitStack() as stack:
        stack.callback(unmount_all_in, folder)  # before it is removed: debootstrap mounts, too
        run(["debootstrap", "--variant=minbase", RELEASE, folder, mirror()])
        furnish(folder)
        for what in ("proc", "dev"):
            run(["mount", "--bind", f"/{what}", folder / what])
        stack.callback(end_all_in, folder)
        yield folder


def furnish(folder: Path) -> None:
    """Say where packages come from, who one is, and put what stands in."""
    for source in Path("/etc/apt/sources.list.d").glob("*.sources"):
        shutil.copy(source, folder / "etc/apt/sources.list.d")
    if any((folder / "etc/apt/sources.list.d").iterdir()):
        (folder / "etc/apt/sources.list").unlink()
    shutil.copy("/etc/resolv.conf", folder / "etc/resolv.conf")
    (folder / "etc/hosts").write_text(f"127.0.0.1 localhost {HOST}\n")
    shutil.copy(CERTIFICATES, folder / "srv/certificates.crt")  # for who installs packages
    for name, script in {"systemctl": SYSTEMCTL, "certbot": CERTBOT, "nft": "#!/bin/sh\n"}.items():
        program = folder / "usr/local/bin" / name
        program.write_text(script)
        program.chmod(0o755)


def unmount_all_in(folder: Path) -> None:
    """Unmount whatever is mounted in the folder, so that removing it touches nothing else."""
    places = [Path(line.split()[1]) for line in Path("/proc/mounts").read_text().splitlines()]
    for place in reversed([place for place in places if folder in place.parents]):
        run(["umount", "--lazy", place])


def mirror() -> str:
    """Return where this machine's apt gets Debian from."""
    asked = ["apt-get", "indextargets", "--format", "$(SITE)", f"Codename: {RELEASE}"]
    return run(asked).split()[0]


def end_all_in(folder: Path) -> None:
    """End every process whose root is the folder, and those that are started meanwhile."""
    while found := [process for process in processes() if root_of(process) == str(folder)]:
        for process in found:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.1)


def processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def root_of(process: int) -> str:
    """Return the root of a process; of one that has ended, nothing."""
    try:
        return os.readlink(f"/proc/{process}/root")
    except OSError:
        return ""


def run(command: list) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def typed(folder: Path, block: str) -> subprocess.CompletedProcess:
    """Run a block like somebody who types it, in the shell that ran those before."""
    script = [
        f"set -eu; umask 077; [ ! -e {STATE} ] || . {STATE}; cd $PWD",  # a strict root's
        block,
        f"(declare -p PWD $(compgen -v | grep -xE '{REMEMBERED}'); umask -p) > {STATE}",
    ]
    settings = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    settings |= {"HOME": "/root", "LANG": "C.UTF-8", "PIP_CERT": "/srv/certificates.crt"}
    settings |= {"DEBIAN_FRONTEND": "noninteractive"}
    command = ["chroot", folder, "/bin/bash", "-c", "\n".join(script)]
    return subprocess.run(command, env=settings, capture_output=True, text=True, timeout=900)


def visit(folder: Path, address: str) -> str:
    """Return the status with which the service answers, or how long it did not, and why."""
    asked = ["curl", "--silent", "--output", "/dev/null", "--max-time", "60"]
    told = ["--write-out", "%{http_code} %{time_total} s: %{errormsg}"]
    command = ["chroot", str(folder), *asked, *told, f"https://{HOST}{address}"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=90).stdout
    return "200" if said.startswith("200 ") else said


def follow(folder: Path, *, sqlite: bool) -> Iterator[str]:
    """Type block after block; yield what goes wrong."""
    repository = folder / "srv/stillwater.git"
    run(["git", "-c", "safe.directory=*", "clone", "--quiet", "--bare", ROOT, repository])
    run(["chown", "-R", "root:root", repository])
    for number, block in enumerate(blocks(GUIDE)[:NUMBERED], 1):
        if sqlite and "CREATE ROLE" in block:
            continue
        if number == 3:  # Debian starts them when it installs them
            typed(folder, "service postgresql start; service nginx start")
        began = time.monotonic()
        block = re.sub(r"(?<=REPOSITORY=)\S+", "/srv/stillwater.git", block)
        done = typed(folder, block)
        last = (done.stdout.strip() or done.stderr.strip() or "-").splitlines()[-1]
        row(number, f"{time.monotonic() - began:.0f} s", last[:90])
        if done.returncode:
            yield f"block {number}: {done.stdout[-1500:]}{done.stderr[-1500:]}"
            return
        for word, expected in SEEN.items():
            if word in block and not re.search(expected, done.stdout.strip(), re.MULTILINE):
                yield f"block {number} does not say {expected}: {done.stdout[-1500:]}"
    for line in AT_THE_END.strip().splitlines():
        if typed(folder, line).returncode:
            yield f"in the end: {line}"
    for path in (folder / "etc/stillwater").iterdir():
        if f"{path.stat().st_mode & 0o777:o}" != PERMISSIONS[path.name]:
            yield f"{path.name} can be read by {path.stat().st_mode:o}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sqlite", action="store_true", help="leave PostgreSQL's block out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir="/var/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name) / "root"
        with bare_root(folder):
            row("block", "took", "and said in the end")
            faults = [*follow(folder, sqlite=given.sqlite)]
            if not faults:
                publish(folder / "srv/stillwater.git", Path(name))
                faults = [*update(partial(typed, folder), partial(visit, folder))]
    say(f"Debian {RELEASE}, {'SQLite' if given.sqlite else 'PostgreSQL'}: {len(faults)} faults")
    return verdict(faults)


if __name__ == "__main__":
    sys.exit(main())
