"""The forms by which work begins: a new client, another relationship, other people."""

import re
from uuid import uuid4

import pytest

from relationships.forms.starting import Beginning, begin
from relationships.models import Relationship
from tests.factories import ClientFactory, counters_of, start
from tests.reading import read
from tests.relationships.typed import ADD, add_to, typed


def everybody(of: object) -> list[str]:
    return sorted(client.name for client in of.clients.all())


# A new client.


def test_a_new_client_begins_with_individual_work(as_alice, alice):
    answer = as_alice.post(
        ADD, typed(email="Zoe@Mail.example", phone="07700 900123", preferred_name="Zo")
    )

    relationship = Relationship.objects.get()
    client = alice.clients.get()
    assert (answer.status_code, answer.url) == (303, f"/relationships/{relationship.public_id}/")
    assert (client.name, client.preferred_name, client.phone) == (
        "Zoë Zephyr",
        "Zo",
        "07700 900123",
    )
    assert client.email.lower() == "zoe@mail.example"
    assert (
        relationship.kind,
        relationship.status,
        relationship.therapist,
        relationship.people,
    ) == (
        "individual",
        "active",
        alice,
        [client],
    )
    assert [event.by for event in relationship.events.all()] == [alice.user]
    assert counters_of(client) == [1]


def test_the_page_after_it_says_so(as_alice):
    page = read(as_alice.post(ADD, typed(), follow=True))

    assert "Relationship started" in page.heads
    assert "Zoë Zephyr is in your Clients list." in page.text


def test_nobody_is_sent_anything(as_alice, mailoutbox):
    as_alice.post(ADD, typed(email="zoe@mail.example"))

    assert mailoutbox == []


def test_the_empty_page_offers_every_kind_and_chooses_none(as_alice):
    page = read(as_alice.get(ADD))

    kinds = [attrs for tag, attrs in page.tags if attrs.get("name") == "kind"]
    assert [kind["value"] for kind in kinds] == ["individual", "couples", "family", "group"]
    assert not any("checked" in kind for kind in kinds)
    assert page.title == "Add a client – Stillwater"


@pytest.mark.parametrize(
    ("kind", "label"), [("couples", "Couples"), ("family", "Family"), ("group", "Group")]
)
def test_a_new_client_can_come_with_new_people(as_alice, alice, kind, label):
    as_alice.post(ADD, typed({"name": "Yan Yew", "email": "yan@mail.example"}, kind=kind))

    relationship = Relationship.objects.get()
    assert relationship.get_kind_display() == label
    assert [(p.name, p.email) for p in relationship.people] == [
        ("Zoë Zephyr", ""),
        ("Yan Yew", "yan@mail.example"),
    ]
    assert counters_of(*relationship.people) == [1, 1]


def test_the_others_read_times_in_the_first_persons_zone(as_alice, alice):
    as_alice.post(ADD, typed({"name": "Yan Yew"}, kind="couples", time_zone="Europe/Stockholm"))

    assert {client.time_zone for client in alice.clients.all()} == {"Europe/Stockholm"}


def test_a_new_client_can_come_with_somebody_known(as_alice, alice, ann):
    as_alice.post(ADD, typed({"name": "ann ashby", "who": ann.public_id}, kind="couples"))

    relationship = Relationship.objects.get()
    assert [person.name for person in relationship.people] == ["Zoë Zephyr", "Ann Ashby"]
    assert everybody(alice) == ["Ann Ashby", "Zoë Zephyr"]


# What is missing or wrong.


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": ""}, "Enter the client’s name"),
        ({"name": "   "}, "Enter the client’s name"),
        ({"kind": ""}, "Select the kind of relationship"),
        ({"kind": "poly"}, "Select the kind of relationship"),
        ({"email": "zoe"}, "Enter an email address like name@example.com"),
        ({"time_zone": "Mars/Olympus"}, "Choose a time zone from the list"),
        ({"name": "Zoë\x07"}, "Use letters, spaces and punctuation only"),
        ({"phone": "1\x1b2"}, "Use letters, spaces and punctuation only"),
    ],
    ids=repr,
)
def test_what_is_wrong_is_said_twice_and_nothing_is_added(as_alice, alice, changed, told):
    answer = as_alice.post(ADD, typed(**changed))

    page = read(answer)
    assert answer.status_code == 422
    assert page.title == "Error: Add a client – Stillwater"
    assert page.text.count(told) == 2
    assert everybody(alice) == []


