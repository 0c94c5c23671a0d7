from django.urls import path

from practice.imports import views

urlpatterns = [
    path("clients/bring/", views.bring_caseload, name="bring_caseload"),
    path("clients/bring/<id:import_id>/", views.check_import, name="check_import"),
    path("clients/bring/<id:import_id>/undo/", views.undo_import, name="undo_import"),
]
