"""The account: who you are here, your time zone, signing out."""

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from practice.accounts.access import (
    EVERYTHING_KEPT,
    AccountRequest,
    act_as_client,
    act_as_therapist,
    therapist_of,
)
from practice.accounts.details_forms import TimeZoneForm
from practice.accounts.factors import has_second_factor
from practice.accounts.models import Contact, User
from practice.web.responses import banner, render_form, see_other


@require_http_methods(["GET", "HEAD", "POST"])
def account(request: AccountRequest) -> HttpResponse:
    """Show the account, and change the time zone."""
    zone = timezone.get_current_timezone_name()
    is_sent = request.method == "POST"
    form = _set_zone(request) if is_sent else TimeZoneForm(initial={"time_zone": zone})
    if form.is_valid():
        banner(request, "time_zone_saved")
        return see_other("account")
    context = {
        "form": form,
        "contact": _contact(request),
        "is_client": not therapist_of(request.user) or request.user.clients.exists(),
        "has_second_factor": has_second_factor(request.user),
        "sends_mail": bool(settings.EMAIL_HOST),
    }
    return render_form(request, "accounts/account.html", context)


def _contact(request: AccountRequest) -> Contact | None:
    """Return how clients reach a therapist, if that is who asks, and if they have said so."""
    act_as_therapist()
    own = Contact.objects.filter(therapist=therapist_of(request.user)).first()
    act_as_client()  # again: the page knows whether they are somebody's
    return own


@transaction.atomic
def _set_zone(request: AccountRequest) -> TimeZoneForm:
    """Set the time zone, if it may be, while the account is locked; return the form."""
    user = User.objects.select_for_update(no_key=True).get(pk=request.user.pk)
    zone = user.time_zone or timezone.get_current_timezone_name()
    form = TimeZoneForm(request.POST, initial={"time_zone": zone})
    if form.is_valid() and (form.has_changed() or not user.time_zone):
        form.save(user)
    return form


@require_POST
@login_not_required
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out, and leave nothing behind in the browser."""
    logout(request)
    banner(request, "signed_out")
    response = see_other("account_login")
    response.headers["Clear-Site-Data"] = EVERYTHING_KEPT
    return response