@pytest.mark.parametrize(
    "value",
    ["Zoë\x00Zephyr", "\x00", "x" * 121, "x" * 100_000, "\ud7fb" * 121],
    ids=lambda v: v[:9],
)
@pytest.mark.parametrize("field", ["name", "others-0-name", "others-0-email", "email", "phone"])
def test_no_text_breaks_the_form(as_alice, alice, field, value):
    sent = typed({"name": "Yan Yew"}, kind="couples") | {field: value}

    answer = as_alice.post(ADD, sent)

    assert answer.status_code == 422
    assert everybody(alice) == []


def test_a_refused_form_keeps_what_was_typed(as_alice):
    sent = typed(
        {"name": "Yan Yew", "email": "yan@mail.example"},
        kind="",
        phone="07700 900123",
        preferred_name="Zo",
        time_zone="Europe/Stockholm",
    )

    page = read(as_alice.post(ADD, sent))

    for name in ("name", "preferred_name", "phone", "others-0-name", "others-0-email"):
        assert page.value_of(name) == sent[name]
    assert '<option value="Europe/Stockholm" selected>' in page.source


@pytest.mark.parametrize(
    ("kind", "others", "told"),
    [
        (
            "individual",
            1,
            "An Individual relationship is with one person. "
            "Remove the others, or choose another kind",
        ),
        ("couples", 0, "A Couples relationship is with two people. You have entered one"),
        ("couples", 2, "A Couples relationship is with two people. You have entered 3"),
        ("family", 0, "A Family relationship is with two people or more. You have entered one"),
        ("group", 0, "A Group relationship is with two people or more. You have entered one"),
    ],
)
def test_the_number_of_people_fits_the_kind(as_alice, alice, kind, others, told):
    people = [{"name": f"Other Number{n}"} for n in range(others)]

    answer = as_alice.post(ADD, typed(*people, kind=kind))

    assert answer.status_code == 422
    assert read(answer).text.count(told) == 2
    assert everybody(alice) == []


def test_an_email_address_alone_is_nobody(as_alice, alice):
    answer = as_alice.post(ADD, typed({"email": "yan@mail.example"}, kind="couples"))

    assert answer.status_code == 422
    assert read(answer).text.count("Enter the other person’s name") == 2
    assert everybody(alice) == []


def test_empty_rows_are_nobody(as_alice, alice):
    answer = as_alice.post(ADD, typed({"name": ""}, {"name": "  "}, {"name": ""}))

    assert answer.status_code == 303
    assert everybody(alice) == ["Zoë Zephyr"]


# Somebody who is there already.


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "Ann Ashby"},
        {"name": "ANN  ashby"},
        {"name": "Ánn Ashby"},
        {"name": "Somebody Else", "email": "ann@mail.example"},
        {"name": "Somebody Else", "email": "ANN@Mail.example"},
    ],
    ids=str,
)
def test_a_client_who_is_there_already_is_recognised(as_alice, alice, ann, changed):
    answer = as_alice.post(ADD, typed(**changed))

    page = read(answer)
    assert answer.status_code == 422
    assert page.text.count("Ann Ashby is already one of your clients") == 2
    assert (f"/clients/{ann.public_id}/", "Open Ann Ashby") in page.links
    assert everybody(alice) == ["Ann Ashby"]


def test_a_hidden_client_is_recognised_with_a_way_to_restart(as_alice, alice, ann):
    relationship = start(ann)
    relationship.end(by=alice.user, reason="completed")

    page = read(as_alice.post(ADD, typed(name="Ann Ashby")))

    assert "Open Ann Ashby Inactive" in page.text
    assert (
        f"/relationships/{relationship.public_id}/restart/",
        "Restart individual relationship",
    ) in page.links


def test_another_person_of_the_same_name_can_be_added_when_one_says_so(as_alice, alice, ann):
    answer = as_alice.post(ADD, typed(name="Ann Ashby", is_new="on"))

    assert answer.status_code == 303
    assert everybody(alice) == ["Ann Ashby", "Ann Ashby"]


def test_a_colleagues_client_is_nobody_here(as_alice, alice, carl):
    answer = as_alice.post(ADD, typed(name=carl.name))

    assert answer.status_code == 303
    assert everybody(alice) == ["Carl Cole"]


