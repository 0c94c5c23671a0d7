"""The Clients list: who is in it, in which order, and what it says of those who are not."""

from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.models import Client
from practice.accounts.models import Therapist
from tests.clients import ENDED_AT, IN_2024, active, inactive, names_on
from tests.factories import ClientFactory, start
from tests.reading import Page, read

pytestmark = pytest.mark.database


@pytest.fixture
def look(as_alice):
    """Open the Clients list with these parameters."""

    def look(**query: str) -> Page:
        return read(as_alice.get("/clients/", query))

    return look


@pytest.fixture
def hear(as_alice):
    """Return what is announced when htmx asks for the list."""

    def hear(**query: str) -> str:
        answer = as_alice.get("/clients/", query, headers={"HX-Request": "true"})
        return read(answer).ids["live"]

    return hear


# Who is in it.


def test_active_clients_are_listed_and_inactive_ones_are_not(look, alice):
    active(alice, "Amara Bello", "Tomasz Wójcik")
    inactive(alice, "Beatrice Nnamdi")

    assert names_on(look()) == ["Amara Bello", "Tomasz Wójcik"]


def test_ticking_the_box_adds_inactive_clients_among_the_others(look, alice):
    active(alice, "Amara Bello", "Tomasz Wójcik")
    inactive(alice, "Beatrice Nnamdi")

    page = look(include="inactive")

    assert names_on(page) == ["Amara Bello", "Beatrice Nnamdi", "Tomasz Wójcik"]
    assert page.title == "Clients, including inactive – Stillwater"
    assert "Beatrice Nnamdi Inactive" in page.text
    assert "Amara Bello Inactive" not in page.text


@pytest.mark.parametrize("value", ["", "1", "true", "Inactive", "all"])
def test_only_the_exact_word_includes_inactive_clients(look, alice, value):
    inactive(alice, "Beatrice Nnamdi")

    assert names_on(look(include=value)) == []


def test_the_tickbox_shows_the_state_of_the_list(look, alice):
    def box(page: Page) -> dict:
        return next(a for tag, a in page.tags if a.get("id") == "id_include")

    active(alice, "Amara Bello")

    assert "checked" not in box(look())
    assert "checked" in box(look(include="inactive"))
    assert box(look())["value"] == "inactive"
    assert "Include inactive clients" in look().text


def test_nobody_elses_clients_are_listed(look, alice, bob):
    active(alice, "Amara Bello")
    active(bob, "Anja Vogel")
    inactive(bob, "Lea Schäfer")

    assert names_on(look(include="inactive")) == ["Amara Bello"]
    assert names_on(look(include="inactive", q="a")) == ["Amara Bello"]
    assert "0 clients match" in look(q="Anja").text


def test_a_person_has_one_row_however_many_relationships(look, alice, ann, ben):
    start(ann)
    start(ann, ben)
    start(ann, ben, kind="family").end(by=alice.user, reason="completed")

    assert names_on(look()) == ["Ann Ashby", "Ben Bright"]
    assert look().ids["count"] == "2 active clients"


def test_a_row_names_the_relationships_and_the_others_in_them(look, alice, ann, ben):
    own, shared = start(ann), start(ann, ben)

    page = look()

    assert (f"/relationships/{own.public_id}/", "Individual") in page.links
    assert (f"/relationships/{shared.public_id}/", "Couples with Ben Bright") in page.links
    assert (f"/relationships/{shared.public_id}/", "Couples with Ann Ashby") in page.links


@pytest.mark.parametrize(
    ("others", "label"),
    [
        (["Bo Ek"], "Group with Bo Ek"),
        (["Bo Ek", "Cy Fox"], "Group with Bo and Cy"),
        (["Bo Ek", "Cy Fox", "Di Gee"], "Group with Bo, Cy and Di"),
        (["Bo Ek", "Cy Fox", "Di Gee", "Ed Hall"], "Group with 4 others"),
    ],
)
def test_a_row_names_up_to_three_others(look, alice, ann, others, label):
    people = [ClientFactory(therapist=alice, name=name) for name in others]
    start(ann, *people, kind="group")

    assert label in [text for _, text in look(q="Ashby").links]


