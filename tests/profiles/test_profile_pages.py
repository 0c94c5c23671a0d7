"""The public profile, the list of therapists, and the owner's view of both."""

from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from practice.accounts.models import Contact
from practice.profiles.models import Profile
from tests.diary import works
from tests.factories import ClientFactory, TherapistFactory, start
from tests.profiles import DAY, NOW, practice_of, session
from tests.reading import read

SENTENCE = (
    "Ending a relationship does not have any effect on your profile stats, "
    "retention rate or profile badges."
)


@pytest.fixture
def public(alice):
    return Profile.objects.create(
        therapist=alice,
        is_published=True,
        headline="Integrative counsellor",
        about="First.\n\nSecond <b>&amp;</b>.",
        specialities="Anxiety, Bereavement",
        languages="English, Français",
        fee_individual=70,
        fee_group=0,
    )


@pytest.fixture
def practice(alice):
    """Twelve clients: eleven count, nine returned."""
    relationships = practice_of(alice, *[2] * 9, 1, 1)
    new = start(ClientFactory(therapist=alice, name="Newt New"))
    session(new, NOW - 5 * DAY, booked_at=NOW - 13 * DAY)
    return [*relationships, new]


# The public page.


def test_the_public_page_says_what_the_therapist_wrote(client, public):
    page = read(client.get("/therapists/alice/"))

    assert page.title == "Alice Archer – Stillwater"
    assert page.heads == ["Alice Archer", "Profile stats", "Next free times"]
    assert "Integrative counsellor" in page.text
    assert "Second <b>&amp;</b>." in page.text
    assert "Works with Anxiety, Bereavement" in page.text
    assert "Fees Individual £70, Group £0" in page.text


def test_the_public_page_shows_the_figures_as_people_say_them(client, public, practice):
    text = read(client.get("/therapists/alice/")).text

    assert "21 sessions with 12 clients" in text
    assert "Practising here since August 2025" in text
    assert "8 out of 10 clients return for a second session" in text
    assert "%" not in text
    assert "Profile badges Smooth Schedule Has not moved or cancelled a session" in text


def test_below_five_clients_the_rate_is_announced_not_shown(client, public, alice):
    practice_of(alice, 2, 2, 2, 2)

    text = read(client.get("/therapists/alice/")).text

    assert "Returning clients: shown after 5 clients" in text
    assert "out of 10" not in text


def test_a_therapist_without_badges_has_no_section_of_badges(client, public):
    page = read(client.get("/therapists/alice/"))

    assert "Profile badges" not in page.text
    assert "profile-badges" not in page.source
    assert "0 sessions with 0 clients" in page.text


def test_nobody_reads_of_clients_or_of_who_counts_on_the_public_page(
    client, as_bob, public, practice
):
    for browser in (client, as_bob):
        page = read(browser.get("/therapists/alice/"))

        assert "Newt" not in page.source
        assert "/profile/figures/" not in page.source
        assert SENTENCE not in page.text


def test_a_profile_that_is_not_published_is_there_for_its_owner_alone(
    client, as_alice, as_bob, as_ann, public
):
    public.is_published = False
    public.save()

    for browser in (client, as_bob, as_ann):
        assert browser.get("/therapists/alice/").status_code == 404
        assert "Alice" not in read(browser.get("/therapists/")).text
    own = read(as_alice.get("/therapists/alice/"))
    assert "Your profile is not public yet." in own.text
    assert SENTENCE in own.text


def test_a_therapist_without_a_profile_and_one_who_does_not_exist_answer_alike(client, alice):
    answers = [client.get(f"/therapists/{slug}/") for slug in ("alice", "nobody")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_the_profile_costs_the_same_however_large_the_practice_is(
    client, public, alice, django_assert_num_queries
):
    client.get("/therapists/alice/")  # has the night's work done
    practice_of(alice, 1)
    with django_assert_num_queries(6):
        client.get("/therapists/alice/")
    practice_of(alice, 4, 3, 2, ago=50)

    with django_assert_num_queries(6):
        client.get("/therapists/alice/")


# The owner's view.


@pytest.mark.parametrize("address", ["/profile/", "/therapists/alice/", "/profile/figures/"])
def test_the_owner_reads_that_endings_have_no_effect(as_alice, public, address):
    page = read(as_alice.get(address))

    assert SENTENCE in page.text
    assert "/help/finishing-work-with-a-client/" in page.addresses


def test_the_sentence_stands_above_the_figures(as_alice, public):
    text = read(as_alice.get("/therapists/alice/")).text

    assert text.index(SENTENCE) < text.index("Profile stats")


def test_the_figures_open_into_who_counts_and_why(as_alice, alice, ann, ben, individual):
    session(individual, NOW - 40 * DAY)
    session(start(ann, ben), NOW - 39 * DAY)
    free, missed, new = (
        start(ClientFactory(therapist=alice, name=name)) for name in ("Fay Free", "Mo", "Newt New")
    )
    session(free, NOW - 38 * DAY, complimentary=True)
    session(missed, NOW - 37 * DAY, "missed")
    session(new, NOW - 2 * DAY, booked_at=NOW - 13 * DAY)
    start(ClientFactory(therapist=alice, name="Never Came"))

    page = read(as_alice.get("/profile/figures/"))

    rows = [page.cells[n : n + 4] for n in range(4, len(page.cells), 4)]
    assert rows == [
        ["Ann Ashby", "2", "Yes, returned", "Returned for a second session"],
        ["Ben Bright", "1", "Yes", "Attended one session"],
        ["Fay Free", "1", "No", "The only session attended was complimentary"],
        ["Mo", "0", "No", "No session attended yet"],
        ["Newt New", "1", "No", "First booked less than 14 days ago"],
    ]
    assert "2 clients count, 1 of them returned." in page.text
    assert "Only you can see this page" in page.text
    assert f"/clients/{ann.public_id}/" in page.addresses


def test_the_figures_of_nobody_are_an_empty_page(as_alice):
    page = read(as_alice.get("/profile/figures/"))

    assert "Sessions attended" not in page.text  # the head of a table

    assert "0 clients count, 0 of them returned." in page.text


def test_nobody_else_opens_my_figures(as_bob, as_ann, client, practice):
    assert "Newt" not in read(as_bob.get("/profile/figures/")).source
    assert as_ann.get("/profile/figures/").status_code == 403
    assert client.get("/profile/figures/").status_code == 302


def test_my_figures_are_kept_out_of_caches(as_alice, practice):
    assert "no-store" in as_alice.get("/profile/figures/")["Cache-Control"]


def test_the_explanation_adds_up_to_the_figures(as_alice, practice):
    page = read(as_alice.get("/profile/figures/"))

    counts = page.cells[6::4]
    assert (counts.count("Yes, returned"), counts.count("Yes"), counts.count("No")) == (9, 2, 1)
    assert sum(map(int, page.cells[5::4])) == 21


def test_the_figures_open_page_by_page_in_name_order(as_alice, alice):
    practice_of(alice, *[1] * 26)
    names = sorted(client.name for client in alice.clients.all())

    first = read(as_alice.get("/profile/figures/"))
    second = read(as_alice.get("/profile/figures/?page=2"))

    assert first.cells[4::4] == names[:25]
    assert second.cells[4::4] == names[25:]
    assert "26 clients count, 0 of them returned." in second.text
    assert "Page 1 of 2 Next" in first.text
    assert "Previous Page 2 of 2" in second.text
    assert read(as_alice.get("/profile/figures/?page=99")).cells == second.cells


def test_the_page_of_figures_costs_the_same_however_many_clients_there_are(
    as_alice, alice, django_assert_num_queries
):
    as_alice.get("/profile/figures/")  # has the night's work done
    practice_of(alice, 1)
    with CaptureQueriesContext(connection) as few:
        as_alice.get("/profile/figures/")
    for n in range(10):
        practice_of(alice, 2, 1, 2, ago=90 - 5 * n)

    with django_assert_num_queries(len(few)):
        as_alice.get("/profile/figures/")


# Writing it.

TYPED = {
    "headline": "Counsellor",
    "about": "About me.",
    "specialities": "",
    "languages": "",
    "fee_individual": "",
    "fee_couples": "",
    "fee_family": "",
    "fee_group": "",
}


def test_a_new_profile_is_private_until_it_is_published(as_alice, client, alice):
    assert "Your profile is not public yet" in read(as_alice.get("/profile/")).text
    assert not Profile.objects.exists()

    as_alice.post("/profile/", TYPED)
    assert client.get("/therapists/alice/").status_code == 404

    answer = as_alice.post("/profile/", TYPED | {"is_published": "on"}, follow=True)
    assert "Profile saved" in read(answer).text
    assert "Everybody can see it" in read(answer).text
    assert client.get("/therapists/alice/").status_code == 200


def test_a_form_that_was_refused_says_what_is_so_and_not_what_was_typed(as_alice, public):
    answer = as_alice.post("/profile/", TYPED | {"fee_individual": "a lot"})

    assert answer.status_code == 422
    assert "Everybody can see it" in read(answer).text  # though the tick was taken away


def test_i_cannot_write_anybody_elses_profile(as_bob, public):
    as_bob.post("/profile/", TYPED | {"therapist": str(public.therapist_id), "headline": "Mine"})

    public.refresh_from_db()
    assert public.headline == "Integrative counsellor"
    assert Profile.objects.get(therapist__slug="bob").headline == "Mine"


@pytest.mark.parametrize("fee", ["-1", "1.5", "lots", "40000", "99999999999"])
def test_a_fee_is_a_whole_number_of_pounds(as_alice, fee):
    answer = as_alice.post("/profile/", TYPED | {"fee_couples": fee})

    assert answer.status_code == 422
    assert "#id_fee_couples" in read(answer).addresses
    assert read(answer).value_of("fee_couples") == fee
    assert not Profile.objects.exists()


@pytest.mark.parametrize("field", ["headline", "about", "specialities", "languages"])
def test_characters_no_keyboard_types_are_refused(as_alice, field):
    answer = as_alice.post("/profile/", TYPED | {field: "abc\x07def"})

    assert answer.status_code == 422
    assert not Profile.objects.exists()


@pytest.mark.parametrize("field", ["headline", "about", "specialities", "languages"])
def test_what_pasting_brings_is_taken_away(as_alice, field):
    as_alice.post("/profile/", TYPED | {field: "\u200babc\u202edef\u202c"})

    assert getattr(Profile.objects.get(), field) == "abcdef"


@pytest.mark.parametrize(("length", "status"), [(4000, 303), (4001, 422)])
def test_a_line_break_counts_as_one_character_as_in_the_browser(as_alice, length, status):
    about = "1234567\r\n" * 499 + "x" * (length - 8 * 499)

    answer = as_alice.post("/profile/", TYPED | {"about": about})

    assert answer.status_code == status


def test_what_a_therapist_writes_is_never_markup(as_alice, client):
    for field in ("headline", "about", "specialities", "languages"):
        typed = TYPED | {field: "<script>x</script>", "is_published": "on"}
        assert as_alice.post("/profile/", typed).status_code == 303

        for address in ("/therapists/alice/", "/therapists/"):
            assert "<script>x" not in client.get(address).content.decode()


# The list of therapists.


def listed(browser, query: str = "") -> list[str]:
    page = read(browser.get(f"/therapists/{query}"))
    return [text for address, text in page.links if len(address) > len("/therapists/")]


@pytest.fixture
def therapists(db):
    for name, speciality in [
        ("Zoë Brontë", "Anxiety"),
        ("adam Smith-Jones", "Trauma, Grief"),
        ("Élodie Ørsted", "Ältere Menschen"),
        ("Eve O’Neil", "Couples"),
        ("Hidden Person", "Anxiety"),
    ]:
        Profile.objects.create(
            therapist=TherapistFactory(name=name),
            specialities=speciality,
            headline="Headline",
            is_published=name != "Hidden Person",
        )


def test_the_list_is_in_the_order_people_expect(client, therapists):
    assert listed(client) == ["adam Smith-Jones", "Élodie Ørsted", "Eve O’Neil", "Zoë Brontë"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("zoe", ["Zoë Brontë"]),
        ("BRONTE", ["Zoë Brontë"]),
        ("orsted", ["Élodie Ørsted"]),
        ("élodie", ["Élodie Ørsted"]),
        ("oneil", ["Eve O’Neil"]),
        ("o'neil", ["Eve O’Neil"]),
        ("jones", ["adam Smith-Jones"]),
        ("grief adam", ["adam Smith-Jones"]),
        ("altere", ["Élodie Ørsted"]),
        ("anx", ["Zoë Brontë"]),
        ("hidden", []),
        ("oe", []),
        ("%", []),
        ("_", []),
        ("\0", None),
    ],
)
def test_search_finds_the_start_of_every_word_whatever_its_accents(
    client, therapists, typed, found
):
    everybody = ["adam Smith-Jones", "Eve O’Neil", "Zoë Brontë", "Élodie Ørsted"]

    shown = listed(client, f"?q={quote(typed)}")

    assert sorted(shown) == sorted(everybody if found is None else found)


