"""vCard 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350) as a sheet with a line for each card.

Only the properties that a client has are read, so a reader of lines is enough.
"""

import quopri
import re
from collections.abc import Iterator
from typing import NamedTuple

from practice.imports.sheets import Row, Sheet, checked

COLUMNS = (
    *("Name", "First Name", "Middle Name", "Last Name", "Preferred Name", "E-mail Address"),
    *("E-mail 2 Address", "Mobile Phone", "Home Phone", "Birthday", "Spouse", "Notes", "Labels"),
    *("Contact ID", "Time Zone"),
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SPOUSE = re.compile(r"spouse|partner|husband|wife|anniversary", re.IGNORECASE)


class Property(NamedTuple):
    """A line of a card: `item1.TEL;TYPE=cell:07700 900101`, all but its value in capitals."""

    name: str
    parameters: str
    value: str
    group: str = ""  # those of one group belong together: what it is, and what that is called


def read_vcards(text: str, name: str) -> Sheet:
    """Return the cards of a text."""
    sheet = Sheet(name, [], is_contacts=True)
    rows = [Row(0, COLUMNS), *checked(name, _cards(text), sheet.unreadable)]
    sheet.rows = rows
    return sheet


def _cards(text: str) -> Iterator[Row]:
    begins, card = 0, list[Property]()
    for line, found in _properties(text):
        if found.name == "BEGIN":
            begins, card = line, []
        elif found.name == "END" and begins:
            yield Row(begins, _cells(card))
            begins = 0
        else:
            card.append(found)
    if begins and card:
        yield Row(begins, _cells(card))


def _cells(card: list[Property]) -> tuple[str, ...]:
    def all_of(*names: str) -> list[str]:
        return [_plain(p.value) for p in card if p.name in names and p.value]

    name = next((p.value for p in card if p.name == "N"), "")
    last, first, middle, *_ = [*map(_plain, re.split(r"(?<!\\);", name)), "", "", ""]
    emails, birthday = all_of("EMAIL"), all_of("BDAY")
    phones = [_number(p) for p in sorted(card, key=_rank) if p.name == "TEL"]
    labels = {p.group: p.value for p in card if p.group and p.name == "X-ABLABEL"}
    spouses = [_plain(p.value) for p in card if _is_spouse(p, labels.get(p.group, ""))]
    cells = {
        "Name": next(iter(all_of("FN")), ""),
        "First Name": first,
        "Middle Name": middle,
        "Last Name": last,
        "Preferred Name": next(iter(all_of("NICKNAME")), ""),
        "E-mail Address": next(iter(emails), ""),
        "E-mail 2 Address": next(iter(emails[1:]), ""),
        "Mobile Phone": next(iter(phones), ""),
        "Home Phone": next(iter(phones[1:]), ""),
        "Birthday": next(iter(birthday), ""),
        "Spouse": next(iter(spouses), ""),
        "Notes": "\n".join(all_of("NOTE")),
        "Labels": " ::: ".join(all_of("CATEGORIES")),
        "Contact ID": next(iter(all_of("UID")), ""),
        "Time Zone": next(iter(all_of("TZ")), ""),
    }
    return tuple(cells[column].strip() for column in COLUMNS)


def _rank(found: Property) -> int:
    """Return where a phone stands: mobiles first, faxes last."""
    return 0 if "CELL" in found.parameters else 2 if "FAX" in found.parameters else 1


def _number(found: Property) -> str:
    return re.sub("^tel:", "", _plain(found.value), flags=re.IGNORECASE)


def _is_spouse(found: Property, label: str) -> bool:
    if found.name == "X-ABRELATEDNAMES":  # Apple's
        return bool(_SPOUSE.search(label) or _SPOUSE.search(found.parameters))
    if found.name == "RELATED":
        is_name = not re.match(r"(urn|https?|mailto):", found.value, re.IGNORECASE)
        return is_name and bool(_SPOUSE.search(found.parameters))
    return found.name in ("X-SPOUSE", "X-EVOLUTION-SPOUSE", "X-KADDRESSBOOK-X-SPOUSESNAME")


def _properties(text: str) -> Iterator[tuple[int, Property]]:
    """Yield the properties, unfolded, each with the number of the line where it begins."""
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    at = 0
    while at < len(lines):
        begins, whole = at, [lines[at]]
        head = lines[at].partition(":")[0].upper()
        is_quoted = "QUOTED-PRINTABLE" in head
        at += 1
        while at < len(lines) and (
            lines[at][:1] in (" ", "\t") or (is_quoted and whole[-1].endswith("="))
        ):
            soft = is_quoted and whole[-1].endswith("=")
            whole.append(lines[at] if soft else lines[at][1:])
            at += 1
        joined = ("\n" if is_quoted else "").join(whole)
        names, colon, value = _divided(joined)
        if colon:
            if is_quoted:
                value = _unquoted(value, names.upper())
            label, _, parameters = names.upper().partition(";")
            group, _, label = label.rpartition(".")
            yield begins + 1, Property(label.strip(), parameters, value, group.strip())


def _divided(line: str) -> tuple[str, str, str]:
    """Part a line at its first colon outside of quotation marks."""
    found = re.match(r'((?:[^":]|"[^"]*")*)(:)(.*)', line, re.DOTALL)
    return (found[1], found[2], found[3]) if found else (line, "", "")


def _unquoted(value: str, parameters: str) -> str:
    raw = quopri.decodestring(value.encode("utf-8", "replace"))
    charset = re.search(r"CHARSET=([\w-]+)", parameters)
    for guess in (charset[1] if charset else "utf-8", "utf-8", "cp1252"):
        try:
            return raw.decode(guess)
        except (LookupError, UnicodeDecodeError):
            continue
    return raw.decode("utf-8", "replace")


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()
