"""Two records of one person: merged they are one client, separated they are what they were."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clients.models import Client, Invitation
from practice.audit.models import Entry, Verb, name_of
from practice.diary.models import Session
from practice.profiles.figures import visits_of
from practice.profiles.stats import stats
from practice.records import merging
from practice.records.access_history import _things
from practice.records.erasure import NotYet, erase
from practice.records.export_client import export_client
from practice.records.export_own import own_data
from practice.records.merging import NotMerged, NotTogether, Obstacle, merge, separate
from practice.records.retention import retention_expired, retention_periods
from relationships.caseload.figures import Caseload
from relationships.models import Relationship
from tests.conftest import browser_of
from tests.factories import ClientFactory, UserFactory, counters_of, start
from tests.records.rows import every_word

pytestmark = pytest.mark.django_db

LENGTH = timedelta(minutes=50)


@pytest.fixture
def anna(alice) -> Client:
    """Ann once more, under another name and with another account."""
    account = UserFactory(email="anna@home.example")
    return ClientFactory(
        therapist=alice, name="Anna Ashby-Zell", email=account.email, account=account
    )


@pytest.fixture
def work(ann, anna) -> dict[str, Relationship]:
    """Alice's work with each of the records."""
    return {"ann": start(ann), "anna": start(anna)}


@pytest.fixture
def merged(ann, anna, work) -> Client:
    """Ann, into whose record Anna's has been merged."""
    merge(anna, into=ann, by=ann.therapist.user)
    return Client.objects.get(pk=ann.pk)


def held(relationship: Relationship, days_ago: int, *, attended: bool = True) -> Session:
    at = timezone.now() - timedelta(days=days_ago)
    by = relationship.therapist.user
    session = Session.book(relationship, starts_at=at, length=LENGTH, by=by)
    Session.objects.filter(pk=session.pk).update(booked_at=at)
    session.set_attendance(attended=attended)
    return session


def of(client: Client) -> Client:
    return Client.objects.get(pk=client.pk)


# The lists.


def test_merged_records_are_one_client_in_every_list(alice, ann, anna, merged):
    assert list(alice.clients.people()) == [ann]
    assert list(alice.clients.people().active()) == [ann]
    assert Caseload(alice, timezone.now()).active_now == 1


def test_both_names_find_the_person(alice, ann, merged):
    assert list(alice.clients.people().search("zell")) == [ann]
    assert list(alice.clients.people().search("ann ash")) == [ann]
    assert list(alice.clients.people().same_person_as("anna ashby zell")) == [ann]
    assert list(alice.clients.people().same_person_as("Nobody", "anna@home.example")) == [ann]


def test_a_row_of_the_list_has_the_work_of_both(as_alice, ann, anna, merged, ben):
    start(anna.person if anna.merged_into_id else ann, ben)
    page = as_alice.get("/clients/").content.decode()

    assert page.count(">Individual</a></li>") == 2  # links to work; kinds are named elsewhere, too
    assert "Anna Ashby-Zell" not in page
    assert "Ashby</a>" in page


def test_the_list_is_as_long_as_one_record_where_either_is_active(alice, ann, anna, work):
    merge(anna, into=ann, by=alice.user)
    work["ann"].end(by=alice.user, reason="completed")
    assert (of(ann).is_active, of(anna).is_active) == (True, True)

    work["anna"].end(by=alice.user, reason="completed")
    assert (of(ann).is_active, of(anna).is_active) == (False, False)

    work["anna"].restart(by=alice.user)
    assert counters_of(ann, anna) == [1, 1]

    separate(of(anna), by=alice.user)
    assert counters_of(ann, anna) == [0, 1]


# What stands in the way.


def test_two_who_come_together_are_two_people(alice, ann, anna):
    start(ann, anna)

    with pytest.raises(NotMerged) as refused:
        merge(anna, into=ann, by=alice.user)

    assert refused.value.obstacle == Obstacle.TOGETHER
    assert of(anna).merged_into is None


