"""An installation that is not safe does not start, and says in one sentence what to set."""

import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from gunicorn.config import Config

from practice.database.private_file import is_open_to_others

SHORTEST_KEY = 50
KNOWN_KEYS = ("django-insecure-", "only-for-", "changeme", "secret")
SHORTEST_AUDIT_KEY = 32
HOST = re.compile(r"\.?[\w-]+(\.[\w-]+)*\.?|\[[0-9a-f:.]+\]", re.IGNORECASE)
LOCAL = ("", "localhost", "127.0.0.1", "::1")
MOUNTS = Path("/proc/mounts")  # where the system lists its file systems
OF_THE_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "fuse.sshfs", "glusterfs")


def refuse_unsafe(settings: Mapping[str, Any]) -> None:
    """Look at the settings of a production server.

    Raises:
        ImproperlyConfigured: something has to be set differently; the text names the first.
    """
    for sentence in faults(settings):
        raise ImproperlyConfigured(sentence)


@register(Tags.security, deploy=True)
def installation_is_safe(app_configs: object, **_: object) -> list[CheckMessage]:
    """Name everything that has to be set: `manage.py check --deploy`."""
    return [Error(sentence) for sentence in faults(settings_of_this_server())]


def settings_of_this_server() -> dict[str, Any]:
    """Return every setting by its name, and how many threads gunicorn was told to run."""
    named = {name: getattr(settings, name) for name in dir(settings) if name.isupper()}
    return named | {"GUNICORN_THREADS": threads_of_gunicorn()}


