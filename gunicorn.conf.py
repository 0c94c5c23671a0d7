"""What gunicorn reads by itself when it is started in this folder: `gunicorn practice.wsgi`.

THREADS and WEB_CONCURRENCY say how many threads and processes; arguments of the command and
GUNICORN_CMD_ARGS go before what stands here.
"""

import os
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker
from prometheus_client.multiprocess import mark_process_dead

sys.path.insert(0, str(Path(__file__).resolve().parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")

from practice.environment import Environment
from practice.web.log_lines import FORMAT, TIME
from practice.web.logging import ByRoute, WithoutValues, WithRequestId


class Log(Logger):
    """gunicorn's own lines look like ours, and tell as little."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(WithoutValues(FORMAT, TIME))
            handler.addFilter(ByRoute())
            handler.addFilter(WithRequestId())


wsgi_app = "practice.wsgi"
bind = "127.0.0.1:8000"  # the server in front of it is on this machine
worker_class = "gthread"
try:
    threads = Environment().number("THREADS", 8, least=1)
    workers = Environment().number("WEB_CONCURRENCY", 1, least=1)
except ImproperlyConfigured as error:
    sys.exit(str(error))
logger_class = Log
control_socket_disable = True  # systemd is who starts and stops it


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Forget what was so in a process that has ended; what it counted stays counted."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        mark_process_dead(worker.pid)
