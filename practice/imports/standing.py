"""How people stand with the therapist, as a column says it: present, past or prospective.

A word that nobody knows here makes nobody a present client: it is asked what it means.
"""

import re
from collections import Counter

from practice.imports.asking import PAST, PRESENT, About, Asking
from practice.imports.cells import Cells, folded
from practice.imports.recognising import Table

MOST_WORDS = 12  # of one file that are asked about; the others stand for present clients
MOST_SHOWN = 40  # letters of one
_PAST = re.compile(
    r"\b(in ?active|(not|non|no longer) active|past|former|archived?|discharged?|closed|ended|"
    r"terminated|complete[d]?|finished|graduated|deceased|dead|inaktiv|nicht aktiv|ehemalig\w*|"
    r"archiviert|beendet|abgeschlossen|inacti(f|ve|vo|va)|ancien(ne)?|termine|inattiv[oa]|inactief|"
    r"archivado|archivada)\b"
)
_PROSPECT = re.compile(r"\b(prospect|prospective|lead|waitlist|waiting list|enquiry|inquiry)\b")
_PRESENT = re.compile(
    r"\b(active|current|present|open|ongoing|in (treatment|therapy|progress)|enrolled|registered|"
    r"existing|new|client|patient|aktiv|laufend|acti(f|ve|vo|va)|en cours|attiv[oa]|actief|yes|"
    r"true)\b"
)


def says_past(words: str) -> bool:
    """Whether some words, folded, say that work has ended."""
    return bool(_PAST.search(words))


def standing_of(words: str) -> str:
    """Return how somebody stands of whom a column says this, folded; "" if nobody knows."""
    for standing, pattern in (("prospect", _PROSPECT), ("past", _PAST), ("present", _PRESENT)):
        if pattern.search(words):
            return standing
    return ""


def asked_meanings(table: Table, asking: Asking, known: set[str]) -> dict[str, str]:
    """Return what the words of a column mean that are not known here: each is asked for once.

    `known` are more words, folded, which need not be asked for.
    """
    cells, found, written = Cells(table), Counter[str](), dict[str, str]()
    if table.has_sessions or not table.has("status"):
        return {}
    for row in table.rows:
        cells.row = row
        word = folded(cells("status"))
        if word and word not in known and not standing_of(word):
            found[word] += 1
            written.setdefault(word, cells("status"))
    meanings = {}
    for word, _ in found.most_common(MOST_WORDS):
        shown = " ".join(written[word].split())[:MOST_SHOWN]
        label = table.label_of("status")
        what = f"Are people whose “{label}” is “{shown}” present or past clients?"
        answer = asking.ask(About.FILE, table.file, what, (PRESENT, PAST))
        meanings[word] = "past" if answer == PAST else "present"
    return meanings
