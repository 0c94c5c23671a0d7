"""Two change the same thing at once: what only one has changed is kept, what both have is asked."""

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib import import_module
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django import forms
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clients.forms import ClientForm, KeepForm
from clients.models import Client
from practice.accounts.details_forms import ContactForm, DetailsForm, TimeZoneForm
from practice.accounts.forms import RenamePasskeyForm
from practice.accounts.models import Contact, Therapist, User
from practice.booking.forms import RulesForm
from practice.booking.models import BookingRules
from practice.diary.feed_page import FeedForm
from practice.diary.forms import PlaceForm, SeriesPlaceForm
from practice.diary.models import Session
from practice.notifications.forms import MessageSettingsForm, MyMessagesForm
from practice.notifications.models import MessageSettings
from practice.profiles.forms import ProfileForm
from practice.profiles.models import Profile
from practice.web.edits import EditMixin
from relationships.forms.ending import ReasonForm
from relationships.forms.tidy_up import PlanForm, WeeksForm
from relationships.models import Relationship
from tests.factories import ClientFactory, start
from tests.practice.source import CODE
from tests.reading import read, sent_by

SOON = timezone.localdate() + timedelta(days=30)


@dataclass(frozen=True)
class Edit:
    """A page that changes a row: its address, and two fields of it with other values.

    `here` is typed on the page; `elsewhere` is what the row has meanwhile, `said` how that is
    said. `other` is a field that nobody touches here, with what it has meanwhile.
    """

    address: str
    row: Callable[[], Any]
    name: str
    here: str
    elsewhere: Any
    said: str
    other: tuple[str, Any] | None = None
    before: dict[str, Any] = field(default_factory=dict)
    form: type[forms.BaseForm] = ClientForm


def _ann() -> Client:
    return Client.objects.get(name__startswith="Ann")


def _profile() -> Profile:
    return Profile.objects.get_or_create(therapist=_alice())[0]


def _rules() -> BookingRules:
    return BookingRules.objects.get_or_create(therapist=_alice())[0]


def _alice() -> Therapist:
    return Therapist.objects.get(slug="alice")


def _messages() -> MessageSettings:
    return MessageSettings.objects.get_or_create(therapist=_alice())[0]


def _own_record() -> Client:
    """Return the record of Alice, who is somebody's client, too."""
    _own_account()
    return Client.objects.filter(account=_alice().user).get()


def _contact() -> Contact:
    return Contact.objects.get_or_create(therapist=_alice())[0]


def _own_account() -> User:
    """The account of Alice, who is a colleague's client, too."""
    if not _alice().user.clients.exists():
        ClientFactory(account=_alice().user)
    return User.objects.get(pk=_alice().user_id)


def _work() -> Relationship:
    return Relationship.objects.get()


def _session() -> Session:
    soon, by = timezone.now() + timedelta(days=3), _alice().user
    made = Session.objects.first()
    return made or Session.book(_work(), starts_at=soon, length=timedelta(hours=1), by=by)


def _ended() -> Relationship:
    if _work().status == "active":
        _work().end(by=_alice().user, reason="completed", note="As planned")
    return _work()


