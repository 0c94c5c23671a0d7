"""Answers that several views give, and what the page that they come from had shown.

A form that confirms something has a hidden field `shown`: in plain text, what its page says that
may change meanwhile (a revision, a moment, a length). So a press does what the page said. A view
compares it with what it has read, and the UPDATE, or a look under the lock, that with what is so
then. Where they differ nothing is done, and the page comes again (`render_form` with `changed`). A
page from before there was such a field has shown nothing, which is never what is so.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme

from practice.web import drafts
from practice.web.requests import PageRequest

BANNER = "banner"  # where a session keeps what the next page says
LONGEST_ADDRESS = 2_000  # characters of path and query, of any page
LONGEST_SHOWN = 400  # characters; what a page of ours says has fewer
LOOK = "The page shows what is so now: look at it, and press again if you still mean it."


class SeeOther(HttpResponseRedirect):
    """303: what follows a POST is a GET, for every client there is."""

    status_code = 303


def page_asked_from(request: PageRequest) -> str:
    """Return the path and query of the page that htmx asks from; "/" if it names none of ours.

    What it names is a header, which anybody can send.
    """
    try:
        page = request.htmx.current_url_abs_path
    except ValueError:  # no address at all
        page = None
    if not page or not page.startswith("/") or len(page) > LONGEST_ADDRESS:
        return "/"
    return page if url_has_allowed_host_and_scheme(page, None) else "/"


def see_other(to: str, *args: Any, **kwargs: Any) -> SeeOther:
    """Answer 303 to a URL, a URL name or an object."""
    return SeeOther(resolve_url(to, *args, **kwargs))


def back_to(request: HttpRequest, to: str, *args: Any) -> SeeOther:
    """Answer 303 to the page that a form was sent from, if it says which; else to another.

    What a form says can be made up, so only an address of ours is one (`next`).
    """
    page = request.POST.get("next", "")
    is_path = page.startswith("/") and len(page) <= LONGEST_ADDRESS
    if is_path and url_has_allowed_host_and_scheme(page, None):
        return see_other(page)
    return see_other(to, *args)


def whole_address(request: HttpRequest, path: str) -> str:
    """Return an address that is to be read elsewhere, in a mail or on paper."""
    return (settings.SITE_URL or f"{request.scheme}://{request.get_host()}") + path


def render_form(request: HttpRequest, template: str, context: dict) -> HttpResponse:
    """Render a page with a form: 200 when it is new, 422 when it was refused.

    409 when what it is about has changed meanwhile: at a field (`practice.web.edits`), or so that
    nothing was done (`was_shown`), which `changed` says in a sentence. A new one is filled with the
    draft that waits for it (`practice.web.drafts`).
    """
    form = context.get("form")
    status = 422 if form and form.is_bound and form.errors else 200
    if context.get("changed") or getattr(form, "was_changed_meanwhile", False):
        status = 409
    if form is not None:
        context = context | drafts.bring_back(request, form, context.get("forms", [form]))
    return render(request, template, context, status=status)


def repeats_nothing(response: HttpResponse) -> HttpResponse:
    """Say of a page that no word of its query is in it, so that it may go compressed."""
    response.repeats_nothing = True  # type: ignore[attr-defined]  # for `CompressMiddleware`
    return response


def shown_by(request: HttpRequest) -> str:
    """Return what the page showed from which a form was sent, as the page said it."""
    return request.POST.get("shown", "")[:LONGEST_SHOWN]


def was_shown(request: HttpRequest, present: str) -> bool:
    """Whether the page from which a form was sent showed what is so at present."""
    return shown_by(request) == present


def banner(request: HttpRequest, key: str, **values: Model | int | Sequence[Model]) -> None:
    """Show a banner on the next page: `key` is one of `practice.site.banners.BANNERS`.

    What waits in the session until then is the key, numbers, and the public ids of rows; no name
    and no secret can be among them.

    Raises:
        TypeError: a value is something else.
    """
    request.session[BANNER] = {name: _plain(value) for name, value in values.items()} | {"key": key}


def _plain(value: Any) -> object:
    match value:
        case Model():
            return value.public_id  # type: ignore[attr-defined]  # those that are shown have one
        case int():
            return value
        case list():
            return [_plain(each) for each in value]
    raise TypeError(f"A banner keeps ids and numbers, not {type(value).__name__}")
