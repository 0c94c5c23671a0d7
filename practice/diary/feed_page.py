"""Where somebody makes, changes and stops the address that a calendar of their own reads."""

from django import forms
from django.db import transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import resolve_url
from django.views.decorators.http import require_http_methods

from practice.accounts.access import AccountRequest, for_clients, for_therapists, therapist_of
from practice.audit.models import Entry, Verb
from practice.diary.models import CalendarFeed
from practice.web.edits import EditMixin
from practice.web.encryption import decrypt, encrypt
from practice.web.responses import (
    LOOK,
    banner,
    render_form,
    see_other,
    shown_by,
    whole_address,
)

SESSION_KEY = PURPOSE = "calendar address"
Side = CalendarFeed.Side


class FeedForm(EditMixin, forms.ModelForm):
    """What the events of a therapist's calendar say."""

    class Meta:
        model = CalendarFeed
        fields = ["names"]
        widgets = {"names": forms.RadioSelect}
        error_messages = {"names": {"required": "Choose what your calendar shows"}}


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def diary_feed(request: AccountRequest) -> HttpResponse:
    """The address of one's diary."""
    return _page(request, Side.DIARY, "diary_feed")


@require_http_methods(["GET", "HEAD", "POST"])
@for_clients
def sessions_feed(request: AccountRequest) -> HttpResponse:
    """The address of the sessions that one takes part in as a client."""
    return _page(request, Side.SESSIONS, "sessions_feed")


def _page(request: AccountRequest, side: Side, page: str) -> HttpResponse:
    if request.method != "POST":
        return _show(request, side)
    do, form = request.POST.get("do", ""), _form(request, side, sent=request.POST)
    if form and not form.is_valid():
        return _show(request, side, form)
    names = form.cleaned_data["names"] if form else CalendarFeed.Names.INITIALS
    try:
        match do:
            case "make":
                _make(request, side, names)
            case "stop":
                _stop(request, side)
            case _:
                _save(request, side, names)
    except CalendarFeed.Changed:
        return _show(request, side, changed=f"Nothing was done: this has changed. {LOOK}")
    return see_other(page)


def _present(request: AccountRequest, side: Side) -> CalendarFeed | None:
    return request.user.calendar_feeds.filter(side=side).first()


def _form(request: AccountRequest, side: Side, sent: QueryDict | None = None) -> FeedForm | None:
    """Return the form of a therapist's page; a client's has nothing to choose."""
    return FeedForm(sent, instance=_present(request, side)) if side == Side.DIARY else None


def _show(
    request: AccountRequest, side: Side, form: FeedForm | None = None, changed: str = ""
) -> HttpResponse:
    """Show what there is, and an address that has just been made, once."""
    present, made = _present(request, side), request.session.get(SESSION_KEY)
    link = ""
    if made and made["side"] == side:
        del request.session[SESSION_KEY]
        link = decrypt(made["link"], PURPOSE) if present and made["of"] == present.shown else ""
    context = {
        "form": form or _form(request, side),
        "is_diary": side == Side.DIARY,
        "feed": present,
        "link": link,
        "webcal": f"webcal:{link.partition(':')[2]}",
        "shown": present.shown if present else "",
        "changed": changed,
    }
    return render_form(request, "diary/calendar_address.html", context)


@transaction.atomic
def _make(request: AccountRequest, side: Side, names: str) -> None:
    token = CalendarFeed.make(request.user, side, names=names, shown=shown_by(request))
    _record(request, side, "calendar address made")
    link = whole_address(request, resolve_url("calendar_feed", token))
    made = request.user.calendar_feeds.get(side=side)
    # Only this browser's session keeps it until the next page, and not in clear.
    request.session[SESSION_KEY] = {
        "side": side.value,
        "of": made.shown,
        "link": encrypt(link, PURPOSE),
    }


@transaction.atomic
def _stop(request: AccountRequest, side: Side) -> None:
    CalendarFeed.stop(request.user, side, shown=shown_by(request))
    _record(request, side, "calendar address stopped")
    banner(request, "calendar_stopped")


@transaction.atomic
def _save(request: AccountRequest, side: Side, names: str) -> None:
    """Save what events say.

    Raises:
        CalendarFeed.Changed: it is another address by now.
    """
    present = _present(request, side)
    if present is None or present.shown != shown_by(request):
        raise CalendarFeed.Changed
    same = request.user.calendar_feeds.filter(pk=present.pk)
    if same.exclude(names=names).update(names=names):
        _record(request, side, "names in the calendar")
    banner(request, "calendar_saved")


def _record(request: AccountRequest, side: Side, outcome: str) -> None:
    therapist = therapist_of(request.user) if side == Side.DIARY else None
    about = f"account:{request.user.pk}"
    Entry.record(
        Verb.SETTINGS_CHANGED, by=request.user, therapist=therapist, about=about, outcome=outcome
    )
