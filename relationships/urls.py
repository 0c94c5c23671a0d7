from django.urls import path

from relationships import caseload_views, people, views

urlpatterns = [
    path("clients/add/", people.add_client, name="add_client"),
    # /clients/<id>/relationships/
    path("clients/<id:client_id>/relationships/", people.relationships, name="relationships"),
    path(
        "clients/<id:client_id>/relationships/add/",
        people.add_relationship,
        name="add_relationship",
    ),
    # /relationships/<id>/
    path("relationships/<id:relationship_id>/", views.relationship, name="relationship"),
    path("relationships/<id:relationship_id>/end/", views.end, name="end"),
    path("relationships/<id:relationship_id>/undo/", views.undo, name="undo"),
    path("relationships/<id:relationship_id>/restart/", views.restart, name="restart"),
    path("relationships/<id:relationship_id>/reason/", views.reason, name="reason"),
    path("relationships/<id:relationship_id>/plan/", caseload_views.plan, name="plan"),
    path("caseload/", caseload_views.caseload, name="caseload"),
    path("caseload/tidy-up/", caseload_views.tidy_up, name="tidy_up"),
]
