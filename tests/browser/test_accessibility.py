"""Every page, for whoever sees, hears, enlarges or prints it."""

import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser import WCAG_2_2_AA, assert_accessible
from tests.browser.steps import end, press
from tests.browser.tour import states

# What does not fit: a page wider than the window, or text that is cut off.
OVERFLOW = """() => {
  const root = document.documentElement, found = [];
  if (root.scrollWidth > innerWidth) found.push(`page: ${root.scrollWidth} px`);
  for (const element of document.querySelectorAll("body *")) {
    const style = getComputedStyle(element), box = element.getBoundingClientRect();
    if (!box.width || style.clipPath !== "none" || element.closest("svg, select, input")) continue;
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


@pytest.mark.noisy
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_no_page_breaks_a_rule_that_axe_can_see(new_context, sign_in, alice, width, scheme):
    context = new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    options = {"runOnly": WCAG_2_2_AA, "resultTypes": ["violations"]}

    broken = {}
    for state, page in states(context, sign_in, alice):
        t = time.time()
        results = Axe().run(page, options=options)
        print(state, time.time() - t)
        if results.violations_count:
            broken[state] = results.generate_report()

    assert broken == {}


def test_axe_is_awake(desk, individual):
    desk.goto(f"/relationships/{individual.public_id}/end/")
    desk.evaluate("document.querySelector('label[for=id_reason]').remove()")

    with pytest.raises(AssertionError, match="select-name"):
        assert_accessible(desk)


@pytest.mark.noisy
def test_nothing_scrolls_sideways_and_no_text_is_lost(new_context, sign_in, alice):
    context = new_context(viewport={"width": 320, "height": 700})
    looks = [(320, ""), (390, TEXT_SPACING), (640, TEXT_AT_200_PERCENT), (1280, "")]

    lost = {}
    for state, page in states(context, sign_in, alice):
        for width, style in looks:
            page.set_viewport_size({"width": width, "height": 700})
            page.evaluate(USE_STYLE, style)
            if found := page.evaluate(OVERFLOW):
                lost[state, width, style[:20]] = found
        page.evaluate(USE_STYLE, "")

    assert lost == {}


def test_the_printed_relationship_has_facts_and_history_but_no_buttons(desk, individual):
    end(desk, individual)

    desk.emulate_media(media="print")

    for gone in ("link", "button"):
        for name in ("Restart this Relationship", "Undo", "Skip to main content", "Clients"):
            for element in desk.get_by_role(gone, name=name, exact=True).all():
                expect(element).to_be_hidden()
    expect(desk.locator(".banner")).to_be_hidden()
    expect(desk.get_by_role("heading", name="Individual relationship")).to_be_visible()
    expect(desk.locator(".facts")).to_contain_text("Work completed")
    expect(desk.locator(".facts")).to_be_visible()
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


def headings_are_in_order(page: Page) -> bool:
    levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(h => +h.tagName[1])")
    steps = zip(levels, levels[1:], strict=False)
    return levels.count(1) == 1 and all(after - before <= 1 for before, after in steps)


@pytest.mark.noisy
def test_every_page_has_one_main_heading_a_title_of_its_own_and_a_language(context, sign_in, alice):
    odd, titles = {}, {}
    for state, page in states(context, sign_in, alice):
        if not headings_are_in_order(page):
            odd[state] = "headings"
        if page.locator("html").get_attribute("lang") != "en-GB":
            odd[state] = "language"
        title = page.title()
        if not re.search(" – Stillwater$", title):
            odd[state] = title
        if title.startswith("Error: ") != bool(page.locator(".error-summary").count()):
            odd[state] = title
        titles.setdefault(title, set()).add(page.url.split("?")[0])

    assert odd == {}
    assert {title: urls for title, urls in titles.items() if len(urls) > 1} == {}
