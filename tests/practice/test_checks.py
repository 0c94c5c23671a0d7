"""What is not safe does not start."""

from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from practice.checks import faults, refuse_development, refuse_unsafe, threads_of_gunicorn

KEY = "wY3-kP9_rT5vQ1xB7nM2cZ8hJ4fL6dS0gA-uE_iO3yWqRtPlKjHbN"
FAR = {"ENGINE": "django.db.backends.postgresql", "HOST": "db.example", "USER": "stillwater"}
SAFE = {
    "SECRET_KEY": KEY,
    "AUDIT_KEY": "rT5vQ1xB7nM2cZ8hJ4fL6dS0gAuE9iO3",
    "ALLOWED_HOSTS": ["practice.example"],
    "SITE_URL": "https://practice.example",
    "EMAIL_HOST": "mail.example",
    "EMAIL_USE_TLS": True,
    "EMAIL_USE_SSL": False,
    "EMAIL_HOST_USER": "stillwater",
    "EMAIL_HOST_PASSWORD": "a long one",
    "DEFAULT_FROM_EMAIL": "Stillwater <post@practice.example>",
    "WORKERS": 1,
    "THREADS": 8,
    "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3"}},
}


LOCAL_CACHE = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
MOUNTS = """/dev/vda / ext4 rw 0 0
server:/share /srv/our\\040files nfs4 rw 0 0
/dev/vdb /srv/our\\040files/disk xfs rw 0 0
"""


def far(**values: object) -> dict:
    safe = {"PASSWORD": "long and random", "OPTIONS": {"sslmode": "require"}}
    return {"DATABASES": {"default": FAR | safe | values}}


def pooled(size: int | None) -> dict:
    return far(OPTIONS={"sslmode": "require", "pool": {"max_size": size}})


@pytest.mark.parametrize(
    "settings",
    [
        {},
        far(),
        pooled(8),
        pooled(16),
        pooled(8) | {"GUNICORN_THREADS": 8},
        pooled(8) | {"GUNICORN_THREADS": 1},
        {**far(), "GUNICORN_THREADS": 16},
        {"GUNICORN_THREADS": 16},
        far(HOST="", OPTIONS={}, PASSWORD=""),
        far(HOST="/run/postgresql", OPTIONS={}),
        {"ALLOWED_HOSTS": [".practice.example", "192.0.2.7", "[2001:db8::7]"]},
        {"SITE_URL": "https://practice.example:8443"},
        {"SITE_URL": ""},
        {"EMAIL_USE_TLS": False, "EMAIL_USE_SSL": True},
        *({"EMAIL_USE_TLS": False, "EMAIL_HOST": host} for host in ("localhost", "::1")),
        {"EMAIL_HOST_USER": "", "EMAIL_HOST_PASSWORD": ""},
        {"DEFAULT_FROM_EMAIL": "post@practice.example"},
        {"EMAIL_HOST": "", "DEFAULT_FROM_EMAIL": "no-reply@localhost"},
    ],
)
def test_a_safe_installation_starts(settings):
    assert list(faults(SAFE | settings)) == []


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"SECRET_KEY": "short"}, "longer SECRET_KEY"),
        ({"SECRET_KEY": "ab" * 40}, "longer SECRET_KEY"),
        ({"SECRET_KEY": "django-insecure-" + KEY}, "SECRET_KEY of your own"),
        ({"SECRET_KEY": "only-for-demo-and-development" + KEY}, "SECRET_KEY of your own"),
        ({"AUDIT_KEY": ""}, "AUDIT_KEY"),
        ({"AUDIT_KEY": "rT5vQ1xB7nM2cZ8hJ4fL6dS0gAuE9iO"}, "AUDIT_KEY"),
        ({"AUDIT_KEY": KEY}, "AUDIT_KEY of its own"),
        ({"ALLOWED_HOSTS": []}, "ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": ["practice.example", "*"]}, "ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": ["https://practice.example"]}, "hosts alone in ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": ["practice.example", "practice.example:8443"]}, "no port"),
        ({"SITE_URL": "http://practice.example"}, "SITE_URL"),
        ({"SITE_URL": "practice.example"}, "SITE_URL begin with https"),
        ({"SITE_URL": "https://practice.example/app"}, "SITE_URL end with the name"),
        ({"SITE_URL": "https:///practice.example"}, "SITE_URL end with the name"),
        ({"EMAIL_USE_TLS": False}, "mail with TLS"),
        ({"EMAIL_USE_TLS": False, "EMAIL_HOST": "10.0.0.7"}, "mail with TLS"),
        ({"EMAIL_HOST": "mail.example:465"}, "Name the host alone in EMAIL_HOST"),
        ({"EMAIL_HOST": "smtp://mail.example"}, "Name the host alone in EMAIL_HOST"),
        ({"EMAIL_HOST_USER": ""}, "EMAIL_HOST_USER and EMAIL_HOST_PASSWORD, or neither"),
        ({"EMAIL_HOST_PASSWORD": ""}, "EMAIL_HOST_USER and EMAIL_HOST_PASSWORD, or neither"),
        ({"DEFAULT_FROM_EMAIL": ""}, "Set DEFAULT_FROM_EMAIL"),
        ({"DEFAULT_FROM_EMAIL": "no-reply@localhost"}, "Set DEFAULT_FROM_EMAIL"),
        ({"DEFAULT_FROM_EMAIL": "Stillwater"}, "Set DEFAULT_FROM_EMAIL"),
        ({"DEFAULT_FROM_EMAIL": "A <a@b.example>\nBcc: c@d.example"}, "Set DEFAULT_FROM_EMAIL"),
        ({"MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": True}, "passkeys"),
        ({"BEHIND_TLS_PROXY": True, "ALLAUTH_TRUSTED_PROXY_COUNT": 0}, "TRUSTED_PROXIES"),
        ({"WORKERS": 2}, "PostgreSQL"),
        (
            {**far(), "WORKERS": 2, "CACHES": {"default": LOCAL_CACHE}},
            "cache that all workers share",
        ),
        (pooled(4), "Set THREADS to 8: the pool holds 4 connections"),
        (pooled(None), "Set THREADS to 8"),
        ({**pooled(8), "GUNICORN_THREADS": 16}, "Set THREADS to 16: the pool holds 8"),
        ({**pooled(8), "THREADS": 9}, "Set THREADS to 9"),
        (far(PASSWORD=""), "password"),
        (far(OPTIONS={}), "TLS"),
        (far(OPTIONS={"sslmode": "prefer"}), "TLS"),
        (far(USER="postgres"), "user of its own"),
    ],
)
def test_what_is_not_safe_is_refused_in_one_sentence(settings, word):
    with pytest.raises(ImproperlyConfigured, match=word) as refusal:
        refuse_unsafe(SAFE | settings)

    assert str(refusal.value).count("\n") == 0


