from django.urls import path

from practice.booking import book, views

urlpatterns = [
    path("diary/", views.diary, name="diary"),
    path("diary/availability/", views.availability, name="availability"),
    path("diary/<str:day>/", views.diary_week, name="diary_week"),
    path("book/<id:relationship_id>/", book.book, name="book"),
    path("book/<id:relationship_id>/<str:day>/<str:time>/", book.check, name="check_booking"),
]