def faults(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each setting that is not safe."""
    yield from _faults_of_key(str(settings["SECRET_KEY"]))
    if len(str(settings["AUDIT_KEY"])) < SHORTEST_AUDIT_KEY:
        yield f"Set AUDIT_KEY to {SHORTEST_AUDIT_KEY} random characters or more, and keep it."
    if settings["AUDIT_KEY"] == settings["SECRET_KEY"]:
        yield "Choose an AUDIT_KEY of its own: it has to outlive a change of SECRET_KEY."
    hosts = settings["ALLOWED_HOSTS"]
    if not hosts:
        yield "Set ALLOWED_HOSTS to the host names of the service, separated by commas."
    if "*" in hosts:
        yield "Name the hosts in ALLOWED_HOSTS: * lets anybody pose as the service."
    if not all(HOST.fullmatch(host) for host in hosts if host != "*"):
        yield "Name hosts alone in ALLOWED_HOSTS, such as practice.example: no https://, no port."
    yield from _faults_of_address(str(settings["SITE_URL"]))
    if settings["EMAIL_HOST"]:
        yield from _faults_of_mail(settings)
    if settings.get("BEHIND_TLS_PROXY") and not settings.get("ALLAUTH_TRUSTED_PROXY_COUNT"):
        yield "Set TRUSTED_PROXIES: without it all visitors share the limits against guessing."
    if settings.get("MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN"):
        yield "Accept passkeys over https only: turn MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN off."
    workers = int(settings["WORKERS"])
    cache = settings.get("CACHES", {}).get("default", {}).get("BACKEND", "")
    if workers > 1 and cache.endswith("LocMemCache"):
        yield "Use a cache that all workers share: the limits against guessing are kept in it."
    threads = max(int(settings["THREADS"]), settings.get("GUNICORN_THREADS") or 0)
    yield from _faults_of_database(settings["DATABASES"]["default"], workers, threads)


def _faults_of_key(key: str) -> Iterator[str]:
    if key.lower().startswith(KNOWN_KEYS):
        yield "Choose a SECRET_KEY of your own: this one is known to everybody."
    elif len(key) < SHORTEST_KEY or len(set(key)) < 5:
        yield f"Choose a longer SECRET_KEY: {SHORTEST_KEY} random characters or more."


def _faults_of_address(address: str) -> Iterator[str]:
    parts = urlsplit(address)
    if address and parts.scheme != "https":
        yield "Let SITE_URL begin with https: what is in mails has to be safe to follow."
    elif address and (not parts.netloc or parts.path or parts.query):
        yield "Let SITE_URL end with the name of the host, or its port: https://practice.example"


def _faults_of_mail(settings: Mapping[str, Any]) -> Iterator[str]:
    host, sender = str(settings["EMAIL_HOST"]), str(settings["DEFAULT_FROM_EMAIL"])
    if "/" in host or " " in host or host.count(":") == 1:
        yield "Name the host alone in EMAIL_HOST, such as mail.example: its port is EMAIL_PORT."
    if host not in LOCAL and not (settings["EMAIL_USE_TLS"] or settings["EMAIL_USE_SSL"]):
        yield "Send mail with TLS, or through a mail server on this machine: see EMAIL_TLS."
    if not is_sender(sender):
        yield "Set DEFAULT_FROM_EMAIL to an address that the mail server lets you send from."
    if bool(settings["EMAIL_HOST_USER"]) != bool(settings["EMAIL_HOST_PASSWORD"]):
        yield "Set EMAIL_HOST_USER and EMAIL_HOST_PASSWORD, or neither: one alone is not used."


def is_sender(sender: str) -> bool:
    """Whether mails can be from there: an address of some other machine, alone or after a name."""
    address = parseaddr(sender)[1]
    try:
        validate_email(address)
    except ValidationError:
        return False
    return not address.endswith("@localhost") and "\n" not in sender and "\r" not in sender


def _faults_of_database(database: Mapping, workers: int, threads: int) -> Iterator[str]:
    if database["ENGINE"].endswith("sqlite3"):
        if workers > 1:
            yield "Use PostgreSQL (DATABASE_URL) for several workers, or one worker with threads."
        file = Path(database.get("NAME", "/")).resolve()
        if filesystem_of(file) in OF_THE_NETWORK:
            yield "Put the SQLite file on a disk of this machine: its locks fail on a network’s."
        if file.is_file() and is_open_to_others(file):
            yield f"Let nobody else read the database: chmod 600 {file}"
        return
    host, options = str(database.get("HOST") or ""), database.get("OPTIONS") or {}
    is_far = host not in LOCAL and not host.startswith("/")
    if is_far and not database.get("PASSWORD"):
        yield "Give the database user a password: the database is on another machine."
    if is_far and options.get("sslmode") not in ("require", "verify-ca", "verify-full"):
        yield "Reach the database by TLS: add ?sslmode=require to DATABASE_URL."
    yield from _faults_of_pool(options.get("pool"), threads)
    if database.get("USER") == "postgres":
        yield "Use a database user of its own, not postgres: a superuser passes every policy."


def _faults_of_pool(pool: Mapping | bool | None, threads: int) -> Iterator[str]:
    holds = pool.get("max_size") or 0 if isinstance(pool, Mapping) else threads
    if holds < threads:
        yield f"Set THREADS to {threads}: the pool holds {holds} connections for so many threads."


def refuse_development() -> None:
    """Look whether gunicorn, which is for others to reach, was started as for development.

    Raises:
        ImproperlyConfigured: it was; errors would show rows, and anybody would know the keys.
    """
    if threads_of_gunicorn() and not settings.PRODUCTION:
        raise ImproperlyConfigured(
            "Unset DEBUG and STILLWATER_DEMO: they are for manage.py on your own machine."
        )


def threads_of_gunicorn(
    arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ
) -> int | None:
    """Return how many threads gunicorn was told to run, or None if this is no gunicorn.

    Ours, `gunicorn.conf.py`, runs as many as THREADS; no other configuration file is read.
    """
    arguments = sys.argv if arguments is None else arguments
    if "gunicorn" not in Path(arguments[0]).parts[-2:]:
        return None
    told = [*shlex.split(environment.get("GUNICORN_CMD_ARGS", "")), *arguments[1:]]
    return Config().parser().parse_known_args(told)[0].threads or settings.THREADS


def filesystem_of(path: Path) -> str:
    """Return the kind of file system a path is on, e.g. "ext4"; empty where nothing tells."""
    mounts = MOUNTS.read_text().splitlines() if MOUNTS.exists() else []
    places = [(fields[1].replace("\\040", " "), fields[2]) for fields in map(str.split, mounts)]
    around = [(place, kind) for place, kind in places if path.is_relative_to(place)]
    return max(reversed(around), key=lambda mount: len(mount[0]), default=("", ""))[1]
