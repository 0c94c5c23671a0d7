"""How pages write e-mail addresses."""

import pytest

from practice.templatetags.components import breakable


@pytest.mark.parametrize(
    ("address", "markup"),
    [
        ("ann@mail.example", "ann@<wbr>mail.<wbr>example"),
        ("a.b@c", "a.<wbr>b@<wbr>c"),
        ('"<b>"@mail.example', "&quot;&lt;b&gt;&quot;@<wbr>mail.<wbr>example"),
        ("", ""),
    ],
)
def test_an_address_breaks_after_its_signs_and_is_never_markup(address, markup):
    assert breakable(address) == markup