def test_a_search_without_a_match_says_so_and_shows_a_way_out(client, therapists):
    page = read(client.get("/therapists/?q=%3Cb%3Enobody"))

    assert "No therapist found Nobody matches “<b>nobody”. Clear search" in page.text
    assert "<b>nobody" not in page.source
    assert "/therapists/" in page.addresses


def test_a_list_without_therapists_says_so(client, db):
    assert "Nobody has published a profile yet." in read(client.get("/therapists/")).text


def test_the_list_costs_one_query_and_carries_no_photos(
    client, therapists, django_assert_num_queries
):
    Profile.objects.update(photo=b"x" * 1000)

    with django_assert_num_queries(1) as captured:
        client.get("/therapists/")

    assert "photo" not in captured[0]["sql"]


def test_the_list_can_be_seen_by_whoever_is_signed_in(as_ann, as_bob, public):
    assert listed(as_ann) == listed(as_bob) == ["Alice Archer"]


def test_a_client_who_is_signed_in_sees_the_public_page_only(as_ann, public):
    page = read(as_ann.get("/therapists/alice/"))

    assert SENTENCE not in page.text
    assert "Edit your profile" not in page.text


# From the public page to a booking.


def times_of(page) -> list[tuple[str, str]]:
    return [(address, text) for address, text in page.links if text.startswith("Monday")]


def test_a_visitor_is_led_to_sign_in_or_to_ask_for_an_invitation(client, public, alice):
    works(alice, "00:00-00:00", days=range(1))

    page = read(client.get("/therapists/alice/"))

    times = times_of(page)
    assert len(times) == 3
    assert {address for address, _ in times} == {"/sign-in/?next=/dashboard/"}
    assert all(text.endswith(", sign in to book") for _, text in times)
    assert "Clients of Alice sign in to book. New here? Ask Alice for an invitation." in page.text


def test_whoever_is_signed_in_is_led_to_their_dashboard_and_therapists_nowhere(
    as_ann, as_bob, as_alice, public, alice
):
    works(alice, "00:00-00:00", days=range(1))

    clients, *therapists = (
        read(browser.get("/therapists/alice/")) for browser in (as_ann, as_bob, as_alice)
    )

    assert {address for address, _ in times_of(clients)} == {"/dashboard/"}
    for page in (clients, *therapists):
        assert "invitation" not in page.text
    for page in therapists:
        assert times_of(page) == []
        assert "Clients of Alice book from their Client Dashboard." in page.text


@pytest.mark.parametrize("address", ["/therapists/", "/therapists/alice/", "/help/"])
def test_pages_that_visitors_read_have_sign_in_in_their_header(client, as_ann, public, address):
    def offers(browser) -> bool:
        links = [a.get("href") for tag, a in read(browser.get(address)).tags if tag == "a"]
        return "/sign-in/" in links

    assert offers(client)
    assert not offers(as_ann)


@pytest.mark.parametrize("is_published", [True, False])
@pytest.mark.parametrize("shows", [True, False])
def test_a_visitor_reads_how_to_reach_a_therapist_who_wants_that(
    client, public, alice, is_published, shows
):
    Contact.objects.create(therapist=alice, email="hello@alice.example", phone="020 7946 0001")
    Profile.objects.update(is_published=is_published, shows_contact=shows)

    source = read(client.get("/therapists/alice/")).source

    wanted = is_published and shows
    assert ("mailto:hello@alice.example" in source) is wanted
    assert ("020 7946 0001" in source) is wanted


def test_a_therapist_without_contact_has_a_page_all_the_same(client, public):
    Profile.objects.update(shows_contact=True)

    assert client.get("/therapists/alice/").status_code == 200


def test_a_therapist_says_whether_visitors_read_how_to_reach_them(as_alice, public):
    assert "Show visitors how to reach me" in read(as_alice.get("/profile/")).text

    as_alice.post("/profile/", TYPED | {"is_published": "on", "shows_contact": "on"})

    public.refresh_from_db()
    assert public.shows_contact
