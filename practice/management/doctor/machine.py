"""The machine: settings, files, disk, backups."""

import os
import platform
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.db import connection
from django.http.request import validate_host
from django.utils import timezone

from practice.checks import faults, settings_of_this_server
from practice.database.private_file import is_open_to_others
from practice.management.backups import checksum, finished
from practice.management.doctor.findings import Finding, advice, good, wrong
from practice.version import VERSION

LITTLE = 2 * 1024**3  # bytes free
KEYS = Path("/etc/stillwater")  # where docs/deploy.md puts the settings
UNITS = Path("/etc/systemd/system")
SHORTEST_TOKEN = 20
A_MOMENT = timedelta(minutes=1)
OLDEST_BACKUP = timedelta(hours=26)  # daily, and some time to make it
SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")


def versions() -> Iterator[Finding]:
    python = platform.python_version()
    yield good(f"Stillwater {VERSION}, Django {django.__version__}, Python {python}.")


def the_settings() -> Iterator[Finding]:
    """What would keep the server from starting, and what it starts with and should not."""
    if settings.DEBUG or settings.DEMO:
        yield wrong("Unset DEBUG and STILLWATER_DEMO: they are for your own machine.")
    found = [*faults(settings_of_this_server())]
    yield from map(wrong, found)
    if not found:
        yield good("The settings are safe.")
    if not settings.SECOND_FACTOR_FOR_THERAPISTS:
        yield advice("SECOND_FACTOR_FOR_THERAPISTS is off: a password alone opens a caseload.")
    if not settings.BEHIND_TLS_PROXY:
        yield advice("BEHIND_TLS_PROXY is off: is there no web server in front that speaks https?")
    if not settings.SITE_URL:
        yield wrong("Set SITE_URL to the address that people use: links in mails lead there.")
    elif not validate_host(urlsplit(settings.SITE_URL).hostname or "", settings.ALLOWED_HOSTS):
        yield wrong("Name the host of SITE_URL in ALLOWED_HOSTS: links in mails lead there.")
    if 0 < len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        yield wrong(f"Choose a longer METRICS_TOKEN: {SHORTEST_TOKEN} random characters or more.")
    if settings.SECRET_KEY_FALLBACKS:
        yield advice(
            "SECRET_KEY_FALLBACKS is set: after rotate_secret_key, and a week, take it away."
        )


def who_runs_it() -> Iterator[Finding]:
    if os.geteuid() == 0:
        yield advice("This runs as root. Let the service have a user of its own.")
    for file in sorted(KEYS.glob("*.env")):
        if is_open_to_others(file):
            yield wrong(f"Others can read the keys: chmod 640 {file}")


def units() -> Iterator[Finding]:
    """Whether what the guide has started by systemd is started with the machine."""
    expected = {"timers": ["stillwater-daily.timer"], "multi-user": ["stillwater.service"]}
    if settings.SENDS_MESSAGES and not settings.SEND_MESSAGES_IN_SERVER:
        expected["multi-user"].append("stillwater-messages.service")
    if not (UNITS / "stillwater.service").exists():
        return  # in containers, or by something else
    for target, names in expected.items():
        for name in names:
            if not (UNITS / f"{target}.target.wants" / name).is_symlink():
                yield wrong(f"{name} does not start by itself: systemctl enable --now {name}")


def static_files() -> Iterator[Finding]:
    """Whether `collectstatic` was run since the last update."""
    if not settings.STATIC_ROOT:
        return
    root = Path(settings.STATIC_ROOT)
    sources = [*(Path(settings.BASE_DIR) / "static").glob("*.*")]
    stale = [path.name for path in sources if not _is_collected(path, root)]
    if stale or not (root / "staticfiles.json").exists():
        yield wrong("The static files are not those of this version: manage.py collectstatic")
    else:
        yield good("The static files are those of this version.")


def _is_collected(source: Path, root: Path) -> bool:
    copy = root / source.name
    return copy.exists() and copy.read_bytes() == source.read_bytes()


def disk() -> Iterator[Finding]:
    folders = {settings.DATA_DIR, settings.BACKUP_DIR}
    for folder in sorted(path for path in folders if path.exists()):
        if os.statvfs(folder).f_flag & os.ST_RDONLY:
            yield wrong(f"{folder} can only be read here: ReadWritePaths={folder} in the units.")
        elif not os.access(folder, os.W_OK | os.X_OK):
            yield wrong(f"This user cannot write into {folder}: chown it to the service's user.")
        for file in sorted(folder.glob("stillwater*")):
            if file.is_file() and is_open_to_others(file):
                yield wrong(f"Others can read what is entered: chmod 600 {file}")
        free = shutil.disk_usage(folder).free
        said = f"{free / 1024**3:.1f} GiB are free at {folder}."
        yield wrong(said) if free < LITTLE else good(said)


def clock() -> Iterator[Finding]:
    if SYNCHRONIZED.parent.exists() and not SYNCHRONIZED.exists():
        yield advice("The clock is not synchronized: codes of authenticator apps go by it.")


def backups() -> Iterator[Finding]:
    """Whether there is a fresh one, as it was written."""
    folder = settings.BACKUP_DIR
    if connection.vendor == "postgresql" and not shutil.which("pg_dump"):
        yield wrong("There is no pg_dump here, which backup needs: install postgresql-client.")
    done = finished(folder)
    if not done:
        yield wrong(f"There is no backup in {folder}: manage.py backup, once a day.")
        return
    backup, beside = done[-1]
    age = timezone.now() - backup.moment
    copy = beside.with_name(backup.file)
    hours = f"{age.total_seconds() / 3600:.0f} hours"
    if age < -A_MOMENT:
        yield wrong("The last backup is from the future: the clock was set back.")
    elif age > OLDEST_BACKUP:
        yield wrong(f"The last backup is {hours} old: is stillwater-daily.timer enabled?")
    elif not copy.exists() or checksum(copy) != backup.sha256:
        yield wrong(f"The last backup is not as it was written: {copy}")
    else:
        yield good(f"The last backup is {hours} old, with {sum(backup.rows.values()):,} rows.")
