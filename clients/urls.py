from django.urls import path

from clients import invitations, keep_views, views

urlpatterns = [
    path("clients/", views.clients, name="clients"),
    path("clients/due/", keep_views.who_is_due, name="due"),
    # /clients/<id>/
    path("clients/<id:client_id>/", views.client, name="client"),
    path("clients/<id:client_id>/edit/", views.edit, name="edit_client"),
    path("clients/<id:client_id>/invite/", views.invite, name="invite"),
    path("clients/<id:client_id>/keep/", keep_views.keep, name="keep"),
    path("invitation/<str:token>/", invitations.invitation, name="invitation"),
]