PERSON = "/clients/{ann}/edit/"
EDITS = {
    "phone": Edit(
        PERSON, _ann, "phone", "07700 900123", "07700 900999", "Phone: changed meanwhile to “07700",
        ("email", "new@mail.example"),
    ),
    "name": Edit(
        PERSON, _ann, "name", "Ann Zell", "Anna Ashby", "Name: changed meanwhile to “Anna Ashby”",
        ("preferred_name", "Nan"),
    ),
    "phone emptied": Edit(
        PERSON, _ann, "phone", "07700 900123", "", "Phone: emptied meanwhile",
        before={"phone": "07700 900111"},
    ),
    "keep until": Edit(
        "/clients/{ann}/keep/", _ann, "date_of_birth", "2010-01-02", date(2011, 3, 4),
        "Date of birth: changed meanwhile to “4 March 2011”", ("keep_rule", "10_years"),
        form=KeepForm,
    ),
    "keep rule": Edit(
        "/clients/{ann}/keep/", _ann, "keep_rule", "10_years", "25th_birthday",
        "changed meanwhile to “Until the 25th birthday”",
        before={"date_of_birth": date(2011, 3, 4)},
        form=KeepForm,
    ),
    "profile": Edit(
        "/profile/", _profile, "headline", "Here", "Elsewhere",
        "Headline: changed meanwhile to “Elsewhere”", ("about", "Two\nlines"),
        form=ProfileForm,
    ),
    "profile, lines": Edit(
        "/profile/", _profile, "about", "Here", "Two\nlines",
        "About you: changed meanwhile to “Two lines”", ("fee_couples", 90),
        {"about": "One\nand two"},
        form=ProfileForm,
    ),
    "profile, published": Edit(
        "/profile/", _profile, "fee_group", "40", 50, "Group: changed meanwhile to “50”",
        ("is_published", True),
        form=ProfileForm,
    ),
    "rules": Edit(
        "/diary/availability/", _rules, "gap_minutes", "20", 30,
        "changed meanwhile to “30”", ("session_minutes", 80),
        form=RulesForm,
    ),
    "zone": Edit(
        "/account/", lambda: _alice().user, "time_zone", "Europe/Berlin", "Asia/Tokyo",
        "Time zone: changed meanwhile to “",
        form=TimeZoneForm,
    ),
    "contact": Edit(
        "/account/contact/", _contact, "phone", "020 7946 0018", "020 7946 0019",
        "Contact phone: changed meanwhile to “020 7946 0019”", ("email", "new@mail.example"),
        form=ContactForm,
    ),
    "own details": Edit(
        "/account/details/", _own_account, "name", "Alice", "Ali",
        "Name: changed meanwhile to “Ali”", ("phone", "07700 900123"),
        form=DetailsForm,
    ),
    "messages": Edit(
        "/account/messages/", _messages, "reminders", "48", "2",
        "Reminder: changed meanwhile to “2 hours before”", ("way", "daily"),
        form=MessageSettingsForm,
    ),
    "messages of a client": Edit(
        "/dashboard/messages/", _own_record, "reminders", "48", "2",
        "Reminder: changed meanwhile to “2 hours before”", ("calendar_names_therapist", True),
        form=MyMessagesForm,
    ),
    "weeks": Edit(
        "/caseload/tidy-up/", _alice, "weeks", "8", 20, "changed meanwhile to “20”",
        form=WeeksForm,
    ),
    "place of a session": Edit(
        "/sessions/{session}/place/", _session, "place", "Room 2", "Room 3",
        "Where: changed meanwhile to “Room 3”",
        form=SeriesPlaceForm,
    ),
    "place of a relationship": Edit(
        "/relationships/{work}/place/", _work, "place", "Room 2", "Room 3",
        "Where: changed meanwhile to “Room 3”",
        form=PlaceForm,
    ),
    "usual place": Edit(
        "/account/contact/", _contact, "place", "Room 2", "Room 3",
        "Where sessions take place: changed meanwhile to “Room 3”", ("email", "new@mail.example"),
        form=ContactForm,
    ),
    "planned ending": Edit(
        "/relationships/{work}/plan/", _work, "planned_end", str(SOON), SOON + timedelta(days=1),
        "Day of the last session: changed meanwhile to “",
        form=PlanForm,
    ),
    "reason": Edit(
        "/relationships/{work}/reason/", _ended, "reason", "lost_contact", "referred_on",
        "Reason for ending: changed meanwhile to “Moved to another therapist or service”",
        ("note", "Another note"),
        form=ReasonForm,
    ),
}  # fmt: skip
COLUMNS = {"weeks": "tidy_up_weeks", "reason": "end_reason", "note": "end_note"}


def column(name: str) -> str:
    return COLUMNS.get(name, name)


def set_elsewhere(edit: Edit, **values: Any) -> None:
    """Change the row as another browser does, without what this one knows."""
    row = edit.row()
    values = {column(name): value for name, value in values.items()}
    type(row).objects.filter(pk=row.pk).update(**values)


def now(edit: Edit, name: str) -> str:
    value = getattr(edit.row(), column(name))
    return "" if value is None else str(value)


OF_ONE_FIELD = [name for name, edit in EDITS.items() if edit.other is None]
of_two_fields = pytest.mark.parametrize(
    "edit", [name for name in EDITS if name not in OF_ONE_FIELD], indirect=True
)


