"""`/metrics`: what the service tells whoever watches over it, as text that Prometheus reads.

Nothing of it is personal: requests by route, never by address; numbers, never whose they are.
"""

import os
from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.signals import user_login_failed
from django.db import Error, connection
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from practice.notifications.models import Waiting
from practice.version import VERSION

LOOPBACK = ("127.0.0.1", "::1", "")  # the last: a socket of this machine
FAILED = Counter("stillwater_failed_sign_ins", "Passwords that were wrong.")


@receiver(user_login_failed)
def count_failed_sign_in(**_: object) -> None:
    """Count it; whose account it was to be is for the audit alone."""
    FAILED.inc()


class Now(Collector):
    """What is so at the moment of asking: the database, what waits to be sent, the pool."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield gauge("stillwater_version_info", "The version.", 1, version=VERSION)
        try:
            number, since = Waiting.depth()
        except Error:
            yield gauge("stillwater_database_up", "Whether the database answers.", 0)
            return
        yield gauge("stillwater_database_up", "Whether the database answers.", 1)
        age = max(0.0, (timezone.now() - since).total_seconds()) if since else 0.0
        yield gauge("stillwater_outbox", "Messages, and sessions to be told of, that wait.", number)
        yield gauge("stillwater_outbox_seconds", "Since when the oldest is due.", age)
        for name, value in pool_of_this_process().items():
            yield gauge(f"stillwater_pool_{name}", "Of the process that answered.", value)


def gauge(name: str, what: str, value: float, **labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=[*labels])
    family.add_metric([*labels.values()], value)
    return family


def pool_of_this_process() -> dict[str, int]:
    """Return how many connections a pool holds, has free, and how many ask in vain; or nothing."""
    pool = getattr(connection, "pool", None)
    if pool is None:
        return {}
    found = pool.get_stats()
    names = {"size": "pool_size", "free": "pool_available", "requests_waiting": "requests_waiting"}
    return {name: found.get(key, 0) for name, key in names.items()}


@require_safe
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Tell a program of this machine, or one that has METRICS_TOKEN."""
    if not may_watch(request):
        raise Http404
    now = CollectorRegistry()
    now.register(Now())
    text = generate_latest(of_all_processes()) + generate_latest(now)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def may_watch(request: HttpRequest) -> bool:
    """Whether the token is right or, where none is set, nobody asks from elsewhere."""
    if settings.METRICS_TOKEN:
        sent = request.headers.get("Authorization", "")
        return constant_time_compare(sent, f"Bearer {settings.METRICS_TOKEN}")
    came_through_proxy = "X-Forwarded-For" in request.headers
    return request.META.get("REMOTE_ADDR", "") in LOOPBACK and not came_through_proxy


def of_all_processes() -> CollectorRegistry:
    """Return what was counted: with several processes, by all of them (deploy/*.service)."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry
