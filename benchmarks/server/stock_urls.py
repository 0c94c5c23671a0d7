"""The unit with Django's own settings, and two lists of the same rows in plain Django."""

from django.urls import path

from benchmarks.server import views
from benchmarks.server.admin import site

urlpatterns = [
    path("me/", views.me),
    path("naive/", views.naive_list),
    path("admin/", site.urls),
]
