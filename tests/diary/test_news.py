"""What clients do is news to their therapist, until it is dismissed."""

import pytest
import time_machine

from clients.models import Invitation
from practice.diary.models import News, Session
from practice.records.erasure import erase
from practice.records.merging import merge
from tests.conftest import browser_of
from tests.diary import DAY, NOW, WEDNESDAY, book
from tests.factories import PASSWORD, ClientFactory, UserFactory, start
from tests.pressing import Browser
from tests.reading import read


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def news_of(therapist) -> list[tuple]:
    return list(therapist.news.order_by("pk").values_list("kind", "by", "session", "client", "at"))


def test_what_a_client_does_to_a_session_is_news_once_each(alice, ann, individual):
    session = book(individual, by=ann.account)
    session.move(starts_at=WEDNESDAY + DAY, by=ann.account)
    session.cancel(by=ann.account)

    told = (ann.account_id, session.pk, None, NOW)
    assert news_of(alice) == [(kind, *told) for kind in ("booked", "moved", "cancelled")]


def test_what_the_therapist_does_is_no_news(alice, individual):
    session = book(individual)
    session.move(starts_at=WEDNESDAY + DAY, by=alice.user)
    session.cancel(by=alice.user)
    session.put_back(by=alice.user)

    assert news_of(alice) == []


def test_what_was_refused_is_no_news(alice, ann, individual, couples):
    book(couples)
    with pytest.raises(Session.Taken):
        book(individual, by=ann.account)

    assert news_of(alice) == []


def test_a_second_click_is_no_news(alice, ann, individual):
    key = "0f8fad5b-d9cb-469f-a165-70867728950e"
    for _ in range(2):
        book(individual, by=ann.account, key=key)

    assert len(news_of(alice)) == 1


def test_a_session_that_goes_takes_its_news_along(alice, ann, individual):
    session = book(individual, by=ann.account)

    session.delete()

    assert News.objects.count() == 0


@pytest.mark.parametrize("has_account", [True, False])
def test_whoever_accepts_an_invitation_is_news(alice, as_alice, ben, settings, has_account):
    settings.EMAIL_HOST = "mail.example"
    browser, token = Browser(), Invitation.create_for(ben)
    address = f"/invitation/{token}/{Invitation.proof_of(token)}/"
    if has_account:
        browser = browser_of(UserFactory(email=ben.email))
    sent = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    assert browser.post(address, sent).status_code in (302, 303)

    ben.refresh_from_db()
    assert news_of(alice) == [("accepted", ben.account_id, None, ben.pk, NOW)]
    page = read(as_alice.get("/"))
    assert "Ben Bright accepted your invitation. Ben’s page" in page.text
    assert f"/clients/{ben.public_id}/" in page.addresses


@pytest.mark.parametrize("is_shared", [True, False], ids=["shared", "alone"])
def test_whoever_is_erased_leaves_no_news(alice, ann, ben, is_shared):
    work = start(ann, ben) if is_shared else start(ann)
    booked = book(work, NOW - DAY, by=ann.account)
    News.tell(News.Kind.ACCEPTED, by=ann.account, client=ann)
    booked.set_attendance(attended=True)
    work.end(by=alice.user, reason="completed")

    erase(ann, by=alice.user)

    assert news_of(alice) == []


def test_news_of_merged_records_names_the_person(alice, as_alice, ann, ben, individual):
    ben_too = ClientFactory(therapist=alice, name="Benjamin Bright", account=UserFactory())
    merge(ben_too, into=ben, by=alice.user)
    book(start(ben), WEDNESDAY, by=ben_too.account)

    assert "Ben Bright booked Wednesday 26 November, 4pm." in read(as_alice.get("/")).text
