"""Django's admin over the same rows, with the same scope and related rows fetched at once."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from clients.models import Client


class Site(admin.AdminSite):
    """For everybody who is signed in."""

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active


class ClientAdmin(admin.ModelAdmin):
    """The active clients of whoever asks, 25 a page, with what their relationships are."""

    list_display = ("name", "kinds", "added_at")
    search_fields = ("name",)
    list_per_page = 25
    ordering = ("sort_name", "id")

    def has_view_permission(self, request: HttpRequest, obj: Client | None = None) -> bool:
        return True

    has_change_permission = has_module_permission = has_view_permission
    has_add_permission = has_delete_permission = lambda *_: False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Client]:
        clients = request.user.therapist.clients.prefetch_related("relationships")
        return clients.filter(relationships__status="active").distinct()

    @admin.display(description="relationships")
    def kinds(self, client: Client) -> str:
        return ", ".join(work.get_kind_display() for work in client.relationships.all())


site = Site()
site.register(Client, ClientAdmin)
