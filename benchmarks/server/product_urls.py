"""The product's addresses, and that of the unit."""

from django.urls import include, path

from benchmarks.server.views import me
from practice import urls
from practice.urls import handler400, handler403, handler404, handler429, handler500

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500", "urlpatterns"]

urlpatterns = [path("me/", me), path("", include(urls.urlpatterns))]
