"""Settings of the tests: an installation as it comes, made quick and kept to this machine."""

import os
import tempfile
from pathlib import Path

# What is set for a server on this machine is not for its tests.
for name in ("DEBUG", "STILLWATER_DEMO", "ALLOWED_HOSTS", "SITE_URL", "EMAIL_HOST"):
    os.environ.pop(name, None)
os.environ["SECURITY_CONTACT"] = "mailto:security@practice.example"
os.environ["SECRET_KEY"] = "only for the tests, which keep no secrets"
os.environ["AUDIT_KEY"] = "only for the tests, which seal nothing of worth"

from practice.settings import *  # noqa: E402, F403
from practice.settings import CACHES, DATABASES, MIDDLEWARE, STORAGES  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: the threads of the live server and of races share it.
    file = Path(tempfile.gettempdir()) / f"stillwater-test-{os.getpid()}.sqlite3"
    DATABASES["default"]["TEST"] = {"NAME": file}
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"

else:
    # Tests set the stage as the owner of the tables; every request is answered as the server's
    # role, which row-level security binds.
    MIDDLEWARE = ["tests.application_role.as_the_application", *MIDDLEWARE]

# Forgotten from one run to the next; tests/accounts/test_shared_cache.py looks at the real one.
DATABASES.pop("cache", None)
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "shared": CACHES["default"],
}
CHAIN_IN_BACKGROUND = False  # a test that wants entries chained says so
MIDDLEWARE = [*MIDDLEWARE]
MIDDLEWARE.insert(
    MIDDLEWARE.index("practice.site.middleware.transaction_per_request"),
    "tests.commits.as_committed",
)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # weak, but quick
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True  # finds static files without collecting them first
WHITENOISE_USE_FINDERS = True

# tests/accounts/test_second_factor.py switches it on.
SECOND_FACTOR_FOR_THERAPISTS = False

# The tests' server speaks plain HTTP.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
SESSION_COOKIE_NAME = "session"
CSRF_COOKIE_NAME = "csrf"
