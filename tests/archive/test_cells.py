"""Whatever was typed comes back from a table as it was."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from practice.archive.cells import FORMULAS, cell, text_of

TEXTS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=40)
STARTS = st.sampled_from(["", *FORMULAS, "'", "''"])


@given(st.tuples(STARTS, TEXTS).map("".join))
def test_a_cell_begins_no_formula_and_comes_back(text):
    out = io.StringIO()
    csv.writer(out).writerow([cell(text), ""])

    (back, _), *more = csv.reader(io.StringIO(out.getvalue(), newline=""))

    assert text_of(back) == text
    assert not back.startswith(FORMULAS)
    assert more == []