def test_an_ended_relationship_of_an_active_client_is_said_in_a_word(look, alice, ann, ben):
    start(ann)
    start(ann, ben, at=IN_2024).end(by=alice.user, reason="completed", at=ENDED_AT)

    assert "Individual Couples with Ben Bright ended" in look().text
    assert "2 July 2025" not in look().text


def test_an_inactive_client_shows_when_it_ended(look, alice):
    inactive(alice, "Beatrice Nnamdi")

    assert "Individual ended 2 July 2025" in look(include="inactive").text


def test_no_reason_and_no_note_is_in_the_list(as_alice, alice, ann):
    start(ann).end(by=alice.user, reason="lost_contact", note="canary-note")

    source = as_alice.get("/clients/", {"include": "inactive"}).content.decode()

    assert "canary-note" not in source
    assert "Lost contact" not in source


# Order.


def test_the_list_runs_from_a_to_z_whatever_case_and_accents(look, alice):
    wanted = [
        "aaron Ali",
        "Ágnes Bó",
        "Anna Zell",
        "Łukasz Dąbrowski",
        "Nora Šimková",
        "Óscar Paz",
        "Søren Kjær",
        "Sören Lund",
        "zoe adams",
        "Zoë Hartmann",
        "Олена Коваль",
        "李美玲",
    ]
    active(alice, *reversed(wanted))

    assert names_on(look()) == wanted


def test_people_of_one_name_keep_their_order(look, alice):
    first, second = active(alice, "Ann Ashby", "ANN ASHBY")

    addresses = [a for a in look().addresses if a.startswith("/clients/") and len(a) == 20]

    assert addresses == [f"/clients/{first.public_id}/", f"/clients/{second.public_id}/"]


# Search.


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("zoe", ["Zoë Hartmann"]),
        ("ZOË", ["Zoë Hartmann"]),
        ("hart", ["Zoë Hartmann"]),
        ("whit", ["Jonah Whitfield"]),
        ("Whitfield jonah", ["Jonah Whitfield"]),
        ("jo whi", ["Jonah Whitfield"]),
        ("  jonah   whit ", ["Jonah Whitfield"]),
        ("field", []),
        ("onah", []),
        ("lukasz", ["Łukasz Dąbrowski"]),
        ("dabr", ["Łukasz Dąbrowski"]),
        ("Łuk", ["Łukasz Dąbrowski"]),
        ("o'sullivan", ["Niamh O’Sullivan"]),
        ("o’sullivan", ["Niamh O’Sullivan"]),
        ("osullivan", ["Niamh O’Sullivan"]),
        ("sullivan", ["Niamh O’Sullivan"]),
        ("sull", ["Niamh O’Sullivan"]),
        ("mbeki", ["Grace Mbeki-Jones"]),
        ("jones", ["Grace Mbeki-Jones"]),
        ("mbeki-jones", ["Grace Mbeki-Jones"]),
        ("mbeki jones", ["Grace Mbeki-Jones"]),
        ("gross", ["Anneliese Groß"]),
        ("groß", ["Anneliese Groß"]),
        ("soren", ["Søren Kjær"]),
        ("kjaer", ["Søren Kjær"]),
        ("李", ["李美玲"]),
        ("李美玲", ["李美玲"]),
        ("олена", ["Олена Коваль"]),
        ("КОВ", ["Олена Коваль"]),
        ("st john", ["Imogen St John"]),
        ("bee", ["Beatrice Nnamdi"]),
        ("j%h", []),
        ("'; drop table clients_client; --", []),
    ],
)
def test_a_search_finds_the_start_of_any_word_of_a_name(look, alice, typed, found):
    active(
        alice,
        "Anneliese Groß",
        "Grace Mbeki-Jones",
        "Imogen St John",
        "Jonah Whitfield",
        "Łukasz Dąbrowski",
        "Niamh O’Sullivan",
        "Søren Kjær",
        "Zoë Hartmann",
        "Олена Коваль",
        "李美玲",
    )
    start(ClientFactory(therapist=alice, name="Beatrice Nnamdi", preferred_name="Bee"))

    assert names_on(look(q=typed)) == found