def test_other_people_who_are_there_already_are_offered(as_alice, alice, ann):
    answer = as_alice.post(ADD, typed({"name": "ann ashby"}, kind="couples"))

    page = read(answer)
    assert answer.status_code == 422
    assert page.text.count("Ann Ashby is already a client. Choose who you mean") == 2
    choices = [attrs for tag, attrs in page.tags if attrs.get("name") == "others-0-who"]
    assert [choice["value"] for choice in choices] == [ann.public_id, "new"]
    assert not any("checked" in choice for choice in choices)
    assert "Someone else: add a new client" in page.text
    assert everybody(alice) == ["Ann Ashby"]


def test_an_inactive_person_is_offered_and_marked(as_alice, alice, ben):
    start(ben).end(by=alice.user, reason="completed")

    page = read(as_alice.post(ADD, typed({"name": "Ben Bright"}, kind="couples")))

    assert "Ben Bright, ben@mail.example, inactive" in page.text


def test_someone_else_of_the_same_name_becomes_a_new_client(as_alice, alice, ann):
    as_alice.post(ADD, typed({"name": "Ann Ashby", "who": "new"}, kind="couples"))

    assert everybody(alice) == ["Ann Ashby", "Ann Ashby", "Zoë Zephyr"]
    assert counters_of(ann) == [0]


def test_the_one_chosen_takes_part_not_their_namesake(as_alice, alice):
    namesakes = ClientFactory.create_batch(2, therapist=alice, name="Ann Ashby")

    as_alice.post(ADD, typed({"name": "Ann Ashby", "who": namesakes[1].public_id}, kind="couples"))

    assert counters_of(*namesakes) == [0, 1]


@pytest.mark.parametrize("forge", ["carl", "unknown", "unasked", "number"])
def test_nobody_can_be_smuggled_in(as_alice, alice, ann, ben, carl, forge):
    who = {
        "carl": carl.public_id,
        "unknown": "bcdfghjkmn",
        "unasked": ben.public_id,
        "number": str(ann.pk),
    }[forge]

    answer = as_alice.post(ADD, typed({"name": "Ann Ashby", "who": who}, kind="couples"))

    assert answer.status_code == 422
    assert read(answer).text.count("Choose who you mean") == 2
    assert everybody(alice) == ["Ann Ashby", "Ben Bright"]
    assert Relationship.objects.count() == 0
    assert carl.name not in answer.content.decode()


def test_nobody_is_entered_twice(as_alice, alice):
    people = [{"name": "Yan Yew"}, {"name": "YAN  YEW"}]

    answer = as_alice.post(ADD, typed(*people, kind="family"))

    assert answer.status_code == 422
    assert read(answer).text.count("You have entered this person twice") == 2
    assert everybody(alice) == []


def test_nobody_known_is_chosen_twice(as_alice, alice, ann):
    twice = [{"name": "Ann Ashby", "who": ann.public_id}] * 2

    answer = as_alice.post(ADD, typed(*twice, kind="family"))

    assert answer.status_code == 422
    assert read(answer).text.count("You have entered this person twice") == 2
    assert Relationship.objects.count() == 0


def test_a_new_client_is_not_entered_again_as_the_other_person(as_alice, alice):
    answer = as_alice.post(ADD, typed({"name": "zoe zephyr"}, kind="couples"))

    assert answer.status_code == 422
    assert everybody(alice) == []


# Another relationship.


def test_work_of_another_kind_can_begin_with_a_client(as_alice, alice, ann, individual):
    answer = as_alice.post(add_to(ann), typed({"name": "Yan Yew"}, kind="couples"))

    relationship = Relationship.objects.latest("pk")
    assert (answer.status_code, answer.url) == (303, f"/relationships/{relationship.public_id}/")
    assert [person.name for person in relationship.people] == ["Ann Ashby", "Yan Yew"]
    assert everybody(alice) == ["Ann Ashby", "Yan Yew"]
    assert counters_of(ann) == [2]


def test_the_page_says_with_whom(as_alice, ann):
    page = read(as_alice.get(add_to(ann)))

    assert page.title == "Add a relationship – AA – Stillwater"
    assert "With Ann Ashby. Their other relationships stay as they are." in page.text
    assert page.value_of("name") is None


