"""Settings of an installation; what differs between two is an environment variable.

Each is read by `practice.environment`, which refuses what it cannot read, with the name of the
setting. `deploy/stillwater.env.example` says in a sentence what each is for. All are in one file,
longer than others, where an operator looks for them.
"""

from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from practice.database.connections import connections
from practice.environment import Environment
from practice.web.log_lines import LOGGING  # noqa: F401 - a setting of Django

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

DEMO = env.switch("STILLWATER_DEMO")
DEBUG = env.switch("DEBUG")
PRODUCTION = not (DEBUG or DEMO)

SECRET_KEY = env.text("SECRET_KEY") or ("" if PRODUCTION else "only-for-demo-and-development")
if not SECRET_KEY:
    raise ImproperlyConfigured("Set SECRET_KEY to a long random text: manage.py make_keys")
# Seals the audit. Commands that record nothing, such as collectstatic, run without it.
AUDIT_KEY = env.text("AUDIT_KEY") or ("" if PRODUCTION else "only-for-the-audit-of-the-demo")
CHAIN_IN_BACKGROUND = True  # a thread of the server gives entries of the audit their places
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
WORKERS = env.number("WEB_CONCURRENCY", 1, least=1)  # the number of gunicorn's processes
THREADS = env.number("THREADS", 8, least=1)  # in each of them

ALLOWED_HOSTS = ["*"] if DEMO else env.words("ALLOWED_HOSTS")  # a demo's people are fictional

SERVICE_NAME = env.text("SERVICE_NAME", "Stillwater")
SITE_URL = env.text("SITE_URL").rstrip("/")
URGENT_HELP = env.text(
    "URGENT_HELP",
    "If you need urgent help: call 999, NHS 111 (option 2), or Samaritans on 116 123, at any time.",
)
SUPPORT_EMAIL = env.text("SUPPORT_EMAIL")
SECURITY_CONTACT = env.text("SECURITY_CONTACT")  # mailto: or https: address

METRICS_TOKEN = env.text("METRICS_TOKEN")  # without one, /metrics is for this machine alone
ERRORS_TO = env.words("ERRORS_TO")  # who gets a mail of an error: see practice/web/errors.py
SENTRY_DSN = env.sentry("SENTRY_DSN")

# What PostgreSQL keeps in an index beside its key, SQLite leaves out: every `migrate` would say so.
SILENCED_SYSTEM_CHECKS = ["models.W040"]

INSTALLED_APPS = [
    "practice.accounts",
    "practice.audit",
    "clients",
    "relationships",
    "practice.diary",
    "relationships.caseload",
    "practice.booking",
    "practice.notifications",
    "practice.profiles",
    "practice.imports",
    "practice.records",
    "practice",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",  # for its command that clears them; they have a table of ours
    "django.contrib.staticfiles",
    "django.forms",
]

MIDDLEWARE = [
    "practice.site.middleware.count_requests",
    "practice.site.middleware.request_id",
    "practice.site.middleware.unknown_proxy",
    "django.middleware.security.SecurityMiddleware",
    "practice.site.middleware.response_headers",
    "practice.site.middleware.limit_size",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "practice.site.middleware.head_as_get",
    "practice.site.middleware.CompressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "practice.site.middleware.machines_are_anonymous",
    "django_htmx.middleware.HtmxMiddleware",
    "practice.site.middleware.htmx_answers",
    "practice.site.middleware.RefusedFormMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "practice.site.middleware.DraftMiddleware",
    "practice.accounts.access.session_limits",
    "practice.accounts.access.second_factor_for_therapists",
    "allauth.account.middleware.AccountMiddleware",
    "practice.site.middleware.transaction_per_request",
    "practice.site.middleware.reader_time_zone",
    "practice.site.middleware.MergedRecordMiddleware",
]

ROOT_URLCONF = "practice.urls"
WSGI_APPLICATION = "practice.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "practice.site.middleware.service",
            ],
            "builtins": [
                "django.templatetags.static",
                "practice.templatetags.components",
                "practice.notifications.announcing",
                "practice.text.spoken",
                "relationships.reading",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

DATA_DIR = env.folder("DATA_DIR", BASE_DIR)
BACKUP_DIR = env.folder("BACKUP_DIR", DATA_DIR / "backups")
SQLITE_FILE = DATA_DIR / ("demo.sqlite3" if DEMO else "stillwater.sqlite3")
DATABASES = connections(env.database("DATABASE_URL", SQLITE_FILE), THREADS)
DATABASE_ROUTERS = ["practice.database.routers.CacheRouter"] if "cache" in DATABASES else []

# In the database, so that every process of the server knows the same (limits of sign-in, too).
DATABASE_CACHE = "django.core.cache.backends.db.DatabaseCache"
CACHES = {"default": {"BACKEND": DATABASE_CACHE, "LOCATION": "shared_cache"}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["practice.accounts.access.EmailBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "practice.accounts.passwords.MaximumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "practice.accounts.passwords.GuessedFirstValidator"},
]

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an account begins with an invitation, never by itself
# Django's own: allauth's writes an unverified address beside the account for whoever asks.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
ACCOUNT_ADAPTER = "practice.accounts.adapter.Adapter"
ACCOUNT_FORMS = {
    "login": "practice.accounts.forms.SignInForm",
    "reauthenticate": "practice.accounts.forms.ConfirmForm",
    "reset_password": "practice.accounts.forms.ResetForm",
    "change_password": "practice.accounts.forms.OtherPasswordForm",
    "set_password": "practice.accounts.forms.FirstPasswordForm",
    "reset_password_from_key": "practice.accounts.forms.PasswordByLinkForm",
}
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,5/15m/key",  # passwords and codes; see 429.html
    "test_message": "5/h/user",
    "invitation": "5/h/key",  # mails to one address
    "email_change": "5/15m/user",
}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""

