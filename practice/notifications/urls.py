from django.urls import path

from practice.notifications import stopping

urlpatterns = [
    path("reminders/<str:token>/stop/", stopping.stop_reminders, name="stop_reminders"),
]
