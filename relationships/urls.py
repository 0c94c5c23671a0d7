from django.urls import path

from relationships.views import caseload, end_date, members, start_date, starting, work

urlpatterns = [
    path("clients/add/", starting.add_client, name="add_client"),
    # /clients/<id>/relationships/
    path("clients/<id:client_id>/relationships/", starting.relationships, name="relationships"),
    path(
        "clients/<id:client_id>/relationships/add/",
        starting.add_relationship,
        name="add_relationship",
    ),
    # /relationships/<id>/
    path("relationships/<id:relationship_id>/", work.relationship, name="relationship"),
    path("relationships/<id:relationship_id>/end/", work.end, name="end"),
    path("relationships/<id:relationship_id>/undo/", work.undo, name="undo"),
    path("relationships/<id:relationship_id>/restart/", work.restart, name="restart"),
    path("relationships/<id:relationship_id>/reason/", work.reason, name="reason"),
    path("relationships/<id:relationship_id>/ended/", end_date.correct_end, name="correct_end"),
    path(
        "relationships/<id:relationship_id>/start/", start_date.correct_start, name="correct_start"
    ),
    path("relationships/<id:relationship_id>/leave/", members.leave, name="leave"),
    path("relationships/<id:relationship_id>/join/", members.join, name="join"),
    path("relationships/<id:relationship_id>/plan/", caseload.plan, name="plan"),
    path("caseload/", caseload.caseload, name="caseload"),
    path("caseload/tidy-up/", caseload.tidy_up, name="tidy_up"),
]
