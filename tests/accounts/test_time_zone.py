"""The zone in which somebody reads times."""

import pytest

from tests.factories import ClientFactory
from tests.reading import read


def test_a_therapist_chooses_their_zone(as_alice, alice):
    page = read(as_alice.post("/account/", {"time_zone": "Asia/Tokyo"}, follow=True))

    alice.refresh_from_db()
    assert alice.time_zone == "Asia/Tokyo"
    assert "Time zone saved" in page.heads
    assert "Times are shown in Tokyo time (JST)" in page.all_text


def test_a_client_chooses_it_for_all_their_records(as_ann, ann, bob):
    other = ClientFactory(therapist=bob, account=ann.account)

    as_ann.post("/account/", {"time_zone": "Europe/Stockholm"})

    for record in (ann, other):
        record.refresh_from_db()
        assert record.time_zone == "Europe/Stockholm"


def test_nobody_elses_zone_is_changed(as_ann, ann, ben, alice):
    as_ann.post("/account/", {"time_zone": "Europe/Stockholm"})

    ben.refresh_from_db()
    alice.refresh_from_db()
    assert (ben.time_zone, alice.time_zone) == ("Europe/London", "Europe/London")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "\x00", "europe/london"])
def test_what_is_no_zone_is_refused(as_alice, alice, zone):
    answer = as_alice.post("/account/", {"time_zone": zone})

    assert answer.status_code == 422
    alice.refresh_from_db()
    assert alice.time_zone == "Europe/London"


def test_the_present_zone_is_chosen_in_the_form(as_ann, ann):
    ann.time_zone = "Asia/Kathmandu"
    ann.save(update_fields=["time_zone"])

    source = as_ann.get("/account/").content.decode()

    assert '<option value="Asia/Kathmandu" selected>' in source
    assert source.count(" selected>") == 1
