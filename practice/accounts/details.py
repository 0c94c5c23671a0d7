"""How people are reached: a therapist by their clients, and a client as they say themselves."""

from django.db import transaction
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from practice.accounts.access import (
    ClientRequest,
    TherapistRequest,
    for_clients,
    for_therapists,
)
from practice.accounts.details_forms import ContactForm, DetailsForm
from practice.accounts.models import Contact, Therapist, User
from practice.audit.models import Entry, Verb
from practice.web.responses import banner, render_form, see_other


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def contact(request: TherapistRequest) -> HttpResponse:
    """Edit how one's clients reach one."""
    own = Contact.objects.filter(therapist=request.therapist).first()
    start = ContactForm(instance=own or Contact(therapist=request.therapist))
    form = _save_contact(request) if request.method == "POST" else start
    if form.is_valid():
        banner(request, "contact_saved")
        return see_other("account")
    return render_form(request, "accounts/contact.html", {"form": form})


@transaction.atomic
def _save_contact(request: TherapistRequest) -> ContactForm:
    """Save what was changed, if it may be, while nobody else does; return the form."""
    Therapist.lock(request.therapist.pk)  # two who make it at once take turns
    own = Contact.objects.filter(therapist=request.therapist).first()
    form = ContactForm(request.POST, instance=own or Contact(therapist=request.therapist))
    if form.is_valid() and form.has_changed():
        form.save()
        therapist = request.therapist
        Entry.record(
            Verb.SETTINGS_CHANGED, by=request.user, therapist=therapist, outcome="contact details"
        )
    return form


@require_http_methods(["GET", "HEAD", "POST"])
@for_clients
def details(request: ClientRequest) -> HttpResponse:
    """Edit one's own name and phone; what therapists have noted stays theirs."""
    is_sent = request.method == "POST"
    form = _save_details(request) if is_sent else DetailsForm(instance=_account(request))
    if form.is_valid():
        banner(request, "details_saved")
        return see_other("account")
    context = {"form": form, "records": request.clients}
    return render_form(request, "accounts/details.html", context)


def _account(request: ClientRequest) -> User:
    """Return the account as it is now; the form writes what was typed on what it is given."""
    return User.objects.get(pk=request.user.pk)


@transaction.atomic
def _save_details(request: ClientRequest) -> DetailsForm:
    """Save what was changed, if it may be, while the account is locked; return the form.

    Each therapist finds it in the access history of the client.
    """
    user = User.objects.select_for_update(no_key=True).get(pk=request.user.pk)
    form = DetailsForm(request.POST, instance=user)
    if form.is_valid() and form.has_changed():
        form.save()
        about, outcome = f"account:{user.pk}", "name or phone"
        Entry.record(Verb.SETTINGS_CHANGED, by=user, therapist=None, about=about, outcome=outcome)
        for record in sorted(request.clients, key=lambda record: record.therapist_id):
            therapist = record.therapist_id
            Entry.record(Verb.DETAILS_CHANGED, by=user, therapist=therapist, about=record)
    return form