def test_so_are_two_of_whom_one_comes_with_another_record_of_the_person(alice, ann, anna, ben):
    start(anna, ben)
    merge(anna, into=ann, by=alice.user)

    with pytest.raises(NotMerged):
        merge(ben, into=of(ann), by=alice.user)


def test_there_are_no_chains(alice, ann, anna, ben, merged):
    with pytest.raises(NotMerged) as refused:
        merge(of(ann), into=ben, by=alice.user)
    assert refused.value.obstacle == Obstacle.STANDS_FOR_OTHERS

    with pytest.raises(Client.Merged):
        merge(ben, into=of(anna), by=alice.user)


def test_a_record_is_not_merged_into_itself(alice, ann):
    with pytest.raises(NotMerged):
        merge(ann, into=ann, by=alice.user)


def test_a_record_is_merged_once(alice, ann, anna, merged):
    with pytest.raises(Client.Merged):
        merge(anna, into=ann, by=alice.user)
    assert counters_of(ann, anna) == [2, 1]


def test_a_record_is_separated_once(alice, ann, anna, merged):
    separate(of(anna), by=alice.user)
    with pytest.raises(NotTogether):
        separate(of(anna), by=alice.user)
    assert counters_of(ann, anna) == [1, 1]


def test_several_records_can_be_those_of_one_person(alice, ann, anna, merged, ben):
    start(ben)
    merge(ben, into=of(ann), by=alice.user)
    assert list(alice.clients.people()) == [ann]

    separate(of(anna), by=alice.user)
    assert {*alice.clients.people()} == {ann, anna}
    assert counters_of(ann, anna, ben) == [2, 1, 1]


def test_whoever_is_erased_is_merged_with_nobody(alice, ann, anna, ben):
    couples = start(anna, ben)
    couples.end(by=alice.user, reason="completed")
    erase(anna, by=alice.user)

    with pytest.raises(Client.DoesNotExist):
        merge(anna, into=ann, by=alice.user)


def test_work_that_is_closed_stands_in_no_ones_way(alice, ann, anna, ben):
    couples = start(anna, ben)
    couples.end(by=alice.user, reason="completed")
    erase(ben, by=alice.user)

    merge(anna, into=ann, by=alice.user)

    assert list(alice.relationships.of_people([of(ann)])) == [couples]


# The audit.


def test_it_is_written_down_about_both_and_so_is_separating(alice, ann, anna, merged):
    separate(of(anna), by=alice.user)

    for verb in (Verb.RECORDS_MERGED, Verb.RECORDS_SEPARATED):
        entries = Entry.objects.filter(verb=verb, therapist=alice, by=alice.user.pk)
        assert {entry.about for entry in entries} == {name_of(ann), name_of(anna)}


def test_the_access_history_is_of_both(ann, anna, work, merged, as_alice):
    session = held(work["anna"], 3)

    assert {name_of(row) for row in (ann, anna, session, *work.values())} == {*_things(merged)}
    page = as_alice.get(f"/clients/{ann.public_id}/access/").content.decode()
    assert "record of Anna Ashby-Zell" in page


def test_nobody_is_told(ann, merged, mailoutbox):
    separate(merged.merged_records.get(), by=ann.therapist.user)
    assert mailoutbox == []


# Figures.


def test_figures_are_those_of_one_person(alice, ann, anna, work):
    held(work["ann"], 40)
    held(work["anna"], 30)
    apart = stats(visits_of(alice), timezone.now())
    assert (apart.clients, apart.counted, apart.returned) == (2, 2, 0)

    merge(anna, into=ann, by=alice.user)
    together = stats(visits_of(alice), timezone.now())
    assert (together.clients, together.counted, together.returned) == (1, 1, 1)
    assert together.sessions_held == 2

    separate(of(anna), by=alice.user)
    assert stats(visits_of(alice), timezone.now()) == apart


def test_who_counts_and_why_has_one_row_for_the_person(alice, as_alice, ann, anna, work, merged):
    held(work["ann"], 40)
    held(work["anna"], 30)

    page = as_alice.get("/profile/figures/").content.decode()

    assert page.count("Returned for a second session") == 1
    assert "Anna Ashby-Zell" not in page


