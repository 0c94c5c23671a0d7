from django.urls import path

from practice.archive import views

urlpatterns = [path("account/archive/", views.archive, name="archive")]
