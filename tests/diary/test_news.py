"""What clients do is news to their therapist, until it is dismissed."""

import pytest
import time_machine

from practice.diary.models import News, Session
from tests.diary import DAY, NOW, WEDNESDAY, book

pytestmark = pytest.mark.database


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