def test_a_search_keeps_what_was_typed(look, alice):
    active(alice, "Zoë Hartmann")

    page = look(q='zo"><b>')

    boxes = [a for tag, a in page.tags if a.get("id") == "id_q"]
    assert [box["value"] for box in boxes] == ['zo"><b>']
    assert "<b>" not in page.source


def test_a_search_looks_at_every_page(look, alice):
    active(alice, *(f"Aaron A{n:02}" for n in range(30)), "Zoë Hartmann")

    assert names_on(look(q="zoe")) == ["Zoë Hartmann"]


def test_a_search_finds_a_renamed_client_by_the_new_name(look, as_alice, alice):
    person, *_ = active(alice, "Ann Ashby")
    as_alice.post(
        f"/clients/{person.public_id}/edit/",
        {"name": "Ann Zell", "preferred_name": "Nan", "time_zone": "Europe/London"},
    )

    assert names_on(look(q="zell")) == ["Ann Zell"]
    assert names_on(look(q="nan")) == ["Ann Zell"]
    assert names_on(look(q="ashby")) == []


def test_either_name_of_a_couple_finds_both_people_apart(look, couples):
    assert names_on(look(q="ann")) == ["Ann Ashby"]
    assert names_on(look(q="ben")) == ["Ben Bright"]


def searches(page: Page) -> list[dict]:
    return [a for tag, a in page.tags if tag == "form" and a.get("role") == "search"]


def test_the_list_has_one_search_box(look, alice):
    active(alice, "Amara Bello")

    assert [form["id"] for form in searches(look())] == ["clients-form"]


def test_the_search_in_the_header_finds_inactive_clients_too(look, as_alice, alice):
    inactive(alice, "Jonah Whitfield")
    page = read(as_alice.get("/caseload/"))

    assert [(form["action"], form["method"]) for form in searches(page)] == [("/clients/", "get")]
    assert page.value_of("include") == "inactive"
    assert names_on(look(include="inactive", q="whit")) == ["Jonah Whitfield"]


# What it says of itself.


@pytest.fixture
def eight(alice):
    """Six active clients, two inactive ones."""
    active(alice, "Marta Ash", "Max Berg", "Amara Bello", "Tom Cole", "Zoë Hartmann", "Ida Quist")
    inactive(alice, "Maya Lund", "Jonah Whitfield")


@pytest.mark.parametrize(
    ("query", "seen", "heard"),
    [
        ({}, "6 active clients", "6 active clients"),
        (
            {"include": "inactive"},
            "8 clients: 6 active and 2 inactive",
            "8 clients: 6 active and 2 inactive",
        ),
        ({"q": "ma"}, "2 active clients match “ma”", "2 clients match ma"),
        ({"q": "zo"}, "1 active client matches “zo”", "1 client matches zo"),
        (
            {"q": "ma", "include": "inactive"},
            "3 clients match “ma”: 2 active and 1 inactive",
            "3 clients match ma: 2 active and 1 inactive",
        ),
        (
            {"q": "zo", "include": "inactive"},
            "1 client matches “zo”: 1 active and 0 inactive",
            "1 client matches zo: 1 active and 0 inactive",
        ),
        (
            {"q": "whit"},
            "0 active clients match “whit”",
            "No active client found. 1 inactive client matches whit.",
        ),
        ({"q": "zzz"}, "0 clients match “zzz”", "No client found."),
        ({"q": "zzz", "include": "inactive"}, "0 clients match “zzz”", "No client found."),
    ],
    ids=str,
)
def test_the_count_is_seen_and_heard(look, hear, eight, query, seen, heard):
    assert look(**query).ids["count"] == seen
    assert hear(**query) == heard


