import pytest
from tests.browser import find_chromium
from tests.browser.steps import *
def test_try(browser_type, browser_type_launch_args, base_url, sign_in, alice, individual):
    b = browser_type.launch(**browser_type_launch_args, ignore_default_args=["--disable-back-forward-cache"])
    c = b.new_context(base_url=base_url)
    sign_in(c, alice.user)
    p = c.new_page()
    for a in ("/static/icons.svg", "/clients/", "/help/"):
        p.goto(a)
        p.evaluate("() => { window.kept = true; addEventListener('pageshow', e => window.shown = e.persisted) }")
    p.goto("/account/")
    p.evaluate("window.kept = true")
    for _ in range(3):
        p.go_back()
        print("back", p.url, p.evaluate("[window.kept, window.shown]"))
    p.goto("/clients/"); p.evaluate("window.kept = true"); p.goto("/account/")
    press(p, "Sign out")
    for _ in range(3):
        p.go_back()
        print("after", p.url, p.evaluate("[window.kept, window.shown]"), p.title())
    b.close()
