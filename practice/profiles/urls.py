from django.urls import path

from practice.profiles import views

urlpatterns = [
    path("profile/", views.profile, name="profile"),
    path("profile/figures/", views.my_figures, name="my_figures"),
    # /therapists/<slug>/
    path("therapists/", views.therapists, name="therapists"),
    path("therapists/<slug:slug>/", views.therapist, name="therapist"),
    path("therapists/<slug:slug>/photo/", views.photo, name="photo"),
]
