import pytest
from django.http import HttpResponse
from django.urls import path
from tests.browser import assert_accessible
from practice.accounts.models import User

def good(request):
    return HttpResponse("<!doctype html><html lang=en><title>Hi</title><main><h1>Hi</h1></main></html>", headers={"Content-Security-Policy":"default-src 'none'"})
def bad(request):
    return HttpResponse("<!doctype html><html><title>Hi</title><h1 style='color:red'>Hi</h1><img src=/x></html>", headers={"Content-Security-Policy":"default-src 'none'"})
def script(request):
    return HttpResponse("<!doctype html><html><title>Hi</title><script>nope()</script><h1>Hi</h1></html>")
def whom(request):
    return HttpResponse(str(request.user))
def htmx(request):
    return HttpResponse("<!doctype html><html lang=en><title>Hi</title><link rel=stylesheet href=/nope.css><script src='/static/django_htmx/htmx.min.js'></script><main><h1>Hi</h1></main></html>")
for v in (good, bad, script, whom, htmx): v.login_required = False
urlpatterns = [path("good/", good), path("bad/", bad), path("script/", script), path("whom/", whom), path("htmx/", htmx)]
pytestmark = pytest.mark.urls(__name__)

def test_good(way):
    way.goto("/good/")
    assert way.text_content("h1") == "Hi"
    assert_accessible(way)

@pytest.mark.parametrize("where", ["bad", "script", "htmx"])
def test_bad(page, where):
    page.goto(f"/{where}/")

@pytest.mark.noisy
def test_noisy(page):
    page.goto("/bad/")
def test_axe(page):
    page.goto("/script/")
    assert_accessible(page)
def test_422(page):
    page.goto("/nothing/")
def test_js(way, request):
    way.goto("/htmx/")
    print(request.node.name, way.evaluate("typeof htmx"))

def test_signed_in(page, sign_in, new_context):
    u = User.objects.create_user(email="alice@example.org", password="x")
    sign_in(page, u)
    page.goto("/whom/")
    assert "alice" in page.content()
    assert page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    other = new_context().new_page(); other.goto("/whom/")
    assert "alice" not in other.content()
