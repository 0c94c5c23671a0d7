"""`{% memoize %}` renders a part once for each value that it names, and knows nothing else."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, RequestContext, Template, engines

from practice.templatetags.components import MOST_RENDERINGS
from tests.reading import read


def template(source: str) -> Template:
    return Template(source, engine=engines["django"].engine)


class Count:
    """Counts how often it is shown."""

    shown = 0

    def __str__(self) -> str:
        self.shown += 1
        return "shown"


def test_a_part_is_rendered_once_for_each_value():
    part, counted = template("{% memoize section number %}{{ number }}{% endmemoize %}"), Count()

    shown = [
        part.render(Context({"section": section, "number": counted}))
        for section in ("clients", "diary", "clients", "diary")
    ]

    assert (shown, counted.shown) == (["shown"] * 4, 2)


def test_nothing_of_one_reader_is_shown_to_the_next(rf):
    part = template(
        "{% memoize section %}{{ section }} {{ name }}{{ request.path }}{% endmemoize %}"
    )
    request = rf.get("/clients/")
    request.user = AnonymousUser()

    first = part.render(RequestContext(request, {"section": "clients", "name": "Ann Ashby"}))
    second = part.render(RequestContext(request, {"section": "clients", "name": "Ben Bright"}))

    assert first == second == "clients "


def test_what_is_not_there_is_said_like_anywhere_else():
    part = template("{% memoize section %}[{{ section }}]{% endmemoize %}")

    assert part.render(Context()) == "[]"
    assert part.render(Context({"section": None})) == "[None]"
    assert part.render(Context({"section": "<b>"})) == "[&lt;b&gt;]"


def test_no_more_is_remembered_than_a_server_has_room_for():
    part = template("{% memoize number %}{{ number }}{% endmemoize %}")

    assert [part.render(Context({"number": n})) for n in range(MOST_RENDERINGS + 2)][-1] == str(
        MOST_RENDERINGS + 1
    )
    assert len(part.nodelist[0].rendered) == 2


@pytest.mark.parametrize(
    ("page", "entry"),
    [
        ("/", "Today"),
        ("/clients/", "Clients"),
        ("/clients/add/", "Clients"),
        ("/relationships/", "Clients"),
        ("/diary/", "Diary"),
        ("/caseload/", "Caseload"),
        ("/profile/", "Profile"),
        ("/help/", None),
    ],
)
def test_the_navigation_says_where_one_is(as_alice, page, entry):
    answer = as_alice.get(page, follow=True)

    nav = read(answer).source.partition('id="main-nav"')[2].partition("</nav>")[0]
    here = [line for line in nav.split("<li>") if "aria-current" in line]

    assert [line.partition(">")[2].partition("<")[0] for line in here] == ([entry] if entry else [])
    assert ("find-form" in read(answer).source) == (page != "/clients/")


@pytest.mark.parametrize(
    ("page", "entry"), [("/dashboard/", "Dashboard"), ("/dashboard/sessions/", "Sessions")]
)
def test_a_clients_navigation_says_so_too(as_ann, page, entry):
    nav = read(as_ann.get(page)).source.partition('id="main-nav"')[2].partition("</nav>")[0]

    assert nav.count("aria-current") == 1
    assert f'aria-current="page">{entry}' in nav