MFA_ADAPTER = "practice.accounts.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an account has the one address of its own, and no others
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION  # http://localhost
MFA_FORMS = {
    "authenticate": "practice.accounts.forms.CodeForm",
    "reauthenticate": "practice.accounts.forms.ConfirmByCodeForm",
    "authenticate_webauthn": "practice.accounts.forms.SecondStepByPasskeyForm",
    "login_webauthn": "practice.accounts.forms.SignInByPasskeyForm",
    "reauthenticate_webauthn": "practice.accounts.forms.ConfirmByPasskeyForm",
    "activate_totp": "practice.accounts.forms.AddAppForm",
    "add_webauthn": "practice.accounts.forms.AddPasskeyForm",
    "edit_webauthn": "practice.accounts.forms.RenamePasskeyForm",
}

# A therapist without a second factor is led to add one, and gets nowhere else.
SECOND_FACTOR_FOR_THERAPISTS = env.switch("SECOND_FACTOR_FOR_THERAPISTS", PRODUCTION)
IDLE_LIMIT = timedelta(minutes=30)  # without use, a session ends
IDLE_WARNING = timedelta(minutes=2)  # so long before, the page asks
SESSION_LIMIT = timedelta(hours=12)  # after so long it ends, used or not
SESSION_ENGINE = "practice.accounts.access"
SESSION_COOKIE_AGE = int(SESSION_LIMIT.total_seconds())
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "practice.site.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [SITE_URL] if "://" in SITE_URL else []  # whatever Host a proxy passes on
BEHIND_TLS_PROXY = env.switch("BEHIND_TLS_PROXY")
SECURE_SSL_REDIRECT = PRODUCTION and not BEHIND_TLS_PROXY
# So many proxies add to X-Forwarded-For: it tells who asks, for the limits against guessing.
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXIES", int(BEHIND_TLS_PROXY), most=9)
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 63072000 if PRODUCTION else 0
# Both speak for other names than that of the service: only who owns these can say.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.switch("HSTS_SUBDOMAINS")
SECURE_HSTS_PRELOAD = env.switch("HSTS_PRELOAD")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes of a form, a photo apart; see site/middleware.py
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # what an import is asked: a field for each column

EMAIL_HOST = env.text("EMAIL_HOST")
# "none" is for a mail server on this machine; see practice/checks.py.
EMAIL_TLS = env.choice("EMAIL_TLS", "starttls", "implicit", "none")
_port = {"starttls": 587, "implicit": 465, "none": 25}[EMAIL_TLS]  # RFC 8314, 3.3; RFC 5321
EMAIL_PORT = env.number("EMAIL_PORT", _port, least=1)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = bool(EMAIL_HOST) and EMAIL_TLS == "starttls"
EMAIL_USE_SSL = bool(EMAIL_HOST) and EMAIL_TLS == "implicit"
EMAIL_TIMEOUT = env.number("EMAIL_TIMEOUT", 10, least=1, most=120)  # seconds
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "no-reply@localhost")
# Whether people are told by mail what happens to their sessions, and how long after it: what is
# changed again by then is told once. The demo writes to a folder (practice/notifications).
SENDS_MESSAGES = bool(EMAIL_HOST) or DEMO
MESSAGE_GRACE = timedelta(seconds=env.number("MESSAGE_GRACE", 0 if DEMO else 180, most=3600))
# A log must not hold the links that are in mails.
_backend = "smtp" if EMAIL_HOST else "dummy" if PRODUCTION else "console"
EMAIL_BACKEND = f"django.core.mail.backends.{_backend}.EmailBackend"
# By which messages about sessions go: those of the demo are files beside manage.py.
_in_files = DEMO and not EMAIL_HOST
MESSAGE_BACKEND = "practice.notifications.files.EmailBackend" if _in_files else EMAIL_BACKEND
# A thread of the server sends them; 0 where `manage.py send_mail_queue --forever` runs beside it.
SEND_MESSAGES_IN_SERVER = env.switch("SEND_MESSAGES_IN_SERVER", True) and SENDS_MESSAGES

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_TZ = True
USE_I18N = False

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_ROOT = BASE_DIR / "static" / "root"  # /robots.txt and /favicon.ico
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_ALLOW_ALL_ORIGINS = False  # our pages alone load them
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
