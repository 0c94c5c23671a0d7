from django.urls import path

from practice.booking import book, dated_hours_pages, views

urlpatterns = [
    path("diary/", views.diary, name="diary"),
    path("diary/open/", dated_hours_pages.open_time, name="open_time"),
    path("diary/block/", dated_hours_pages.block_time, name="block_time"),
    path("diary/times/<id:datedhours_id>/", dated_hours_pages.dated_time, name="dated_time"),
    path("diary/availability/", views.availability, name="availability"),
    path("diary/add/", views.add_for_whom, name="add_for_whom"),
    path("diary/<str:day>/", views.diary_week, name="diary_week"),
    path("diary/<str:day>/day/", views.diary_day, name="diary_day"),
    path("diary/<str:day>/month/", views.diary_month, name="diary_month"),
    path("book/<id:relationship_id>/", book.book, name="book"),
    path("book/<id:relationship_id>/<str:day>/<str:time>/", book.check, name="check_booking"),
]
