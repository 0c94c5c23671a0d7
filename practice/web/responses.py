"""Answers that several views give."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.template.loader import render_to_string


class SeeOther(HttpResponseRedirect):
    """303: what follows a POST is a GET, for every client there is."""

    status_code = 303


def see_other(to: str, *args: object, **kwargs: object) -> SeeOther:
    """Answer 303 to a URL, a URL name or an object."""
    return SeeOther(resolve_url(to, *args, **kwargs))


def render_form(request: HttpRequest, template: str, context: dict) -> HttpResponse:
    """Render a page with a form: 200 when it is new, 422 when it was refused."""
    form = context["form"]
    return render(request, template, context, status=422 if form.is_bound and form.errors else 200)


def banner(request: HttpRequest, kind: str, heading: str, template: str = "", **facts) -> None:
    """Show a banner on the next page: `kind` is success or info; `template` is its text."""
    facts |= {"kind": kind, "heading": heading, "template": template}
    getattr(messages, kind)(request, render_to_string("_banner.html", facts, request))
