from django.urls import path

from clients import invitations, inviting, views

urlpatterns = [
    path("clients/", views.clients, name="clients"),
    # /clients/<id>/
    path("clients/<id:client_id>/", views.client, name="client"),
    path("clients/<id:client_id>/edit/", views.edit, name="edit_client"),
    path("clients/<id:client_id>/invite/", inviting.invite, name="invite"),
    path("invitation/<str:token>/", invitations.invitation, name="invitation"),
    path(
        "invitation/<str:token>/<str:proof>/",
        invitations.invitation,
        name="mailed_invitation",
    ),
]
