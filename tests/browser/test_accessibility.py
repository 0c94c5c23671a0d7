"""Every page, for whoever sees, hears, enlarges or prints it."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from tests.browser import LOOKS, WCAG_2_2_AA, assert_accessible, violations
from tests.browser.steps import end, press, title
from tests.browser.tour import states

# What does not fit: a page wider than the window, or text that is cut off.
OVERFLOW = """() => {
  const root = document.documentElement, found = [];
  if (root.scrollWidth > innerWidth) found.push(`page: ${root.scrollWidth} px`);
  for (const element of document.querySelectorAll("body *")) {
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    if (!box.width || style.clipPath !== "none") continue;
    if (element.closest("svg, select, input, [aria-hidden]")) continue;
    const clips = style.overflowX !== "visible" && style.overflowX !== "auto";
    const cut = clips && element.scrollWidth > element.clientWidth + 1;
    if (cut || box.right > innerWidth + 1 && !element.closest(".tabs, .skip"))
      found.push(`${element.tagName} ${element.className}: ${element.innerText?.slice(0, 40)}`);
  }
  return found;
}"""

USE_STYLE = """css => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets = [sheet];
}"""
# WCAG 1.4.12
TEXT_SPACING = """* { line-height: 1.5 !important; letter-spacing: .12em !important;
  word-spacing: .16em !important } p { margin-block-end: 2em !important }"""
TEXT_AT_200_PERCENT = ":root { font-size: 200% !important }"


@pytest.mark.begun_first
def test_every_page_is_within_everybodys_reach(context, sign_in, alice):
    troubles = {}
    for state, page in states(context, sign_in, alice):
        if found := [*look_at(page), *outline(page)]:
            troubles[state] = found

    report = [f"{state}: {trouble}" for state, found in troubles.items() for trouble in found]
    assert not report, "\n".join(report)


def look_at(page: Page) -> Iterator[str]:
    """Judge a page on a desk by day, on a phone by night, and enlarged."""
    looks = [
        (1280, "light", "", WCAG_2_2_AA),
        (390, "dark", "", LOOKS),
        (390, "dark", TEXT_SPACING, None),
        (320, "light", "", None),
        (640, "light", TEXT_AT_200_PERCENT, None),
    ]
    for width, scheme, style, rules in looks:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        page.evaluate(USE_STYLE, style)
        look = f"{width} px, {scheme} {style[:24]}"
        yield from (f"{look}: {lost}" for lost in page.evaluate(OVERFLOW))
        if rules:
            results = violations(page, rules)
            if results.violations_count:
                yield f"{look}: {results.generate_report()}"


def outline(page: Page) -> Iterator[str]:
    """Judge what a page says of itself: its title, language and headings."""
    levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(h => +h.tagName[1])")
    if levels.count(1) != 1 or any(after - before > 1 for before, after in pairwise(levels)):
        yield f"headings: {levels}"
    if page.locator("html").get_attribute("lang") != "en-GB":
        yield "language"
    has_errors = bool(page.locator(".error-summary").count())
    if not page.title().endswith(" – Stillwater") or has_errors != page.title().startswith(
        "Error: "
    ):
        yield f"title: {page.title()}"


def test_axe_is_awake(desk, individual):
    desk.goto(f"/relationships/{individual.public_id}/end/")
    desk.evaluate("document.querySelector('label[for=id_reason]').remove()")

    with pytest.raises(AssertionError, match="select-name"):
        assert_accessible(desk)


def test_axe_sees_what_cannot_be_read_in_the_dark(desk):
    desk.goto("/help/")
    desk.emulate_media(color_scheme="dark")
    assert_accessible(desk, LOOKS)

    desk.evaluate(USE_STYLE, "main * { color: #333 }")

    with pytest.raises(AssertionError, match="color-contrast"):
        assert_accessible(desk, LOOKS)


def test_a_text_that_does_not_fit_is_noticed(desk):
    desk.goto("/help/")
    assert desk.evaluate(OVERFLOW) == []

    desk.evaluate("document.querySelector('h1').textContent = 'x'.repeat(400)")
    desk.evaluate(USE_STYLE, "h1 { overflow-wrap: normal; white-space: nowrap }")

    assert desk.evaluate(OVERFLOW) != []


def test_the_printed_relationship_has_facts_and_history_but_no_buttons(desk, individual):
    end(desk, individual)

    desk.emulate_media(media="print")

    for gone in ("link", "button"):
        for name in ("Restart this Relationship", "Undo", "Skip to main content", "Clients"):
            for element in desk.get_by_role(gone, name=name, exact=True).all():
                expect(element).to_be_hidden()
    expect(desk.locator(".banner")).to_be_hidden()
    expect(desk.get_by_role("heading", name="Individual relationship")).to_be_visible()
    expect(desk.locator(".details")).to_contain_text("Work completed")
    expect(desk.locator(".details")).to_be_visible()
    expect(desk.locator(".timeline")).to_be_visible()
    expect(desk.get_by_text("Confidential")).to_be_visible()
    assert (
        desk.locator("a:visible, button:visible").evaluate_all(
            "all => all.filter(e => e.matches('.button, button')).map(e => e.innerText)"
        )
        == []
    )


def test_nothing_moves_when_motion_is_reduced(desk, individual, jonah):
    moving = """() => [...document.querySelectorAll("*")].filter(element => {
      const style = getComputedStyle(element), ring = getComputedStyle(element, "::before");
      return [style, ring].some(s => s.animationName !== "none" || s.transitionDuration !== "0s");
    }).map(element => element.outerHTML.slice(0, 80))"""

    for address in ("/clients/?include=inactive", f"/relationships/{individual.public_id}/end/"):
        desk.goto(address)
        assert desk.evaluate(moving) == []
    desk.goto("/clients/")
    desk.emulate_media(reduced_motion="no-preference")
    assert desk.evaluate(moving) != []  # so the question is one that can be answered


def test_forced_colours_leave_what_tells_things_apart(desk, jonah, individual):
    desk.emulate_media(forced_colors="active")
    desk.goto("/clients/?include=inactive")
    edge = """element => {
      const { borderTopWidth, borderTopStyle, borderTopColor, backgroundColor } =
        getComputedStyle(element);
      return parseFloat(borderTopWidth) > 0 && borderTopStyle !== "none"
        && borderTopColor !== backgroundColor;
    }"""

    for thing in (".tag-inactive", ".monogram", ".button-secondary", "#id_q"):
        assert desk.locator(thing).first.evaluate(edge), thing
    mark = """link => [getComputedStyle(link, "::after").backgroundColor,
      getComputedStyle(document.body).backgroundColor, getComputedStyle(link).color]"""
    underline, *others = desk.locator(".main-nav [aria-current]").evaluate(mark)
    assert underline not in others
    press(desk, "Ann Ashby")
    expect(title(desk)).to_have_text("Ann Ashby")
    desk.keyboard.press("Tab")
    expect(desk.locator(".skip")).to_have_css("outline-style", "solid")


@pytest.mark.noisy
def test_a_breach_of_the_content_security_policy_is_noticed(desk):
    desk.goto("/help/")

    with desk.expect_console_message(
        lambda message: "Content Security Policy" in message.text
    ) as told:
        desk.evaluate("""() => {
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.body.append(script);
        }""")

    assert told.value.type == "error"
    assert desk.evaluate("window.ran") is None
