from django.urls import path

from practice.archive import views

# /account/archive/
urlpatterns = [
    path("account/archive/", views.archive, name="archive"),
    path("account/archive/progress/", views.archive_progress, name="archive_progress"),
]
