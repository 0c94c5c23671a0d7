"""Who else takes part is found among one's clients, by a part of their name."""

import pytest

from clients.models import Client
from relationships.models import Relationship
from tests.factories import ClientFactory, start
from tests.reading import Page, read

pytestmark = pytest.mark.database


@pytest.fixture
def ask(as_alice, ann):
    """Send the form that adds a relationship with Ann."""

    def ask(*others: dict, **fields: str):
        sent = {"kind": "couples", "others-TOTAL_FORMS": str(len(others) or 1)}
        sent |= {"others-INITIAL_FORMS": "0", "key": "0f8fad5b-d9cb-469f-a165-70867728950e"}
        for number, other in enumerate(others):
            sent |= {f"others-{number}-{name}": value for name, value in other.items()}
        return as_alice.post(f"/clients/{ann.public_id}/relationships/add/", sent | fields)

    return ask


def offered(page: Page, number: int = 0) -> list[str]:
    radios = [a for tag, a in page.tags if a.get("name") == f"others-{number}-who"]
    return [a["value"] for a in radios]


def chosen(page: Page) -> list[str]:
    radios = [a for tag, a in page.tags if a.get("name") == "others-0-who"]
    return [a["value"] for a in radios if "checked" in a]


def test_a_couple_of_two_existing_clients_takes_a_part_of_a_name_and_two_presses(ask, ann, ben):
    answer = ask({"name": "bri"}, do="find")

    page = read(answer)
    assert answer.status_code == 200
    assert offered(page) == [ben.public_id, "new"]
    assert chosen(page) == [ben.public_id]  # there is one
    assert page.value_of("others-TOTAL_FORMS") == "1"
    assert "There is a problem" not in page.heads
    assert Relationship.objects.count() == 0

    answer = ask({"name": "bri", "found": "1", "who": ben.public_id})

    assert answer.status_code == 303
    assert Relationship.objects.get().people == [ann, ben]
    assert Client.objects.count() == 2


def test_of_several_none_is_chosen_and_one_has_to_be(ask, alice, ann, ben):
    other = ClientFactory(therapist=alice, name="Bridget Blue")

    page = read(ask({"name": "bri"}, do="find"))
    assert offered(page) == [ben.public_id, other.public_id, "new"]
    assert chosen(page) == []

    answer = ask({"name": "bri", "found": "1"})
    assert answer.status_code == 422
    assert read(answer).text.count("Choose who you mean") == 2
    assert offered(read(answer)) == [ben.public_id, other.public_id, "new"]


def test_many_are_the_first_twenty_and_the_page_says_so(ask, alice):
    for number in range(21):
        ClientFactory(therapist=alice, name=f"Bruno B{number:02}")

    page = read(ask({"name": "bruno"}, do="find"))

    assert len(offered(page)) == 21
    assert "These are the first 20. Type more of the name to see others." in page.text


def test_nobody_found_is_said_and_the_name_is_that_of_a_new_client(ask, ann):
    page = read(ask({"name": "Yan Yew"}, do="find"))
    assert offered(page) == []
    assert "Nobody among your clients has this in their name." in page.text

    assert ask({"name": "Yan Yew"}).status_code == 303
    assert Client.objects.filter(name="Yan Yew").exists()


def test_looking_for_one_keeps_the_others_and_what_was_typed(ask, ben):
    page = read(ask({"name": "bri", "email": "x"}, {"name": ""}, do="find", kind="family"))

    assert page.value_of("others-0-name") == "bri"
    assert page.value_of("others-0-email") == "x"
    assert page.value_of("others-TOTAL_FORMS") == "2"
    assert offered(page, 1) == []

    page = read(ask({"name": "bri", "found": "1", "who": ben.public_id}, do="add"))
    assert chosen(page) == [ben.public_id]


def test_a_row_that_was_emptied_is_nobody(ask, ann):
    assert ask({"name": "", "found": "1"}, kind="individual").status_code == 303
    assert Relationship.objects.get().people == [ann]


def test_a_colleagues_client_is_never_found(ask, carl):
    start(carl)

    assert offered(read(ask({"name": "carl"}, do="find"))) == []
    assert ask({"name": "carl", "found": "1", "who": carl.public_id}).status_code == 422


@pytest.mark.parametrize("name", ["", "\0", "%", "' OR 1=1", "a" * 300, "…"])
def test_nothing_that_can_be_looked_for_breaks_the_page(ask, ben, name):
    assert ask({"name": name}, do="find").status_code == 200
