from django.urls import path

from practice.records import access_history, merging_views, views

urlpatterns = [
    path("clients/due/", views.who_is_due, name="due"),
    # /clients/<id>/
    path("clients/<id:client_id>/access/", access_history.who_opened, name="client_access"),
    path("clients/<id:client_id>/keep/", views.keep, name="keep"),
    path("clients/<id:client_id>/export/", views.export, name="export_client"),
    path("clients/<id:client_id>/erase/", views.erase_client, name="erase_client"),
    path(
        "clients/<id:client_id>/same-person/",
        merging_views.same_person,
        name="same_person",
    ),
    path(
        "clients/<id:client_id>/same-person/<id:other_id>/",
        merging_views.merge_records,
        name="merge_records",
    ),
    path(
        "clients/<id:client_id>/separate/<id:record_id>/",
        merging_views.separate_records,
        name="separate_records",
    ),
    path("dashboard/data/", views.my_data, name="my_data"),
]