def test_a_whole_page_announces_nothing(look, eight):
    assert look(q="ma").ids["live"] == ""


def test_one_client_is_one_client(look, alice):
    active(alice, "Amara Bello")

    assert look().ids["count"] == "1 active client"
    assert "Showing 1 client." in look().text


def test_a_ticked_list_says_when_there_is_nobody_inactive(look, alice):
    active(alice, "Amara Bello")

    assert look(include="inactive").ids["count"] == "1 client. You have no inactive clients."


@pytest.mark.parametrize(
    ("query", "foot"),
    [
        ({}, "Showing all 6 clients. 2 inactive clients are hidden."),
        ({"include": "inactive"}, "Showing all 8 clients."),
        ({"q": "ma"}, "Showing all 2 clients. 1 matching inactive client is hidden."),
        ({"q": "zo"}, "Showing 1 client."),
    ],
    ids=str,
)
def test_the_foot_says_how_many_are_hidden(look, eight, query, foot):
    page = look(**query)

    assert f"{foot} Can’t spot one of your clients?" in page.text
    assert ("/help/cant-spot-a-client/", "Can’t spot one of your clients?") in page.links


# Empty.


def test_brand_new(look):
    page = look()

    assert page.heads[1] == "Set your hours"  # the first of the first steps
    assert ("/clients/add/", "Add a client") in page.links
    assert page.ids["count"] == "0 active clients"


def test_everybody_is_inactive(look, alice):
    inactive(alice, "Maya Lund", "Jonah Whitfield")

    page = look()

    assert page.heads[1:] == ["No active clients"]
    assert "You have 2 inactive clients." in page.text
    assert ("/clients/?include=inactive", "Include inactive clients") in page.links


def test_a_search_that_hides_its_matches_says_so(look, eight):
    page = look(q="whit")

    assert page.heads[1:] == ["No active client found"]
    assert "1 inactive client matches “whit”." in page.text
    assert ("/clients/?include=inactive&q=whit", "Include inactive clients") in page.links
    assert ("/clients/", "Clear search") in page.links
    assert names_on(look(include="inactive", q="whit")) == ["Jonah Whitfield"]


def test_a_search_without_any_match_says_so(look, eight):
    page = look(q="zzz", include="inactive")

    assert page.heads[1:] == ["No client found"]
    assert (
        "No client matches “zzz”, active or inactive. Check the spelling, or try part of the name."
        in page.text
    )
    assert ("/clients/?include=inactive", "Clear search") in page.links


@pytest.mark.parametrize("typed", ["?", "...", "\x00", "'", "\u200b", "—", "_"])
def test_a_search_of_nothing_that_names_hold_does_not_say_that_everybody_matches(
    look, eight, typed
):
    count = look(q=typed).ids["count"]

    assert count == "6 active clients" or count.startswith("0 ")


# Pages.


@pytest.fixture
def many(alice):
    """Two hundred and thirty active clients, A000 to A229."""
    names = (f"Aaron A{n:03}" for n in range(230))
    values = {"therapist": alice, "time_zone": "Europe/London", "active_relationships": 1}
    Client.objects.bulk_create(Client(name=name, **values) for name in names)


@pytest.mark.parametrize(
    ("asked", "first", "number"),
    [
        ("1", "Aaron A000", 100),
        ("2", "Aaron A100", 100),
        ("3", "Aaron A200", 30),
        ("4", "Aaron A200", 30),
        ("99999999999999999999", "Aaron A200", 30),
        ("0", "Aaron A200", 30),
        ("-1", "Aaron A200", 30),
        ("abc", "Aaron A000", 100),
        ("", "Aaron A000", 100),
        ("2.5", "Aaron A000", 100),
        ("\x00", "Aaron A000", 100),
        ("²", "Aaron A000", 100),
    ],
)
def test_a_page_has_100_rows_and_a_page_that_is_none_shows_one_that_is(
    look, many, asked, first, number
):
    names = names_on(look(page=asked))

    assert (names[0], len(names)) == (first, number)


