"""Names of clients: who is one person, who is found, in which order, and what can be seen."""

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.models import Client
from practice.text.person_names import search_text, search_words
from tests.factories import ClientFactory, start
from tests.reading import read
from tests.relationships.typed import ADD, add_to, typed

pytestmark = pytest.mark.database

SAME = [
    ("Niamh O'Sullivan", "Niamh O’Sullivan"),
    ("Niamh O’Sullivan", "Niamh OʼSullivan"),
    ("Niamh O'Sullivan", "Niamh O`Sullivan"),
    ("Niamh O'Sullivan", "Niamh O´Sullivan"),
    ("Kamala Hawaiʻi", "Kamala Hawai'i"),
    ("Grace Mbeki-Jones", "Grace Mbeki Jones"),
    ("Grace Mbeki-Jones", "Grace Mbeki‐Jones"),
    ("Grace Mbeki–Jones", "Grace Mbeki-Jones"),
    ("Anne-Marie Roux", "Anne Marie Roux"),
    ("Imogen St. John", "Imogen St John"),
    ("محمد علي", "محـــمد علي"),
    ("علي رضا", "علی رضا"),
    ("Ann Ashby", "\u200bAnn Ashby"),
    ("Ann Ashby", "Ann\u00ad Ash\u2060by"),
    ("Ann Ashby", "A\u200dnn Ashby"),
    ("Ġorġ Ħal", "Gorg Hal"),
    ("Əli Ŋoma", "Eli Noma"),
]
DIFFERENT = [
    ("Ann Ashby", "Anna Shby"),
    ("Ann Ashby", "Ann Ashbi"),
    ("Anne-Marie Roux", "Annemarie Roux"),
    ("🦋", "🐝"),
]


@pytest.mark.parametrize(("known", "name"), SAME)
def test_one_person_is_recognised_however_the_name_is_typed(as_alice, alice, known, name):
    client = ClientFactory(therapist=alice, name=known, preferred_name="Kit")
    sent = {"name": name, "preferred_name": "Kit"}

    added = as_alice.post(ADD, typed(**sent))
    beside = as_alice.post(add_to(ClientFactory(therapist=alice)), typed(sent, kind="couples"))

    assert (added.status_code, beside.status_code) == (422, 422)
    assert f"{known} is already one of your clients" in read(added).text
    assert f"{known} is already a client. Choose who you mean" in read(beside).text
    assert list(alice.clients.filter(preferred_name="Kit")) == [client]


@pytest.mark.parametrize(("known", "name"), DIFFERENT)
def test_two_people_stay_two(as_alice, alice, known, name):
    ClientFactory(therapist=alice, name=known, preferred_name="Kit")

    assert as_alice.post(ADD, typed(name=name, preferred_name="Kit")).status_code == 303


def test_two_new_people_of_one_name_are_noticed(as_alice, ann):
    people = [{"name": "Niamh O'Sullivan"}, {"name": "\u200bNiamh O’Sullivan"}]

    answer = as_alice.post(add_to(ann), typed(*people, kind="family"))

    assert "You have entered this person twice" in read(answer).text


# Search.


@pytest.mark.parametrize(
    ("name", "searches"),
    [
        ("Ħal Ŧor", ["hal", "ħal", "HAL", "tor", "Ŧo"]),
        ("Əli Məmmədov", ["eli", "əli", "memm"]),
        ("Áŋŋel Sara", ["annel", "áŋŋ"]),
        ("Ɓala Ƙofa", ["bala", "kof"]),
        ("李美玲", ["李", "美", "美玲", "玲", "李美"]),
        ("田中さくら", ["田中", "さくら", "くら"]),
        ("김민수", ["김", "민수", "수"]),
        ("Niamh O’Sullivan", ["o'sullivan", "oʼsul", "osul", "sullivan", "O`Sullivan"]),
        ("Grace Mbeki-Jones", ["mbeki-jones", "mbeki jones", "mbekijones", "jones", "mbeki‐j"]),
        ("Grace Mbeki Jones", ["mbeki-jones", "jones"]),
        ("محـــمد علي", ["محمد", "علی"]),
        ("कुमार विश्वास", ["कुमा", "विश्व"]),
        ("Ann Ashby", ["\u200bann", "as\u00adhby"]),
    ],
)
def test_a_search_finds_a_name_by_what_can_be_typed(alice, name, searches):
    client = ClientFactory(therapist=alice, name=name)
    ClientFactory(therapist=alice, name="Zed Zzyzx")

    for text in searches:
        assert list(alice.clients.search(text)) == [client], text


