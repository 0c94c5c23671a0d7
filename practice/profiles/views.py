"""The public profile, and its owner's view of it."""

from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from practice.accounts.access import (
    TherapistRequest,
    act_as_therapist,
    for_therapists,
    therapist_of,
)
from practice.accounts.models import Therapist
from practice.audit.models import Entry, Verb
from practice.booking.models import next_free_times
from practice.profiles.figures import (
    PEOPLE_A_PAGE,
    figures,
    people_who_booked,
    visits_of_people,
)
from practice.profiles.forms import ProfileForm
from practice.profiles.models import Profile
from practice.profiles.stats import tallies
from practice.text.plain_text import one_line
from practice.web.responses import banner, render_form, see_other

FREE_TIMES_SHOWN = 3


@require_safe
@login_not_required
def therapists(request: HttpRequest) -> HttpResponse:
    """List the published therapists, A to Z; `q` searches."""
    search = one_line(request.GET.get("q", "")[:100].replace("\0", ""))
    found = Profile.objects.published().search(search).select_related("therapist")
    context = {"profiles": found.defer("photo").order_by("sort_name", "pk"), "search": search}
    return render(request, "profiles/therapists.html", context)


@require_safe
@login_not_required
def therapist(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a published profile; its owner sees it before it is published, too."""
    profile = _visible(request, slug)
    now = timezone.now()
    context = {
        "profile": profile,
        "figures": figures(profile.therapist, now),
        "is_owner": therapist_of(request.user) == profile.therapist,
        "free": next_free_times(profile.therapist, now, FREE_TIMES_SHOWN),
        "reach": getattr(profile.therapist, "contact", None) if profile.shows_contact else None,
    }
    return render(request, "profiles/therapist.html", context)


@require_safe
@login_not_required
def photo(request: HttpRequest, slug: str) -> HttpResponse:
    """The photo of a profile that may be seen."""
    picture = bytes(_visible(request, slug).photo)
    if not picture:
        raise Http404
    return HttpResponse(picture, content_type="image/jpeg")


def _visible(request: HttpRequest, slug: str) -> Profile:
    act_as_therapist()  # who sees their own before it is published
    profile = Profile.visible_to(therapist_of(request.user), slug)
    if profile is None:
        raise Http404
    return profile


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def profile(request: TherapistRequest) -> HttpResponse:
    """Edit one's own profile."""
    own = Profile.objects.filter(therapist=request.therapist)
    is_sent = request.method == "POST"
    data, files = (request.POST, request.FILES) if is_sent else (None, None)
    form = ProfileForm(data, files, instance=own.first() or Profile(therapist=request.therapist))
    if form.is_valid():  # a photo has been unpacked before anything is locked
        form = _save(request)
    if form.is_valid():
        banner(request, "profile_saved")
        return see_other("profile")
    # The form has put what was typed on its profile; the page speaks of what is so.
    context = {"form": form, "profile": own.first()}
    return render_form(request, "profiles/profile.html", context)


@transaction.atomic
def _save(request: TherapistRequest) -> ProfileForm:
    """Save what was changed, if it may be, while the profile is locked; return the form."""
    own = Profile.objects.filter(therapist=request.therapist).select_for_update(no_key=True)
    profile = own.first()
    if profile is None:  # two who make it at once take turns
        Therapist.lock(request.therapist.pk)
        profile = own.first() or Profile(therapist=request.therapist)
    form = ProfileForm(request.POST, request.FILES, instance=profile)
    if form.is_valid() and (form.has_changed() or not profile.pk):
        form.save()
        Entry.record(Verb.PROFILE_CHANGED, by=request.user, therapist=request.therapist)
    return form


@require_safe
@for_therapists
def my_figures(request: TherapistRequest) -> HttpResponse:
    """Open every figure: who counts, who does not, and why. For the owner only."""
    now = timezone.now()
    shown = figures(request.therapist, now)
    pages = Paginator(range(shown.number_who_booked), PEOPLE_A_PAGE)
    page = pages.get_page(request.GET.get("page", "1"))
    limits = max(page.start_index() - 1, 0), page.end_index()
    people = people_who_booked(request.therapist, now, limits)
    of_person = {tally.client: tally for tally in tallies(visits_of_people(people), now)}
    context = {
        "figures": shown,
        "rows": [(one, of_person[one.pk]) for one in people if one.pk in of_person],
        "page": page,
        "now": now,
    }
    return render(request, "profiles/figures.html", context)
