"""What every template knows."""

from functools import partial

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from practice.accounts import session_timeout
from practice.accounts.access import therapist_of
from practice.site import banners


def service(request: HttpRequest) -> dict[str, object]:
    """Name of the service, who is reading, in which section and time zone; the banner, if shown."""
    user = getattr(request, "user", None)
    is_signed_in = user is not None and user.is_authenticated
    return {
        "service": settings.SERVICE_NAME,
        "urgent_help": settings.URGENT_HELP,
        "support_email": settings.SUPPORT_EMAIL,
        "reader": getattr(request, "reader", None),
        "is_therapist": therapist_of(user) is not None,
        "session": session_timeout.for_page(request.session) if is_signed_in else None,
        "section": request.path.split("/")[1],
        "banner": SimpleLazyObject(partial(banners.take, request)),
        "zone": timezone.get_current_timezone_name(),
    }
