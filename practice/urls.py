"""The site map; the only module that knows every app."""

from allauth.account import views as account_views
from allauth.mfa.base import views as mfa_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as webauthn_views
from django.conf import settings
from django.urls import include, path, re_path, reverse_lazy

from practice.accounts import details, email_change, security, signed_in, views
from practice.demo import people
from practice.site import health, pages, watching

sign_in_urls = [
    path(
        "",
        account_views.LoginView.as_view(
            extra_context={"demo_accounts": people.SIGN_INS if settings.DEMO else []}
        ),
        name="account_login",
    ),
    path("code/", security.SecondStep.as_view(), name="mfa_authenticate"),
    path("passkey/", webauthn_views.login_webauthn, name="mfa_login_webauthn"),
    path("again/", account_views.reauthenticate, name="account_reauthenticate"),
    path("again/code/", mfa_views.reauthenticate, name="mfa_reauthenticate"),
    path(
        "again/passkey/",
        security.ConfirmByPasskey.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
    path("inactive/", account_views.account_inactive, name="account_inactive"),
    path("new/", account_views.signup, name="account_signup"),
]

# /password/
password_urls = [
    path("change/", account_views.password_change, name="account_change_password"),
    path("set/", account_views.password_set, name="account_set_password"),
    path("reset/", account_views.password_reset, name="account_reset_password"),
    path("reset/sent/", account_views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[0-9A-Za-z-]+)/$",
        account_views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "reset/done/",
        account_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]

# /account/security/; allauth goes by these names
at_security = {"success_url": reverse_lazy("mfa_index")}
security_urls = [
    path("", security.security, name="mfa_index"),
    path("elsewhere/", security.sign_out_elsewhere, name="sign_out_elsewhere"),
    path("app/add/", totp_views.activate_totp, name="mfa_activate_totp"),
    path("app/remove/", security.RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path("codes/", security.SeeCodes.as_view(), name="mfa_view_recovery_codes"),
    path(
        "codes/new/",
        security.MakeCodes.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path("passkeys/add/", security.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path(
        "passkeys/<int:pk>/rename/",
        webauthn_views.EditWebAuthnView.as_view(**at_security),
        name="mfa_edit_webauthn",
    ),
    path(
        "passkeys/<int:pk>/remove/",
        webauthn_views.RemoveWebAuthnView.as_view(**at_security),
        name="mfa_remove_webauthn",
    ),
]

# /help/
help_urls = [
    path("", pages.page("help/help.html"), name="help"),
    path(
        "finishing-work-with-a-client/",
        pages.for_therapists_and_visitors(pages.page("help/finishing_work.html")),
        name="finishing_work",
    ),
    path("cant-spot-a-client/", pages.cant_spot_a_client, name="cant_spot_a_client"),
    path("booking-a-session/", pages.page("help/clients/booking.html"), name="help_booking"),
    path("moving-or-cancelling/", pages.page("help/clients/changing.html"), name="help_changing"),
    path("when-work-has-ended/", pages.page("help/clients/ended.html"), name="help_ended"),
    path(
        "reaching-your-therapist/", pages.page("help/clients/reaching.html"), name="help_reaching"
    ),
    path("signing-in/", pages.page("help/clients/signing_in.html"), name="help_signing_in"),
    path("your-data/", pages.page("help/clients/your_data.html"), name="help_your_data"),
]

urlpatterns = [
    path("", pages.home, name="home"),
    path("sign-in/", include(sign_in_urls)),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("password/", include(password_urls)),
    path("account/", views.account, name="account"),
    path("account/contact/", details.contact, name="contact"),
    path("account/details/", details.details, name="own_details"),
    path("account/email/", email_change.change_email, name="change_email"),
    path("account/email/<str:token>/", email_change.confirm_email, name="confirm_email"),
    path("account/security/", include(security_urls)),
    path("account/draft/", signed_in.save_draft, name="save_draft"),
    path("account/time-left/", signed_in.time_left, name="time_left"),
    path("help/", include(help_urls)),
    path("accessibility/", pages.page("accessibility.html"), name="accessibility"),
    path("privacy/", pages.page("privacy.html"), name="privacy"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", watching.metrics, name="metrics"),
    path(".well-known/security.txt", health.security_txt, name="security_txt"),
    path("", include("clients.urls")),
    path("", include("relationships.urls")),
    path("", include("practice.diary.urls")),
    path("", include("practice.booking.urls")),
    path("", include("practice.notifications.urls")),
    path("", include("practice.profiles.urls")),
    path("", include("practice.imports.urls")),
    path("", include("practice.records.urls")),
    path("", include("practice.archive.urls")),
]

handler400 = "practice.site.errors.bad_request"
handler403 = "practice.site.errors.forbidden"
handler404 = "practice.site.errors.not_found"
handler429 = "practice.site.errors.too_many"  # allauth's own
handler500 = "practice.site.errors.server_error"
