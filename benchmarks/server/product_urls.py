"""The product's addresses, and those of the unit and of the shell."""

from django.urls import include, path

from benchmarks.server.views import me, shell
from practice import urls
from practice.urls import handler400, handler403, handler404, handler429, handler500

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500", "urlpatterns"]

urlpatterns = [path("me/", me), path("shell/", shell), path("", include(urls.urlpatterns))]