@pytest.mark.parametrize("sort", ["", "next", "last"])
def test_every_client_is_on_exactly_one_page(look, many, sort):
    names = [name for page in "123" for name in names_on(look(page=page, sort=sort))]

    assert names == [f"Aaron A{n:03}" for n in range(230)]


def test_page_links_keep_the_state_of_the_list(look, alice, many):
    inactive(alice, "Zed Zephyr")

    middle = look(page="2", include="inactive", q="aa")

    assert "Page 2 of 3" in middle.text
    assert ("/clients/?include=inactive&q=aa", "Previous") in middle.links
    assert ("/clients/?include=inactive&page=3&q=aa", "Next") in middle.links
    assert "Showing 101 to 200 of 230 clients." in middle.text


def test_the_first_and_the_last_page_have_one_link(look, many):
    def turning(page: Page) -> list[str]:
        return [text for _, text in page.links if text in {"Previous", "Next"}]

    assert turning(look()) == ["Next"]
    assert turning(look(page="3")) == ["Previous"]


@pytest.mark.parametrize(
    "typed", ["\x00", "\ud7ff", "a" * 1500, "🙂", "\r\n", "'\"`", "%%%", "<script>", "\\", "{{7}}"]
)
@pytest.mark.parametrize("include", ["", "inactive"])
def test_nothing_that_can_be_typed_breaks_the_list(as_alice, alice, individual, typed, include):
    answer = as_alice.get(f"/clients/?{urlencode({'q': typed, 'include': include})}")

    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode()


# Addresses.


def asked_for(as_alice, query: dict[str, str], trigger: str):
    """Return what htmx is told of the address, and what that has of the search."""
    headers = {"HX-Request": "true", "HX-Trigger": trigger}
    told = as_alice.get("/clients/", query, headers=headers).headers
    how = "HX-Replace-Url" if trigger == "id_q" else "HX-Push-Url"
    assert ("HX-Replace-Url" in told, "HX-Push-Url" in told) == (
        trigger == "id_q",
        trigger != "id_q",
    )
    address, _, encrypted = told[how].partition("search=")
    return address.rstrip("?&"), encrypted


@pytest.mark.parametrize(
    ("query", "trigger", "told"),
    [
        ({"include": "inactive", "q": ""}, "id_include", "/clients/?include=inactive"),
        ({"q": ""}, "id_include", "/clients/"),
        ({"include": "inactive", "q": "ann"}, "id_include", "/clients/?include=inactive"),
        ({"page": "2", "q": "aa"}, "next-page", "/clients/?page=2"),
        ({"page": "1"}, "previous-page", "/clients/"),
        ({"page": "99", "include": "inactive"}, "x", "/clients/?include=inactive&page=3"),
        ({"page": "abc"}, "x", "/clients/"),
        ({"q": "aa"}, "id_q", "/clients/"),
        ({"q": "aa", "include": "inactive"}, "id_q", "/clients/?include=inactive"),
        ({"q": ""}, "id_q", "/clients/"),
    ],
    ids=str,
)
def test_the_address_tells_the_state_and_never_a_name(as_alice, many, query, trigger, told):
    address, encrypted = asked_for(as_alice, query, trigger)

    assert address == told
    assert bool(encrypted) == bool(query.get("q"))


def test_a_search_that_was_typed_comes_back_with_its_address(as_alice, look, eight):
    _, encrypted = asked_for(as_alice, {"q": "zoë"}, "id_q")

    page = look(search=encrypted)

    assert names_on(page) == ["Zoë Hartmann"]
    assert page.value_of("q") == "zoë"
    page = look(search=encrypted, q="")
    assert page.value_of("q") == ""