@pytest.mark.parametrize("text", ["कमर", "??", "🦋", "—", "'"])
def test_what_stands_in_no_name_finds_nobody(alice, text):
    for name in ("Ann Ashby", "कुमार विश्वास", "🦋"):
        ClientFactory(therapist=alice, name=name)

    assert not alice.clients.search(text)


@pytest.mark.parametrize("text", ["", "  ", "\u200b"])
def test_a_search_for_nothing_is_none(alice, ann, text):
    assert list(alice.clients.search(text)) == [ann]


@pytest.mark.parametrize("address", ["/clients/", "/clients/?include=inactive"])
@pytest.mark.parametrize("text", ["??", "🦋", "..."])
def test_the_list_finds_nobody_by_signs_alone(as_alice, ann, individual, address, text):
    page = read(as_alice.get(address, {"q": text} | {"include": "inactive"}))

    assert page.ids["count"] == f"0 clients match “{text}”"
    assert "Ann Ashby" not in page.text
    assert "No client found" in page.heads


def test_the_public_list_finds_nobody_by_signs_alone(client, alice):
    from practice.profiles.models import Profile

    Profile.objects.create(therapist=alice, is_published=True)

    assert "Alice Archer" in read(client.get("/therapists/")).text
    assert "Alice Archer" not in read(client.get("/therapists/?q=%3F%3F")).text


letters = st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"])
names = st.one_of(
    st.text(alphabet=letters, min_size=1, max_size=120),
    st.text(alphabet="abÉŁħəŋß'’-–. ·李美김민علـ\u200d", min_size=1, max_size=120),
)


@settings(max_examples=300, deadline=None)
@given(names)
def test_a_search_by_any_word_of_a_name_finds_its_bearer(name):
    looked_through = search_text(name)

    for word in name.split():
        assert all(f" {part}" in looked_through for part in search_words(word))
    assert all(f" {part}" in looked_through for part in search_words(name))


@settings(max_examples=300, deadline=None)
@given(names, st.data())
def test_so_does_the_beginning_of_any_word(name, data):
    word = data.draw(st.sampled_from(name.split() or [""]))
    start = word[: data.draw(st.integers(1, max(1, len(word))))]
    looked_through = search_text(name)

    assert all(f" {part}" in looked_through for part in search_words(start))


@pytest.mark.django_db
def test_the_longest_names_are_found_by_their_last_word(alice):
    """No column cuts them off, not even where one character is eighteen without its dress."""
    for name in ("\ufdfa" * 113 + " Zephyr", "李美" * 56 + " Zephyr", "a-b " * 28 + "Zephyr"):
        client = ClientFactory(therapist=alice, name=name)

        assert list(alice.clients.search("zephyr")) == [client]
        assert list(alice.clients.same_person_as(name)) == [client]
        client.delete()


# Order.


def test_the_order_is_that_of_the_folded_names_on_every_database(alice):
    wanted = [
        "Ann Ashby",
        "Anne-Marie Roux",
        "Anne Marie Sand",
        "Dabney Cole",
        "D’Arcy Cole",
        "Darcy Dole",
        "Ħal Tor",
        "Oneal Cole",
        "O’Neil Cole",
        "Oneil Dole",
        "Ʒeb Tor",
        "Олена Коваль",
        "李美玲",
    ]
    for name in reversed(wanted):
        ClientFactory(therapist=alice, name=name)

    people = list(alice.clients.in_name_order())

    assert [client.name for client in people] == wanted
    assert people == sorted(people, key=lambda client: client.sort_name.encode())


