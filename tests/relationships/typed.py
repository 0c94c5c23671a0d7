"""The form of a new client, filled in."""

from clients.models import Client

ADD = "/clients/add/"


def typed(*others: dict, **changed: object) -> dict[str, object]:
    """Return what a browser sends: a person, a kind, and a row for each other person."""
    sent = {
        "name": "Zoë Zephyr",
        "preferred_name": "",
        "email": "",
        "phone": "",
        "time_zone": "Europe/London",
        "kind": "individual",
        "others-TOTAL_FORMS": str(max(1, len(others))),
        "others-INITIAL_FORMS": "0",
        "others-MIN_NUM_FORMS": "0",
        "others-MAX_NUM_FORMS": "19",
    }
    for index, other in enumerate(others):
        sent |= {f"others-{index}-{part}": value for part, value in other.items()}
    return sent | changed


def add_to(client: Client) -> str:
    return f"/clients/{client.public_id}/relationships/add/"