@pytest.fixture(params=EDITS)
def edit(request, alice, ann) -> Edit:
    start(ann)
    edit = EDITS[request.param]
    set_elsewhere(edit, **edit.before) if edit.before else edit.row()
    return edit


@pytest.fixture
def address(edit, ann) -> str:
    ids = {"ann": ann.public_id, "work": _work().public_id}
    if "{session}" in edit.address:
        ids["session"] = _session().public_id
    return edit.address.format(**ids)


@pytest.fixture
def shown(as_alice, edit, address) -> dict[str, str]:
    """What the page, opened before anything else happens, sends as it stands."""
    name = "reason" if edit.name == "note" else edit.name
    return sent_by(as_alice.get(address), name)


def test_what_was_changed_elsewhere_is_not_put_back(as_alice, edit, address, shown):
    set_elsewhere(edit, **{edit.name: edit.elsewhere})
    before = now(edit, edit.name)

    answer = as_alice.post(address, shown)

    assert answer.status_code == 303
    assert now(edit, edit.name) == before


@of_two_fields
def test_what_is_changed_here_and_something_else_there_are_both_kept(
    as_alice, edit, address, shown
):
    other, value = edit.other
    set_elsewhere(edit, **{other: value})

    answer = as_alice.post(address, shown | {edit.name: edit.here})

    assert answer.status_code == 303
    assert (now(edit, edit.name), now(edit, other)) == (edit.here, str(value))


def test_what_both_have_changed_is_asked_and_pressing_again_decides(as_alice, edit, address, shown):
    set_elsewhere(edit, **{edit.name: edit.elsewhere})
    before = now(edit, edit.name)

    answer = as_alice.post(address, shown | {edit.name: edit.here})

    page, again = read(answer), sent_by(answer, edit.name)
    assert answer.status_code == 409
    assert page.text.count(edit.said) == 2  # in the summary, and at the field
    assert page.title.startswith("Error: ")
    assert now(edit, edit.name) == before
    assert again[edit.name] == edit.here
    assert as_alice.post(address, again).status_code == 303
    assert now(edit, edit.name) == edit.here


@of_two_fields
def test_while_it_asks_the_page_shows_all_else_as_it_is_now(as_alice, edit, address, shown):
    other, value = edit.other
    set_elsewhere(edit, **{edit.name: edit.elsewhere, other: value})

    answer = as_alice.post(address, shown | {edit.name: edit.here})
    again = sent_by(answer, edit.name)

    assert answer.status_code == 409
    assert as_alice.post(address, again).status_code == 303
    assert (now(edit, edit.name), now(edit, other)) == (edit.here, str(value))


def test_two_who_change_it_to_the_same_are_not_asked(as_alice, edit, address, shown):
    as_alice.post(address, shown | {edit.name: edit.here})

    answer = as_alice.post(address, shown | {edit.name: edit.here})

    assert answer.status_code == 303
    assert now(edit, edit.name) == edit.here


def test_a_third_change_meanwhile_is_asked_about_again(as_alice, edit, address, shown):
    set_elsewhere(edit, **{edit.name: edit.elsewhere})
    again = sent_by(as_alice.post(address, shown | {edit.name: edit.here}), edit.name)
    third = edit.before.get(edit.name, shown[edit.name]) or None
    if third is None and now(edit, edit.name) != "":
        third = "" if isinstance(edit.elsewhere, str) else None
    set_elsewhere(edit, **{edit.name: third})

    answer = as_alice.post(address, again)

    assert answer.status_code == 409
    assert now(edit, edit.name) == ("" if third is None else str(third))


# Whose row stands for their hours and rules, and for how they are reached.
LOCKED_FOR = {RulesForm: Therapist, MessageSettingsForm: Therapist, ContactForm: Therapist}


