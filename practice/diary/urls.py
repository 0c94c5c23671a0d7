from django.urls import path

from practice.booking import moves_of_clients
from practice.diary import (
    adding,
    attending,
    cancelling,
    client_views,
    correcting,
    feed,
    feed_page,
    moving,
    places,
    today_views,
    views,
)

urlpatterns = [
    # /sessions/<id>/
    path("sessions/<id:session_id>/", views.session, name="session"),
    path("sessions/<id:session_id>/cancel/", cancelling.cancel, name="cancel_session"),
    path("sessions/<id:session_id>/put-back/", cancelling.put_back, name="put_back"),
    path("sessions/<id:session_id>/who-asked/<str:what>/", cancelling.who_asked, name="who_asked"),
    path("sessions/<id:session_id>/series/", views.session_series, name="session_series"),
    path("sessions/<id:session_id>/correct/", correcting.correct, name="correct_session"),
    path("sessions/<id:session_id>/place/", places.session_place, name="session_place"),
    path("sessions/<id:session_id>/move/", moving.move, name="move_session"),
    path(
        "sessions/<id:session_id>/move/<str:day>/<str:time>/",
        moves_of_clients.check,
        name="check_move",
    ),
    path("sessions/<id:session_id>/attendance/", attending.attendance, name="attendance"),
    path("sessions/<id:session_id>/calendar.ics", views.calendar, name="calendar"),
    path(
        "relationships/<id:relationship_id>/sessions/add/", adding.add_session, name="add_session"
    ),
    path(
        "relationships/<id:relationship_id>/place/",
        places.relationship_place,
        name="relationship_place",
    ),
    path("clients/<id:client_id>/sessions/", views.client_sessions, name="client_sessions"),
    path("diary/calendar/", feed_page.diary_feed, name="diary_feed"),
    path("dashboard/calendar/", feed_page.sessions_feed, name="sessions_feed"),
    path("calendar/<str:token>.ics", feed.feed, name="calendar_feed"),
    path("news/dismiss/", today_views.dismiss, name="dismiss_news"),
    path("dashboard/", client_views.dashboard, name="dashboard"),
    path("dashboard/sessions/", client_views.my_sessions, name="my_sessions"),
]
