"""What is sent: the forms of a page as they stand, and everything that no form asks for."""

from django.apps import apps
from django.http import HttpResponse

from tests.access.world import World
from tests.reading import Reader

TYPED = {
    "reason": "completed",
    "note": "a note",
    "name": "Fnqa",
    "kind": "individual",
    "time_zone": "Europe/London",
    "others-TOTAL_FORMS": "1",
    "others-INITIAL_FORMS": "0",
    "attended": "yes",
    "date": "2030-05-06",
    "time": "10:00",
}


def everything(world: World) -> dict[str, object]:
    """Return a value for each field of each model of ours, pointing at Bob and at Carl.

    What a form does not offer must not be taken from what is sent (mass assignment).
    """
    keys = {
        "accounts.Therapist": world.bob.pk,
        "accounts.User": world.bob.user_id,
        "clients.Client": world.people["carl"].pk,
        "relationships.Relationship": world.relationships["carl"].pk,
    }
    sent: dict[str, object] = {"is_staff": "1", "is_superuser": "1", "pk": "1", "id": "1"}
    for model in apps.get_models():
        if model._meta.app_label in ("accounts", "clients", "relationships", "diary", "booking"):
            for field in model._meta.concrete_fields:
                target = field.related_model and keys.get(field.related_model._meta.label)
                value = target or ("ended" if field.name == "status" else "1")
                sent |= {field.name: value, field.attname: value}
    return sent | {"slug": "bob", "email": world.typed_email} | TYPED


class _Forms(Reader):
    def __init__(self) -> None:
        self.found: list[tuple[str, dict[str, str]]] = []
        self._fields: dict[str, str] | None = None
        self._select = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name, value = attributes.get("name"), attributes.get("value") or ""
        if tag == "form":
            self._fields = {}
            if (attributes.get("method") or "").lower() == "post":
                self.found.append((attributes.get("action") or "", self._fields))
        if self._fields is None:
            return
        if tag == "select":
            self._select = name or ""
        elif tag == "option" and self._select and value:
            self._fields.setdefault(self._select, value)
        elif tag in ("input", "textarea", "button") and name:
            is_choice = attributes.get("type") in ("radio", "checkbox")
            if attributes.get("type") == "text" and not value:
                value = "Typed"
            if not is_choice or "checked" in attributes or name not in self._fields:
                self._fields[name] = value

    def end(self, tag: str) -> None:
        if tag == "form":
            self._fields = None
        elif tag == "select":
            self._select = ""


def of(answer: HttpResponse) -> list[tuple[str, dict[str, str]]]:
    """Return (address, fields) of each form of a page that is sent by POST, filled in."""
    if "html" not in answer.headers.get("Content-Type", ""):
        return []
    parser = _Forms()
    parser.read(answer.content.decode())
    return parser.found