@pytest.mark.database
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite locks the whole database")
def test_the_row_is_locked_when_what_was_sent_is_compared_with_it(as_alice, edit, address, shown):
    """So nothing can change between the comparison and the UPDATE."""
    table = edit.row()._meta.db_table
    locked = LOCKED_FOR.get(edit.form, type(edit.row()))._meta.db_table

    with CaptureQueriesContext(connection) as queries:
        answer = as_alice.post(address, shown | {edit.name: edit.here})

    statements = [query["sql"] for query in queries]
    read = [n for n, sql in enumerate(statements) if f'FROM "{locked}"' in sql and " FOR NO" in sql]
    written = [n for n, sql in enumerate(statements) if sql.startswith(f'UPDATE "{table}"')]
    assert answer.status_code == 303
    assert read[:1] < written[:1]
    assert read


# What is written, and what it is derived from.


def test_only_the_columns_that_were_changed_are_written(as_alice, ann):
    shown = sent_by(as_alice.get(f"/clients/{ann.public_id}/edit/"), "phone")

    with CaptureQueriesContext(connection) as queries:
        as_alice.post(f"/clients/{ann.public_id}/edit/", shown | {"phone": "07700 900123"})

    (update,) = (q["sql"] for q in queries if q["sql"].startswith('UPDATE "clients_client"'))
    written = update.partition(" WHERE ")[0]
    assert '"phone"' in written
    assert '"name"' not in written
    assert '"email"' not in written
    assert '"time_zone"' not in written


def test_nothing_changed_writes_nothing_and_records_no_change(as_alice, alice, ann):
    address = f"/clients/{ann.public_id}/edit/"

    answer = as_alice.post(address, sent_by(as_alice.get(address), "phone"), follow=True)

    assert "Details saved" in read(answer).heads
    assert not alice.entries.filter(verb="client_changed").exists()


def test_a_search_finds_a_name_and_a_preferred_name_that_came_from_two_pages(as_alice, ann):
    address = f"/clients/{ann.public_id}/edit/"
    one, other = (sent_by(as_alice.get(address), "phone") for _ in range(2))

    as_alice.post(address, one | {"preferred_name": "Nan"})
    as_alice.post(address, other | {"name": "Anna Zell"})

    found = Client.objects.get(pk=ann.pk)
    assert (found.name, found.preferred_name) == ("Anna Zell", "Nan")
    assert found.search_text == " anna zell nan"


def test_two_changes_that_do_not_go_together_are_refused_and_not_a_server_error(as_alice, ann):
    """The birthday is emptied here; there it is what the records are kept by."""
    Client.objects.filter(pk=ann.pk).update(date_of_birth=date(2010, 1, 2))
    address = f"/clients/{ann.public_id}/keep/"
    shown = sent_by(as_alice.get(address), "keep_rule")
    Client.objects.filter(pk=ann.pk).update(keep_rule="25th_birthday")

    answer = as_alice.post(address, shown | {"date_of_birth": ""})

    assert answer.status_code == 422
    assert "Enter the date of birth" in read(answer).text
    assert sent_by(answer, "keep_rule")["keep_rule"] == "25th_birthday"
    assert _ann().date_of_birth == date(2010, 1, 2)


def test_a_zone_that_an_old_page_shows_is_not_put_back_once_there_is_an_account(as_alice, ben, ann):
    address = f"/clients/{ben.public_id}/edit/"
    shown = sent_by(as_alice.get(address), "phone")
    User.objects.filter(pk=ann.account_id).update(time_zone="Asia/Tokyo")
    Client.objects.filter(pk=ben.pk).update(account=ann.account, time_zone="Asia/Tokyo")

    answer = as_alice.post(address, shown | {"phone": "07700 900123", "time_zone": "Europe/Rome"})

    changed = Client.objects.get(pk=ben.pk)
    assert answer.status_code == 303
    assert (changed.time_zone, changed.zone, changed.phone) == (
        "Asia/Tokyo", "Asia/Tokyo", "07700 900123",
    )  # fmt: skip


def test_a_refused_page_still_knows_what_it_had_shown(as_alice, ann):
    address = f"/clients/{ann.public_id}/edit/"
    shown = sent_by(as_alice.get(address), "phone")

    refused = as_alice.post(address, shown | {"name": "", "phone": "07700 900123"})
    Client.objects.filter(pk=ann.pk).update(phone="07700 900999")
    answer = as_alice.post(address, sent_by(refused, "phone") | {"name": "Ann Ashby"})

    assert refused.status_code == 422
    assert answer.status_code == 409
    assert _ann().phone == "07700 900999"


