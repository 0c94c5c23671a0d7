"""Today's figures, for pages of apps that must know nothing about figures."""

from django import template
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.profiles.figures import figures

register = template.Library()


@register.inclusion_tag("profiles/_todays_figures.html")
def todays_figures(therapist: Therapist) -> dict[str, object]:
    """Say a therapist's figures in one sentence."""
    return {"figures": figures(therapist, timezone.now())}