@pytest.mark.skipif("connection.vendor != 'postgresql'")
@pytest.mark.django_db
@pytest.mark.parametrize("table", ["clients_client", "profiles_profile"])
def test_postgresql_compares_folded_names_byte_by_byte_whatever_its_locale(table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, collation_name FROM information_schema.columns "
            "WHERE table_name = %s AND column_name IN ('sort_name', 'search_text')",
            [table],
        )
        assert dict(cursor.fetchall()) == {"sort_name": "C", "search_text": "C"}


# What can be seen.


@pytest.mark.parametrize(
    "name",
    [
        "\u3164",
        "\u2800",
        "\u200b",
        "\u00ad",
        "\u200e",
        "\U000e0041",
        "\u0301" * 110,
        "\u2067\u2069",
    ],
)
def test_a_name_that_nobody_can_see_is_refused(as_alice, alice, ann, name):
    added = as_alice.post(ADD, typed(name=name))
    edited = as_alice.post(
        f"/clients/{ann.public_id}/edit/", {"name": name, "time_zone": "Europe/London"}
    )
    beside = as_alice.post(
        add_to(ann), typed({"name": name, "email": "b@mail.example"}, kind="couples")
    )

    assert "Enter the client’s name" in read(added).text
    assert "Enter the client’s name" in read(edited).text
    assert "Enter the other person’s name" in read(beside).text
    assert list(alice.clients.values_list("name", flat=True)) == ["Ann Ashby"]


def test_a_row_with_nothing_to_see_is_nobody(as_alice, alice):
    answer = as_alice.post(ADD, typed({"name": "\u200b", "email": "\u202a"}))

    assert answer.status_code == 303
    assert alice.clients.count() == 1


def test_what_pasting_brings_is_taken_away(as_alice, alice):
    values = {
        "name": "\u200bZoë\u2028\u2067 Zephyr\u202c",
        "preferred_name": "Zo\u00ad",
        "phone": "\u202a+44 7700 900123\u202c",
        "email": "\u200bzoe@mail.example",
    }
    other = {"name": "\ufeffYan Yew", "email": "yan@mail.example\u200b"}

    answer = as_alice.post(ADD, typed(other, kind="couples", **values))

    assert answer.status_code == 303
    kept = alice.clients.in_name_order().values_list("name", "preferred_name", "phone", "email")
    assert list(kept) == [
        ("Yan Yew", "", "", "yan@mail.example"),
        ("Zoë Zephyr", "Zo", "+44 7700 900123", "zoe@mail.example"),
    ]


def test_a_pile_of_marks_is_refused(as_alice):
    answer = as_alice.post(ADD, typed(name="Z" + "\u0335" * 100 + "oe Zephyr"))

    assert "Use letters, spaces and punctuation only" in read(answer).text


def test_a_model_refuses_what_no_form_would_let_in(alice):
    from django.core.exceptions import ValidationError

    for name in ("Ann\u200b", "\u3164", "Ann\u2028Ashby"):
        with pytest.raises(ValidationError):
            Client(therapist=alice, name=name, time_zone="Europe/London").full_clean()


def test_the_help_page_looks_past_invisible_marks(as_alice, individual):
    page = read(as_alice.post("/help/cant-spot-a-client/", {"name": "\u200bAnn"}))

    assert "Ann Ashby" in page.text


def test_whoever_is_found_by_a_sign_in_the_help_is_nobody(as_alice, ann):
    start(ann)

    assert "Ann Ashby" not in read(as_alice.post("/help/cant-spot-a-client/", {"name": "??"})).text
