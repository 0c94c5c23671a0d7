"""What a client does with an invitation.

Whoever opens the link that came by mail has shown that the mailbox is theirs; only then does the
page depend on who has an account here, and only then does one of that name come into being. The
link that the therapist is shown has that mail sent. Where no mail is sent, it lets somebody choose
a password for an account that nobody has shown to be theirs (`User.claim`), if there is none yet;
whether there is, its answers do not tell.
"""

from typing import cast
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.views.decorators.http import require_http_methods

from clients import invitation_mail
from clients.forms import NewPasswordForm
from clients.models import Invitation
from practice.accounts.access import hold_invitation
from practice.accounts.after_response import run_after_response
from practice.accounts.models import User
from practice.diary.models import News
from practice.web.responses import banner, render_form, see_other


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str, proof: str = "") -> HttpResponse:
    """Accept an invitation: prove the mailbox, choose a password or sign in, and agree."""
    try:
        hold_invitation(Invitation.fingerprint_of(token))
        invited = Invitation.open(token, proof)
        user = request.user
        if user.is_authenticated and user.email != invited.email:
            return _ask_to_sign_in(request, invited)
        is_proven = bool(proof)
        if user.is_authenticated and (
            is_proven or user.email_verified_at or not settings.EMAIL_HOST
        ):
            return _accept(request, invited, is_proven=is_proven)
        if is_proven:
            return _begin(request, invited, token)
        if settings.EMAIL_HOST:
            return _have_it_sent(request, invited, token)
        return _begin_unproven(request, invited)
    except Invitation.Unusable:
        return render(request, "clients/invitation_unusable.html", status=410)


def _accept(request: HttpRequest, invited: Invitation, *, is_proven: bool) -> HttpResponse:
    """Let the owner of that address, signed in, link this therapist; nobody else."""
    if request.method == "POST":
        user = cast(User, request.user)
        with transaction.atomic():
            invited.accept(user)
            _tell(invited, user)
        if is_proven:
            user.verify_email()
        banner(request, "invitation_accepted")
        return see_other("dashboard")
    return render(request, "clients/invitation_accept.html", {"invitation": invited})


def _ask_to_sign_in(request: HttpRequest, invited: Invitation) -> HttpResponse:
    return render(request, "clients/invitation_sign_in.html", {"invitation": invited})


def _begin(request: HttpRequest, invited: Invitation, token: str) -> HttpResponse:
    """Make the account for whoever has shown that the mailbox is theirs, or hand it to them."""
    account = User.objects.filter(email=invited.email).first()
    if account and (account.email_verified_at or not account.is_active):
        Invitation.open(token)  # or it has been used a moment ago, and made that account
        return _ask_to_sign_in(request, invited)
    form = NewPasswordForm(User(email=invited.email), _sent(request))
    if form.is_valid():
        with transaction.atomic():
            user = form.claim_for(invited)
            _tell(invited, user)
        login(request, user)
        banner(request, "account_ready")
        return see_other("dashboard")
    context = {"form": form, "invitation": invited, "account": account}
    return render_form(request, "clients/invitation.html", context)


def _tell(invited: Invitation, user: User) -> None:
    """Tell the therapist that it was accepted."""
    News.tell(News.Kind.ACCEPTED, by=user, client=invited.client)


def _sent(request: HttpRequest) -> dict | None:
    return request.POST if request.method == "POST" else None


def _have_it_sent(request: HttpRequest, invited: Invitation, token: str) -> HttpResponse:
    """Send the link that shows whose the mailbox is to the address that was invited."""
    if request.method == "POST":
        if invitation_mail.may_be_sent(request, invited.client):
            letter = invitation_mail.letter(request, invited.client, token)
            run_after_response("sending an invitation", letter.send)
        banner(request, "invitation_sent")
        return see_other(request.path)
    return render(request, "clients/invitation_by_mail.html", {"invitation": invited})


def _begin_unproven(request: HttpRequest, invited: Invitation) -> HttpResponse:
    """Choose a password where nobody can show whose a mailbox is; then they sign in and accept.

    Whether there was an account before, no answer tells: its owner signs in with what they know.
    """
    form = NewPasswordForm(User(email=invited.email), _sent(request))
    if form.is_valid():
        form.save_unless_there_is_one()
        banner(request, "sign_in_to_accept")
        sign_in = resolve_url(settings.LOGIN_URL)
        return see_other(f"{sign_in}?next={quote(request.path)}")
    context = {"form": form, "invitation": invited, "is_without_mail": True}
    return render_form(request, "clients/invitation.html", context)
