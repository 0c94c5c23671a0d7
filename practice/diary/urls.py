from django.urls import path

from practice.diary import clients_side, opened, views

urlpatterns = [
    # /sessions/<id>/
    path("sessions/<id:session_id>/", views.session, name="session"),
    path("sessions/<id:session_id>/cancel/", views.cancel, name="cancel_session"),
    path("sessions/<id:session_id>/move/", views.move, name="move_session"),
    path("sessions/<id:session_id>/attendance/", views.attendance, name="attendance"),
    path("sessions/<id:session_id>/calendar.ics", views.calendar, name="calendar"),
    path("relationships/<id:relationship_id>/sessions/add/", views.add_session, name="add_session"),
    path("clients/<id:client_id>/sessions/", views.client_sessions, name="client_sessions"),
    path("clients/<id:client_id>/access/", opened.who_opened, name="client_access"),
    path("dashboard/", clients_side.dashboard, name="dashboard"),
    path("dashboard/sessions/", clients_side.my_sessions, name="my_sessions"),
]
