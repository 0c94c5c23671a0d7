"""The product's addresses, and those of the unit, of the shell and of floors."""

from django.urls import include, path

from benchmarks.server.views import bare, me, shell
from practice import urls
from practice.urls import handler400, handler403, handler404, handler429, handler500

__all__ = ["handler400", "handler403", "handler404", "handler429", "handler500", "urlpatterns"]

urlpatterns = [
    path("me/", me),
    path("shell/", shell),
    path("bare/<str:name>/<int:size>/", bare),
    path("", include(urls.urlpatterns)),
]