def test_the_same_individual_work_is_not_begun_twice(as_alice, ann, individual):
    answer = as_alice.post(add_to(ann), typed())

    page = read(answer)
    assert answer.status_code == 422
    told = "You have an active relationship with Ann Ashby as Individual already"
    assert page.text.count(told) == 2
    assert f"/relationships/{individual.public_id}/" in page.addresses
    assert f"/relationships/{individual.public_id}/restart/" not in page.addresses
    assert ann.relationships.count() == 1


def test_ended_work_is_restarted_not_begun_again(as_alice, alice, ann, ben, couples):
    couples.end(by=alice.user, reason="completed")

    answer = as_alice.post(
        add_to(ben), typed({"name": "Ann Ashby", "who": ann.public_id}, kind="couples")
    )

    page = read(answer)
    assert answer.status_code == 422
    told = "You have worked with Ann Ashby and Ben Bright as Couples before"
    assert page.text.count(told) == 2
    assert f"/relationships/{couples.public_id}/restart/" in page.addresses
    assert Relationship.objects.count() == 1


def test_the_same_two_people_may_also_come_as_a_family(as_alice, ann, ben, couples):
    answer = as_alice.post(
        add_to(ann), typed({"name": "Ben Bright", "who": ben.public_id}, kind="family")
    )

    assert answer.status_code == 303
    assert counters_of(ann, ben) == [2, 2]


def test_a_couple_with_somebody_else_is_another_couple(as_alice, ann, couples):
    answer = as_alice.post(add_to(ann), typed({"name": "Ben Bright", "who": "new"}, kind="couples"))

    assert answer.status_code == 303
    assert ann.relationships.count() == 2


def test_the_first_person_cannot_be_chosen_again(as_alice, ann):
    answer = as_alice.post(
        add_to(ann), typed({"name": "Ann Ashby", "who": ann.public_id}, kind="couples")
    )

    assert answer.status_code == 422
    assert read(answer).text.count("You have entered this person twice") == 2
    assert Relationship.objects.count() == 0


def test_the_first_person_cannot_be_chosen_again_among_others(as_alice, ann, ben):
    others = [
        {"name": "Ben Bright", "who": ben.public_id},
        {"name": "Ann Ashby", "who": ann.public_id},
        {"name": "Yan Yew"},
    ]

    answer = as_alice.post(add_to(ann), typed(*others, kind="family"))

    assert answer.status_code == 422
    assert Relationship.objects.count() == 0
    assert counters_of(ann, ben) == [0, 0]


def test_an_inactive_client_can_begin_other_work(as_alice, alice, ann, individual):
    individual.end(by=alice.user, reason="completed")

    answer = as_alice.post(add_to(ann), typed({"name": "Yan Yew"}, kind="couples"))

    assert answer.status_code == 303
    assert counters_of(ann) == [1]


# Rows.


def test_adding_a_row_keeps_what_was_typed_and_refuses_nothing(as_alice, alice):
    sent = typed(
        {"name": "Yan Yew", "email": "half-typed"},
        kind="family",
        phone="07700 900123",
        time_zone="Europe/Stockholm",
        do="add",
    )

    answer = as_alice.post(ADD, sent)

    page = read(answer)
    assert answer.status_code == 200
    for name in ("name", "phone", "others-0-name", "others-0-email"):
        assert page.value_of(name) == sent[name]
    assert page.value_of("others-1-name") in (None, "")
    assert "Person 3" in page.text
    assert "There is a problem" not in page.heads
    assert '<option value="Europe/Stockholm" selected>' in page.source
    chosen = [a["value"] for _, a in page.tags if a.get("name") == "kind" and "checked" in a]
    assert chosen == ["family"]
    assert everybody(alice) == []


def test_rows_can_be_added_one_after_the_other_and_then_sent(as_alice, alice):
    sent = typed({"name": "Yan Yew"}, kind="family")
    for expected in (2, 3, 4):
        page = read(as_alice.post(ADD, sent | {"do": "add"}))
        assert page.value_of("others-TOTAL_FORMS") == str(expected)
        sent["others-TOTAL_FORMS"] = str(expected)
        sent["others-INITIAL_FORMS"] = page.value_of("others-INITIAL_FORMS")

    answer = as_alice.post(ADD, sent | {"others-3-name": "Xu Xiang"})

    assert answer.status_code == 303
    assert everybody(alice) == ["Xu Xiang", "Yan Yew", "Zoë Zephyr"]