def test_one_command_names_everything_that_has_to_be_set(settings):
    settings.SECRET_KEY, settings.ALLOWED_HOSTS = "short", []

    with pytest.raises(SystemCheckError) as refusal:
        call_command("check", deploy=True, stderr=StringIO())

    for sentence in ("Choose a longer SECRET_KEY", "Set ALLOWED_HOSTS to the host names"):
        assert sentence in str(refusal.value)
    call_command("check", stdout=StringIO())  # development is not held to it


@pytest.mark.parametrize(
    ("folder", "is_safe"),
    [("/srv", True), ("/srv/our files", False), ("/srv/our files/disk", True), ("/srv/our", True)],
)
def test_an_sqlite_file_is_not_put_on_a_network(tmp_path, monkeypatch, folder, is_safe):
    (tmp_path / "mounts").write_text(MOUNTS)
    monkeypatch.setattr("practice.checks.MOUNTS", tmp_path / "mounts")
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{folder}/practice.sqlite3"}

    found = list(faults(SAFE | {"DATABASES": {"default": database}}))

    assert (found == []) == is_safe
    assert is_safe or "SQLite file on a disk of this machine" in found[0]


@pytest.mark.parametrize(
    ("arguments", "environment", "threads"),
    [
        (["bin/gunicorn", "practice.wsgi", "--threads", "16"], "", 16),
        (["bin/gunicorn", "practice.wsgi", "--threads=8", "--bind=127.0.0.1:8000"], "", 8),
        (["site-packages/gunicorn/__main__.py", "practice.wsgi"], "--threads 12 --workers 2", 12),
        (["bin/gunicorn", "practice.wsgi", "--threads", "4"], "--threads 12", 4),
        (["bin/gunicorn", "practice.wsgi"], "", 5),  # THREADS, by gunicorn.conf.py
        (["manage.py", "demo"], "--threads 12", None),
        (["/srv/gunicorn-practice/x/manage.py", "runserver", "--threads"], "", None),
    ],
)
def test_how_many_threads_gunicorn_was_told_to_run(settings, arguments, environment, threads):
    settings.THREADS = 5
    assert threads_of_gunicorn(arguments, {"GUNICORN_CMD_ARGS": environment}) == threads


@pytest.mark.parametrize("others", [0o604, 0o602, 0o666])
def test_a_database_that_others_can_open_is_refused(tmp_path, others):
    file = tmp_path / "practice.sqlite3"
    file.touch()
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}
    installation = SAFE | {"DATABASES": {"default": database}}

    file.chmod(others)
    assert list(faults(installation)) == [f"Let nobody else read the database: chmod 600 {file}"]
    file.chmod(0o640)  # a group may make backups
    assert list(faults(installation)) == []


@pytest.mark.parametrize("server", ["/srv/.venv/bin/gunicorn", "gunicorn/__main__.py"])
def test_development_is_not_for_gunicorn(monkeypatch, settings, server):
    monkeypatch.setattr("sys.argv", [server, "practice.wsgi"])
    settings.PRODUCTION = True
    refuse_development()

    settings.PRODUCTION = False
    with pytest.raises(ImproperlyConfigured, match="Unset DEBUG and STILLWATER_DEMO"):
        refuse_development()
    monkeypatch.setattr("sys.argv", ["manage.py", "runserver"])
    refuse_development()