# The client's side.


def test_either_account_sees_the_work_of_both(ann, anna, work, merged):
    sessions = [held(relationship, n + 2) for n, relationship in enumerate(work.values())]
    for account in (ann.account, anna.account):
        browser = browser_of(account)
        page = browser.get("/dashboard/").content.decode()
        assert page.count("Book a New Session..") == 2
        for session in sessions:
            assert browser.get(f"/sessions/{session.public_id}/").status_code == 200


def test_after_separating_each_sees_their_own_again(alice, ann, anna, work, merged):
    session = held(work["anna"], 2)
    separate(of(anna), by=alice.user)

    assert browser_of(ann.account).get(f"/sessions/{session.public_id}/").status_code == 404
    assert browser_of(anna.account).get(f"/sessions/{session.public_id}/").status_code == 200


def test_what_one_account_booked_was_booked_by_you_only_for_that_one(
    alice, ann, anna, work, merged
):
    soon = timezone.now() + timedelta(days=3)
    session = Session.book(work["ann"], starts_at=soon, length=LENGTH, by=anna.account)

    page = browser_of(alice.user).get(f"/sessions/{session.public_id}/").content.decode()
    assert "by Ann" in page
    other = browser_of(ann.account).get(f"/sessions/{session.public_id}/").content.decode()
    assert "by Ann" in other


def test_a_death_is_that_of_the_person(alice, ann, anna, ben, work, merged):
    couples = start(of(ann), ben)
    couples.end(by=alice.user, reason="completed")
    work["anna"].end(by=alice.user, reason="died")

    page = browser_of(ann.account).get("/dashboard/").content.decode()
    assert "has been ended" not in page
    assert "Book a New Session.." not in page


def test_clients_take_out_what_is_held_in_both_records(ann, anna, work, merged):
    data = own_data(anna.account, anna.account.clients.all(), timezone.now())

    assert [record["name"] for record in data["records"]] == ["Ann Ashby", "Anna Ashby-Zell"]
    assert len(data["relationships"]) == 2


# Taking out, keeping, erasing, inviting.


def test_the_export_has_both_records(alice, ann, anna, work, merged):
    held(work["anna"], 2)
    data = export_client(merged, timezone.now())

    assert [row["id"] for row in data["merged_records"]] == [anna.public_id]
    assert {row["id"] for row in data["relationships"]} == {r.public_id for r in work.values()}


def test_records_are_kept_as_long_as_the_longest_of_their_rules(alice, ann, anna, work):
    anna.keep_rule = "10_years"
    anna.save()
    held(work["ann"], 2)
    alone = retention_periods([of(ann)], timezone.now())[0]
    merge(anna, into=ann, by=alice.user)

    period = retention_periods([of(ann)], timezone.now())[0]

    assert (alone.until.year - alone.counts_from.year) == 7
    assert (period.until.year - period.counts_from.year) == 10


def test_nobody_is_due_while_a_session_of_another_record_is_recent(alice, ann, anna, work):
    long_ago = timezone.now() - timedelta(days=365 * 12)
    Client.objects.update(added_at=long_ago)
    for relationship in work.values():
        relationship.end(by=alice.user, reason="completed")
    Relationship.objects.update(started_at=long_ago, ended_at=long_ago)
    held(work["anna"], 30)
    assert retention_expired(alice, timezone.now()) == [ann.pk]

    merge(anna, into=ann, by=alice.user)

    assert retention_expired(alice, timezone.now()) == []


def test_erasing_a_person_erases_all_their_records(alice, ann, anna, work, merged):
    with pytest.raises(NotYet):
        erase(merged, by=alice.user)
    for relationship in work.values():
        relationship.end(by=alice.user, reason="completed")

    erase(of(ann), by=alice.user)

    assert not alice.clients.exists()
    assert not alice.relationships.exists()
    anna.account.refresh_from_db()
    assert not anna.account.is_active