def test_an_empty_row_in_the_middle_is_nobody(as_alice, alice):
    page = read(as_alice.post(ADD, typed({"name": ""}, {"name": "Yan Yew"}, do="add")))
    sent = typed({"name": ""}, {"name": "Yan Yew"}, kind="couples")
    sent["others-TOTAL_FORMS"] = page.value_of("others-TOTAL_FORMS")
    sent["others-INITIAL_FORMS"] = page.value_of("others-INITIAL_FORMS")

    answer = as_alice.post(ADD, sent)

    assert answer.status_code == 303
    assert everybody(alice) == ["Yan Yew", "Zoë Zephyr"]


@pytest.mark.parametrize("do", ["", "add"])
@pytest.mark.parametrize(
    "total",
    ["", "-5", "abc", "2.5", "²", "1e3", "999999999", "9" * 5000, "\x00"],
    ids=lambda t: t[:9],
)
def test_a_forged_number_of_rows_breaks_nothing(as_alice, alice, total, do):
    sent = typed({"name": "Yan Yew"}, kind="couples") | {"others-TOTAL_FORMS": total}

    answer = as_alice.post(ADD, sent | ({"do": do} if do else {}))

    assert answer.status_code == (200 if do else 422)
    assert answer.content.count(b'<fieldset class="person"') <= 20
    assert everybody(alice) == []


def test_missing_rows_break_nothing(as_alice, alice):
    answer = as_alice.post(ADD, {"name": "Zoë Zephyr"})

    assert answer.status_code == 422
    assert everybody(alice) == []


def test_more_than_twenty_people_are_refused(as_alice, alice):
    people = [{"name": f"Other Number{n}"} for n in range(20)]

    answer = as_alice.post(ADD, typed(*people, kind="group"))

    assert answer.status_code == 422
    assert everybody(alice) == []


def test_twenty_people_are_a_group(as_alice, alice):
    people = [{"name": f"Other Number{n}"} for n in range(19)]

    answer = as_alice.post(ADD, typed(*people, kind="group"))

    assert answer.status_code == 303
    assert alice.clients.count() == 20


# Nothing more than what is asked for.


def test_what_nobody_asks_for_is_not_taken(as_alice, alice, bob, carl):
    forged = {
        "therapist": bob.pk,
        "therapist_id": bob.pk,
        "account": bob.user_id,
        "active_relationships": 7,
        "public_id": "bcdfghjkmn",
        "sort_name": "aaa",
        "status": "ended",
        "started_at": "2001-01-01",
        "by": bob.user_id,
        "id": carl.pk,
        "pk": carl.pk,
    }

    as_alice.post(ADD, typed() | forged)

    client = alice.clients.get()
    relationship = client.relationships.get()
    assert (client.account, client.active_relationships, client.sort_name) == (
        None,
        1,
        "zoe zephyr",
    )
    assert client.public_id != "bcdfghjkmn"
    assert (relationship.status, relationship.therapist, relationship.started_at.year > 2001) == (
        "active",
        alice,
        True,
    )
    assert bob.clients.get() == carl


def test_the_same_form_twice_begins_once(as_alice, alice, ann):
    key = re.search(r'name="key" value="([^"]+)"', as_alice.get(ADD).content.decode())[1]
    sent = typed(kind="individual") | {
        "name": "Ann Ashby",
        "time_zone": "Europe/London",
        "is_new": "on",
        "key": key,
    }

    answers = [as_alice.post(ADD, sent) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].url == answers[1].url
    assert alice.clients.filter(name="Ann Ashby").count() == 2


def test_the_other_click_may_come_while_the_first_is_checked(alice, monkeypatch):
    sent = {name: str(value) for name, value in typed(key=str(uuid4())).items()}
    checked = Beginning.is_valid

    def checked_too_late(beginning: Beginning) -> bool:
        monkeypatch.setattr(Beginning, "is_valid", checked)
        assert begin(Beginning(alice, None, sent), alice.user)
        return checked(beginning)

    monkeypatch.setattr(Beginning, "is_valid", checked_too_late)

    assert begin(Beginning(alice, None, sent), alice.user) == alice.relationships.get()
    assert everybody(alice) == ["Zoë Zephyr"]