def test_a_long_text_is_told_whole_at_its_field_and_short_in_the_summary(as_alice, alice):
    Profile.objects.create(therapist=alice)
    shown = sent_by(as_alice.get("/profile/"), "about")
    Profile.objects.update(about="word " * 700 + "end")

    page = read(as_alice.post("/profile/", shown | {"about": "Mine"}))

    assert page.text.count("word end”") == 1
    assert page.text.count("About you: changed meanwhile to “word word") == 2


def test_two_who_make_a_first_profile_from_two_pages_both_keep_what_they_typed(as_alice):
    one, other = (sent_by(as_alice.get("/profile/"), "headline") for _ in range(2))

    as_alice.post("/profile/", one | {"headline": "Counsellor"})
    answer = as_alice.post("/profile/", other | {"languages": "English"})

    assert answer.status_code == 303
    assert (_profile().headline, _profile().languages) == ("Counsellor", "English")


# No form of something that exists goes without it.


def our_forms() -> set[type[forms.BaseForm]]:
    """Every form class of the project."""
    import_module(settings.ROOT_URLCONF)

    def below(cls: type) -> set[type]:
        return {cls}.union(*map(below, cls.__subclasses__()))

    ours = ("clients.", "relationships.", "practice.")
    return {cls for cls in below(forms.BaseForm) if cls.__module__.startswith(ours)}


ADDING = {"PersonForm", "NewClientForm"}  # of nobody who exists yet


def test_every_form_of_a_row_asks_before_it_loses_a_change():
    of_rows = {form for form in our_forms() if issubclass(form, forms.ModelForm)}

    without = {form.__name__ for form in of_rows if not issubclass(form, EditMixin)}

    assert without == ADDING
    assert {form.__name__ for form in of_rows} > {"ClientForm", "ProfileForm"}


BEGUN_WITH_VALUES = {
    "DatedHoursForm": "hours that are to be",
    "EndDateForm": "compares the moment itself: what the page showed is confirmed or not",
    "EraseForm": "a choice that was sent, on the page that says what has changed",
    "KindForm": "a relationship that is to be",
    "NewClientForm": "a client who is to be",
    "SessionForm": "a session that is to be",
    "SeriesMoveForm": "compares the session itself: what the page showed is confirmed or not",
    "StartDateForm": "the same",
    "WhoAskedForm": "the same",
}


def test_every_form_that_begins_with_what_is_so_asks_before_it_loses_a_change():
    """`initial` and `instance` are what a form is opened with: what exists, unless named here."""
    asks = {form.__name__ for form in our_forms() if issubclass(form, EditMixin)}
    begun = {
        made.id
        for path in CODE
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        if {"initial", "instance"} & {keyword.arg for keyword in call.keywords}
        for made in (call.func, getattr(call.func, "value", None))  # AForm(…), AForm.of(…)
        if isinstance(made, ast.Name) and made.id.endswith("Form")
    }

    assert begun - asks == {*BEGUN_WITH_VALUES}
    assert {"ClientForm", "TimeZoneForm"} <= begun


def test_every_form_that_asks_is_tried_above():
    """So the page of each has been seen to carry what it shows."""
    asking = {form for form in our_forms() if issubclass(form, EditMixin)} - {EditMixin}

    elsewhere = {RenamePasskeyForm, FeedForm}  # below, and in tests/diary/test_feed.py
    assert asking == {edit.form for edit in EDITS.values()} | elsewhere


def test_a_passkey_renamed_elsewhere_keeps_that_name(alice):
    passkey = Authenticator.objects.create(
        user=alice.user, type="webauthn", data={"name": "Phone", "credential": {}}
    )
    shown = sent_by(HttpResponse(f"<form>{RenamePasskeyForm(instance=passkey)}</form>"), "name")
    passkey.data["name"] = "Old phone"

    unchanged = RenamePasskeyForm(shown, instance=passkey)
    changed = RenamePasskeyForm(shown | {"name": "Key"}, instance=passkey)

    assert unchanged.is_valid()
    assert unchanged.cleaned_data["name"] == "Old phone"
    assert not changed.is_valid()
    assert "“Old phone”" in changed.errors["name"][0]
