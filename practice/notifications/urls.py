from django.urls import path

from practice.notifications import stopping, views

urlpatterns = [
    path("account/messages/", views.messages, name="messages"),
    path("dashboard/messages/", views.my_messages, name="my_messages"),
    path("messages-sent/", views.messages_sent, name="messages_sent"),
    path("reminders/<str:token>/stop/", stopping.stop_reminders, name="stop_reminders"),
]
