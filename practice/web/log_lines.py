"""What a line of the log looks like: time (UTC), level, id of the request, what happened.

    2026-11-28T09:30:00Z WARNING 3f9c2a17d0b84e65 Not Found: /clients/<id:client_id>/

Beside the settings, and gunicorn's (`gunicorn.conf.py`), so that every program writes alike.
"""

FORMAT = "%(asctime)s %(levelname)s %(request_id)s %(message)s"
TIME = "%Y-%m-%dT%H:%M:%SZ"
OF_DJANGO = {"handlers": ["console", "mail"], "level": "INFO", "propagate": False}
WITHOUT_VALUES = {"filters": ["by_route", "request_id"], "formatter": "without_values"}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "by_route": {"()": "practice.web.logging.ByRoute"},
        "request_id": {"()": "practice.web.logging.WithRequestId"},
    },
    "formatters": {
        "without_values": {
            "()": "practice.web.logging.WithoutValues",
            "format": FORMAT,
            "datefmt": TIME,
        }
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", **WITHOUT_VALUES},
        "mail": {"class": "practice.web.errors.MailHandler", **WITHOUT_VALUES},
    },
    "root": {"handlers": ["console", "mail"], "level": "WARNING"},
    "loggers": {"django": OF_DJANGO, "django.server": OF_DJANGO},
}
