"""Every address of the site, with whom it is for. One that is missing here fails the suite."""

from django.urls import URLPattern, get_resolver

EVERYBODY, SIGNED_IN, THERAPISTS, CLIENTS, PARTAKERS = range(5)

TABLE = {
    "": EVERYBODY,
    "accessibility/": EVERYBODY,
    "account/": SIGNED_IN,
    "account/contact/": THERAPISTS,
    "account/details/": CLIENTS,
    "account/draft/": SIGNED_IN,
    "account/email/": SIGNED_IN,
    "account/email/<str:token>/": SIGNED_IN,
    "account/security/": SIGNED_IN,
    "account/security/app/add/": SIGNED_IN,
    "account/security/app/remove/": SIGNED_IN,
    "account/security/codes/": SIGNED_IN,
    "account/security/codes/new/": SIGNED_IN,
    "account/security/elsewhere/": SIGNED_IN,
    "account/security/passkeys/<int:pk>/remove/": SIGNED_IN,
    "account/security/passkeys/<int:pk>/rename/": SIGNED_IN,
    "account/security/passkeys/add/": SIGNED_IN,
    "account/time-left/": SIGNED_IN,
    "book/<id:relationship_id>/": CLIENTS,
    "book/<id:relationship_id>/<str:day>/<str:time>/": CLIENTS,
    "caseload/": THERAPISTS,
    "caseload/tidy-up/": THERAPISTS,
    "clients/": THERAPISTS,
    "clients/<id:client_id>/": THERAPISTS,
    "clients/<id:client_id>/access/": THERAPISTS,
    "clients/<id:client_id>/edit/": THERAPISTS,
    "clients/<id:client_id>/erase/": THERAPISTS,
    "clients/<id:client_id>/export/": THERAPISTS,
    "clients/<id:client_id>/invite/": THERAPISTS,
    "clients/<id:client_id>/keep/": THERAPISTS,
    "clients/<id:client_id>/relationships/": THERAPISTS,
    "clients/<id:client_id>/relationships/add/": THERAPISTS,
    "clients/<id:client_id>/same-person/": THERAPISTS,
    "clients/<id:client_id>/same-person/<id:other_id>/": THERAPISTS,
    "clients/<id:client_id>/separate/<id:record_id>/": THERAPISTS,
    "clients/<id:client_id>/sessions/": THERAPISTS,
    "clients/add/": THERAPISTS,
    "clients/due/": THERAPISTS,
    "dashboard/": CLIENTS,
    "dashboard/data/": CLIENTS,
    "dashboard/sessions/": CLIENTS,
    "diary/": THERAPISTS,
    "diary/<str:day>/": THERAPISTS,
    "diary/availability/": THERAPISTS,
    ".well-known/security.txt": EVERYBODY,
    "help/": EVERYBODY,
    "help/booking-a-session/": EVERYBODY,
    "help/cant-spot-a-client/": EVERYBODY,
    "help/finishing-work-with-a-client/": EVERYBODY,
    "help/moving-or-cancelling/": EVERYBODY,
    "help/reaching-your-therapist/": EVERYBODY,
    "help/signing-in/": EVERYBODY,
    "help/when-work-has-ended/": EVERYBODY,
    "help/your-data/": EVERYBODY,
    "invitation/<str:token>/": EVERYBODY,
    "invitation/<str:token>/<str:proof>/": EVERYBODY,
    "livez": EVERYBODY,
    "password/change/": SIGNED_IN,
    "password/reset/": EVERYBODY,
    "password/^reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[0-9A-Za-z-]+)/$": EVERYBODY,
    "password/reset/done/": EVERYBODY,
    "password/reset/sent/": EVERYBODY,
    "password/set/": SIGNED_IN,
    "privacy/": EVERYBODY,
    "profile/": THERAPISTS,
    "profile/figures/": THERAPISTS,
    "readyz": EVERYBODY,
    "relationships/<id:relationship_id>/": THERAPISTS,
    "relationships/<id:relationship_id>/end/": THERAPISTS,
    "relationships/<id:relationship_id>/plan/": THERAPISTS,
    "relationships/<id:relationship_id>/reason/": THERAPISTS,
    "relationships/<id:relationship_id>/restart/": THERAPISTS,
    "relationships/<id:relationship_id>/sessions/add/": THERAPISTS,
    "relationships/<id:relationship_id>/undo/": THERAPISTS,
    "sessions/<id:session_id>/": PARTAKERS,
    "sessions/<id:session_id>/attendance/": THERAPISTS,
    "sessions/<id:session_id>/calendar.ics": PARTAKERS,
    "sessions/<id:session_id>/cancel/": PARTAKERS,
    "sessions/<id:session_id>/move/": THERAPISTS,
    "sign-in/": EVERYBODY,
    "sign-in/again/": SIGNED_IN,
    "sign-in/again/code/": SIGNED_IN,
    "sign-in/again/passkey/": SIGNED_IN,
    "sign-in/code/": EVERYBODY,
    "sign-in/inactive/": EVERYBODY,
    "sign-in/new/": EVERYBODY,
    "sign-in/passkey/": EVERYBODY,
    "sign-out/": EVERYBODY,
    "therapists/": EVERYBODY,
    "therapists/<slug:slug>/": EVERYBODY,
    "therapists/<slug:slug>/photo/": EVERYBODY,
}


def routes(patterns: list, prefix: str = "") -> dict[str, URLPattern]:
    found = {}
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            found[route] = pattern
        else:
            found |= routes(pattern.url_patterns, route)
    return found


ROUTES = routes(get_resolver().url_patterns)