def test_an_address_that_comes_back_leads_on_without_a_name(as_alice, look, eight):
    _, encrypted = asked_for(as_alice, {"q": "whit"}, "id_q")

    page = look(search=encrypted)

    address = f"/clients/?include=inactive&search={encrypted}"
    assert (address, "Include inactive clients") in page.links
    assert "q=whit" not in as_alice.get("/clients/", {"search": encrypted}).content.decode()


def test_nobody_else_reads_what_an_address_has_of_a_search(as_alice, as_bob, bob, eight):
    active(bob, "Nobody Whitby", "Somebody Else")
    _, encrypted = asked_for(as_alice, {"q": "whit"}, "id_q")

    page = read(as_bob.get("/clients/", {"search": encrypted}))

    assert names_on(page) == ["Nobody Whitby", "Somebody Else"]
    assert page.value_of("q") == ""


@pytest.mark.parametrize("search", ["", "whit", "gAAAA", "x" * 600, "\x00", "é"])
def test_an_address_with_anything_else_is_that_of_the_list(look, eight, search):
    assert len(names_on(look(search=search))) == len(names_on(look()))


@pytest.mark.parametrize(
    ("query", "leads_to"),
    [
        ({"q": "aa", "include": "inactive"}, ("/clients/?include=inactive&page=2", "Next")),
        ({"q": "quiet"}, ("/clients/?include=inactive", "Include inactive clients")),
        ({"q": "nobody"}, ("/clients/", "Clear search")),
    ],
    ids=str,
)
def test_with_htmx_no_link_has_what_was_searched_for(as_alice, alice, many, query, leads_to):
    """The search box says it; a link that is opened in another tab would put it into history."""
    inactive(alice, "Jonah Quiet")
    headers = {"HX-Request": "true", "HX-Trigger": "id_q"}

    page = read(as_alice.get("/clients/", query, headers=headers))

    assert leads_to in page.links
    assert [address for address, _ in page.links if query["q"] in address] == []


def test_without_htmx_no_address_is_pushed(as_alice):
    told = as_alice.get("/clients/").headers

    assert not {"HX-Push-Url", "HX-Replace-Url"} & {*told}


# Work for the database.


def filled(therapist: Therapist, number: int) -> None:
    """Add so many clients with three relationships each, active, ended and shared."""
    people = active(therapist, *(f"Person P{n:03}" for n in range(number)))
    for person in people:
        start(person, at=IN_2024).end(by=therapist.user, reason="completed", at=ENDED_AT)
        start(person, ClientFactory(therapist=therapist, name=f"Q of {person.name}"))


@pytest.mark.parametrize("query", [{}, {"include": "inactive"}, {"q": "p"}], ids=str)
def test_the_number_of_queries_does_not_grow_with_the_list(as_alice, alice, query):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert as_alice.get("/clients/", query).status_code == 200
        return len(captured)

    numbers, there = [], 0
    for wanted in (1, 3, 30):
        filled(alice, wanted - there)
        there = wanted
        numbers.append(queries())

    assert len(set(numbers)) == 1
    assert numbers[0] <= (9 if "q" in query else 6)  # a search is recorded, by three


def test_what_is_swapped_is_the_list_alone(as_alice, alice):
    filled(alice, 30)
    headers = {"HX-Request": "true", "HX-Target": "results"}

    whole = as_alice.get("/clients/", {"include": "inactive"})
    part = as_alice.get("/clients/", {"include": "inactive"}, headers=headers)

    section = '<section id="results"'
    ours = whole.content.decode().partition(section)[2].partition("</section>")[0]
    assert ours == part.content.decode().partition(section)[2].partition("</section>")[0] != ""
    section = '<section id="results"'
    of_whole, of_part = (answer.content.decode().partition(section)[2] for answer in (whole, part))
    assert of_part.partition("</section>")[0] == of_whole.partition("</section>")[0] != ""
    assert "<html" not in part.content.decode()
    assert "<title>Clients, including inactive – " in part.content.decode()
    assert '<span id="count">60 clients' in part.content.decode()
    assert len(part.content) < len(whole.content) - 4000
