"""What a client does with an invitation."""

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from clients.forms import NewPasswordForm
from clients.models import Invitation
from practice.accounts.models import User
from practice.database import current_account
from practice.web.responses import banner, render_form, see_other

BACKEND = "practice.accounts.backends.EmailBackend"


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Accept an invitation: choose a password, or, with an account already, sign in and agree."""
    try:
        with current_account.purpose("invitation", Invitation.fingerprint_of(token)):
            invited = Invitation.open(token)
            if User.objects.filter(email=invited.email).exists():
                # Perhaps made by this very link, a moment ago: then it works no more.
                return _join(request, Invitation.open(token))
            return _begin(request, invited)
    except Invitation.Unusable:
        return render(request, "clients/invitation_unusable.html", status=410)


def _begin(request: HttpRequest, invited: Invitation) -> HttpResponse:
    """Make the account that the invitation is for."""
    user = User(email=invited.email)
    form = NewPasswordForm(user, request.POST or None)
    if form.is_valid():
        form.save_with(invited)
        login(request, user, backend=BACKEND)
        banner(request, "account_ready")
        return see_other("dashboard")
    facts = {"form": form, "invitation": invited}
    return render_form(request, "clients/invitation.html", facts)


def _join(request: HttpRequest, invited: Invitation) -> HttpResponse:
    """Let the owner of that address, signed in, link this therapist; nobody else."""
    is_owner = request.user.is_authenticated and request.user.email == invited.email
    if is_owner and request.method == "POST":
        invited.accept(request.user)
        banner(request, "invitation_accepted")
        return see_other("dashboard")
    facts = {"invitation": invited, "is_owner": is_owner}
    return render(request, "clients/invitation_join.html", facts)
