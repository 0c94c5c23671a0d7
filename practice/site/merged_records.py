"""What is answered where an address names a record that has been merged into another."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from clients.models import Client
from practice.web.responses import see_other


class MergedRecordMiddleware:
    """Lead from a merged record to the one that stands for the person (`Client.Merged`).

    What was sent from a page that was opened before has not been done, and the answer says so.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Client.Merged):
            return None
        record, route = exception.record, request.resolver_match
        if request.method == "POST" or not route:
            return render(request, "clients/merged_meanwhile.html", {"record": record}, status=409)
        ids = route.kwargs | {"client_id": record.person.public_id}
        return see_other(route.view_name, **ids)
