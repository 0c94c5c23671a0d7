"""The unit of every ratio, the shell and the floors of pages, and a list as it is written first."""

from django.contrib.auth.decorators import login_not_required, login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from benchmarks.server.bare import bare_pages
from practice.accounts.models import Therapist


@login_required
def me(request: HttpRequest) -> HttpResponse:
    """A bare signed-in view: the session, the account, a tiny template."""
    return render(request, "benchmarks/me.html", {"email": request.user.email})


@login_not_required
def shell(request: HttpRequest) -> HttpResponse:
    """What every page has, whoever asks, and nothing else: head, navigation and footer."""
    return render(request, "benchmarks/shell.html")


@login_not_required
def bare(request: HttpRequest, name: str, size: int) -> HttpResponse:
    """Show a page without its own Python, whoever asks: its floor (`benchmarks/floors.py`)."""
    page = bare_pages()[name.replace("_", " "), size]
    user = request.user if request.user.is_authenticated else None
    return HttpResponse(page.render(user, request=request))


@login_required
def naive_list(request: HttpRequest) -> HttpResponse:
    """The active clients: a join, DISTINCT, a count, and three queries for each row."""
    therapist: Therapist = request.user.therapist
    clients = therapist.clients.filter(relationships__status="active").distinct().order_by("name")
    page = Paginator(clients, 25).get_page(request.GET.get("page"))
    now = timezone.now()
    for client in page:
        sessions = therapist.sessions.filter(relationship__clients=client)
        client.next = sessions.filter(starts_at__gt=now).order_by("starts_at").first()
        client.last = sessions.filter(starts_at__lt=now).order_by("-starts_at").first()
    return render(request, "benchmarks/naive.html", {"page": page})
