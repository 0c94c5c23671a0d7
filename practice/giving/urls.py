from django.urls import path

from practice.giving import views

urlpatterns = [
    path("clients/<id:client_id>/export/", views.export, name="export_client"),
    path("clients/<id:client_id>/erase/", views.erase_client, name="erase_client"),
    path("dashboard/data/", views.my_data, name="my_data"),
]