def test_an_erased_person_stays_one_in_the_figures_of_shared_work(alice, ann, anna, ben, work):
    couples = {"ann": start(ann, ben), "anna": start(anna, ben, kind="family")}
    for number, relationship in enumerate(couples.values()):
        held(relationship, 40 - number)
    merge(anna, into=ann, by=alice.user)
    for relationship in (*work.values(), *couples.values()):
        relationship.end(by=alice.user, reason="completed")
    before = stats(visits_of(alice), timezone.now())

    erase(of(ann), by=alice.user)

    assert stats(visits_of(alice), timezone.now()) == before
    assert before.clients == 2
    assert "Ashby" not in "".join(alice.clients.values_list("name", flat=True))

    erase(ben, by=alice.user)  # and with the last who took part, all of it is gone
    assert not alice.clients.exists()


@pytest.mark.parametrize("is_shared", [False, True], ids=["alone", "with shared work"])
def test_no_word_of_any_record_of_the_person_is_left_in_any_table(alice, ann, ben, is_shared):
    """Whatever hangs on a record, not only on the one that the others are merged into."""
    words = {"name": "Anna Canary", "preferred_name": "Canary", "phone": "canary"}
    others = ClientFactory.create_batch(2, therapist=alice, email="canary@home.example", **words)
    for other in others:
        Invitation.create_for(other)
        start(other).end(by=alice.user, reason="completed", note="canary")
        merge(other, into=ann, by=alice.user)
    work = start(*([ann, ben] if is_shared else [ann]))
    work.end(by=alice.user, reason="completed")

    erase(of(ann), by=alice.user)

    everything = every_word().lower()
    assert [word for word in ("canary", "ashby") if word in everything] == []


def test_what_was_shown_before_erasing_is_not_the_record_alone(alice, ann, anna, work, merged):
    with pytest.raises(Client.Merged):
        erase(anna, by=alice.user)


def test_nobody_is_invited_who_can_sign_in_with_another_record(alice, as_alice, ben, anna):
    merge(anna, into=ben, by=alice.user)

    as_alice.post(f"/clients/{ben.public_id}/invite/")

    assert not Invitation.objects.exists()


def test_an_invitation_made_before_still_opens_the_persons_dashboard(alice, ann, ben, work):
    start(ben)
    token = Invitation.create_for(ben)
    merge(ben, into=ann, by=alice.user)

    Invitation.open(token).accept(UserFactory(email=ben.email))

    account = of(ben).account
    assert (
        browser_of(account).get("/dashboard/").content.decode().count("Book a New Session..") == 2
    )


def test_new_work_is_with_the_person(alice, as_alice, ann, anna, merged):
    with pytest.raises(Client.Merged):
        start(of(anna))
    answer = as_alice.post(f"/clients/{anna.public_id}/relationships/add/", {"kind": "individual"})
    assert answer.status_code == 409


def test_old_addresses_lead_to_the_person(as_alice, ann, anna, merged):
    for page in ("", "relationships/", "sessions/", "edit/", "access/", "keep/", "erase/"):
        answer = as_alice.get(f"/clients/{anna.public_id}/{page}")
        assert answer.status_code == 303
        assert answer.url == f"/clients/{ann.public_id}/{page}"


def test_what_is_sent_from_an_old_page_is_not_done_and_it_is_said(as_alice, ann, anna, merged):
    for page in ("edit/", "keep/", "invite/", "erase/", "export/"):
        answer = as_alice.post(f"/clients/{anna.public_id}/{page}", {"name": "Somebody Else"})
        assert answer.status_code == 409
        assert "Nothing was changed" in answer.content.decode()
    assert of(anna).name == "Anna Ashby-Zell"


def test_another_therapist_sees_nothing_of_it(as_bob, anna, merged):
    for page in ("", "relationships/", "edit/"):
        assert as_bob.get(f"/clients/{anna.public_id}/{page}").status_code == 404


def test_the_reasons_are_sentences():
    assert all(reason.label.endswith(".") for reason in merging.Obstacle)
