"""Rules of the house that no linter knows (`docs/security.md`), each tried on what it forbids."""

import ast
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import CheckConstraint, Q

from tests.access.table import ROUTES
from tests.practice.source import CODE, PAGES, ROOT, calls, parse, words

HOMES = {route.callback.__module__.replace(".", "/") for route in ROUTES.values()}
VIEWS = [path for path in CODE if str(path.relative_to(ROOT).with_suffix("")) in HOMES]


@dataclass(frozen=True)
class Rule:
    """What must not be found in which files, and how it may look; `but` says who may, and why."""

    name: str
    files: list[Path]
    find: Callable[[str], Iterable[str]]
    planted: str
    but: tuple[str, ...] = ()


RULES: list[Rule] = []


def rule(files: list[Path], planted: str, but: tuple[str, ...] = ()) -> Callable:
    """A function that yields what breaks the rule that it is named after."""
    return lambda find: RULES.append(Rule(find.__name__, files, find, planted, but))


def matches(pattern: str, texts: Iterable[str]) -> list[str]:
    return [found[0] for text in texts for found in re.finditer(pattern, text)]


def no_word(name: str, pattern: str, planted: str, but: tuple[str, ...] = ()) -> None:
    """A rule of names that no code uses or imports."""
    RULES.append(Rule(name, CODE, lambda code: matches(pattern, words(code)), planted, but))


def no_text(name: str, pattern: str, planted: str, but: tuple[str, ...] = ()) -> None:
    """A rule of what stands in no template."""
    RULES.append(Rule(name, PAGES, lambda page: matches(pattern, [page]), planted, but))


no_word(
    "markup_in_code_is_not_trusted",
    r"\b(mark_safe|html_safe|__html__)$",
    """from django.utils.safestring import mark_safe
    django.utils.safestring.mark_safe(name)""",
)
no_word(
    "every_post_needs_a_token",
    r"\bcsrf_exempt$",
    """from django.views.decorators.csrf import csrf_exempt
    view = csrf.csrf_exempt(view)""",
    # Mail programs send it (RFC 8058), without a cookie to ride on: the address is the proof.
    but=("practice/notifications/stopping.py",),
)
no_word(
    "chance_comes_from_secrets",
    r"^random\b|\buuid[135678]$",
    """import random
    from random import choice
    key = uuid.uuid1()""",
    but=("practice/demo/people.py", "practice/demo/diary.py"),  # the same made-up people every time
)
no_word(
    "no_program_is_started_and_no_server_asked",
    r"^(subprocess|os\.(system|popen|exec|spawn)|urllib\.request|http\.client|socket|requests\b)",
    """import subprocess
    os.system("ls")
    from urllib.request import urlopen
    import requests""",
    but=(
        "manage.py",  # it installs
        "practice/management/commands/test.py",  # it runs pytest
        "practice/management/commands/demo.py",  # it looks whether a port is free
        "practice/management/backup_of_postgresql.py",  # it runs pg_dump and pg_restore
        "practice/management/doctor/network.py",  # it asks whether the service can be reached
        "practice/management/mail_failures.py",  # it knows the errors of not reaching a server
    ),
)


no_word(
    # A mail server may be slow, and a transaction holds locks. What sends something does so by
    # `after_response.later` or on commit; tests/commits.py watches over every request of a test.
    "mail_waits_for_the_commit",
    r"\b(send_mail|send_mass_mail|mail_admins|mail_managers|EmailMessage|EmailMultiAlternatives)$",
    """from django.core.mail import send_mail
    mail.EmailMessage(subject, text).send()""",
    but=(
        "clients/invitation_mail.py",
        "clients/inviting.py",
        "practice/accounts/email_change.py",  # by the adapter, which waits
        "practice/management/commands/send_test_mail.py",  # a command without a transaction
        "practice/management/operator.py",  # a command, after its transaction
        "practice/notifications/claiming.py",  # written in the transaction that claims it
        "practice/notifications/composing.py",  # written in the transaction that claims it
        "practice/notifications/demo.py",  # reads what was written, and sends nothing
        "practice/notifications/files.py",  # what a mail server is in the demo
        "practice/notifications/previews.py",  # a test, after the answer
        "practice/notifications/sending.py",  # sent outside of it, by a thread of its own
        "practice/web/errors.py",  # in a thread of its own
    ),
)


@rule(
    CODE,
    """Client.objects.extra(where=["1"])
    Client.objects.raw(text)
    Client.objects.annotate(x=RawSQL(text, []))
    cursor.execute(f"SELECT {name}")
    cursor.executemany("SELECT " + name, rows)""",
    # These speak of our own tables and settings, or have Django write the SQL.
    but=(
        "practice/accounts/access.py",
        "practice/database/bulk.py",
        "practice/database/compiled.py",
        "practice/database/operations.py",
        "practice/database/postgresql/base.py",  # a cursor, which passes on what it is given
        "practice/database/row_security.py",
        "practice/management/backup_of_postgresql.py",
        "practice/management/backup_of_sqlite.py",
        "practice/management/owner.py",  # what it executes is a command of manage.py
        "practice/management/resting.py",  # names of rules, as the database itself says them
    ),
)
def sql_is_written_out(source):
    for name, call in calls(source):
        is_written = call.args and isinstance(call.args[0], ast.Constant)
        is_run = name in ("execute", "executemany", "executescript")
        if name in ("extra", "raw", "RawSQL") or (is_run and not is_written):
            yield ast.unparse(call)


@rule(
    CODE,
    """Client.objects.filter(**request.GET.dict())
    Client(**{key: value for key, value in request.POST.items()})
    clients.order_by(request.GET["sort"])
    getattr(client, self.request.POST["column"])""",
)
def what_is_sent_names_no_column(source):
    names = ("order_by", "values", "values_list", "only", "defer", "F", "getattr", "setattr")
    for name, call in calls(source):
        spread = [word.value for word in call.keywords if word.arg is None]
        parts = map(ast.unparse, [*spread, *(call.args if name in names else [])])
        yield from matches(r"\brequest\.(GET|POST|COOKIES|META|headers|body)\b", parts)


@rule(
    VIEWS,
    """def view(request, which): return Client.objects.get(public_id=which)
    if Client.objects.exists(): pass
    with lock(Client.objects.all()): pass""",
    but=(
        "clients/invitations.py",  # starts from the link that somebody was sent
        "practice/diary/feed.py",  # starts from the secret address that an account has made
        "practice/notifications/stopping.py",  # from the address, which is signed
    ),
)
def a_view_starts_from_who_asks(source):
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.stmt | ast.withitem):
            parts = [ast.unparse(n) for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)]
            strangers = [part for part in parts if not re.search(r"\brequest\b", part)]
            yield from matches(r".*\.objects\b(?!\.published\().*", strangers)


# What addresses are made of: ids, days, times and numbers of pages; and whole addresses that
# allauth or a view has made of such.
IN_ADDRESSES = (
    r"(\w+\.)*(public_id|\w+_id|pk|(profile_)?slug|day|time|(previous|next)_page_number)"
    r"|earlier|later|previous|next|field\.(id_for_label|auto_id)|address(\.\w+)*\.without_\w+(\.\w+)*"
    # Days and times of the diary, and addresses of its pages.
    r"|date|of_day\.(on|outside_from)|line\.starts_at|month\.(first|previous|following)"
    r"|(previous|present|next)_url|asked\.query|carried"
    r"|action|action_url|totp_url|way\.url|(request\.)?path"
)


@rule(
    [*CODE, *PAGES, ROOT / "static/practice.css", ROOT / "static/app.js"],
    """tie = found
    sessions_of_tie = []
    class="side-facts"
    {% block facts %}""",
)
def no_word_is_one_that_only_this_project_knew(source):
    yield from matches(r"(?<![A-Za-z])(ties?|facts?|tombstones?)(?![a-z])", [source])


@rule(
    CODE,
    """if request.method == "GET": pass
    if request.method != "HEAD": pass
    form = Form(request.POST if request.method in ("POST", "PUT") else None)
    if self.request.method.upper() == "GET": pass
    do = {"GET": look}[request.method]""",
    but=(
        "practice/site/middleware.py",  # counts by method, and lets every view see a GET for a HEAD
    ),
)
def a_view_asks_of_the_method_only_whether_it_is_post(source):
    """A change hangs on POST: what is not GET may be HEAD, OPTIONS or a made-up word."""
    tree = parse(textwrap.dedent(source))
    allowed = {
        id(node.left)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and ast.unparse(node).endswith(("== 'POST'", "!= 'POST'"))
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in allowed:
            yield from matches(r"\brequest\.method$", [ast.unparse(node)])


@rule(
    CODE,
    """form = Form(request.POST or None)
    form = Form(request.POST or {}, request.FILES or None)
    if request.POST: pass
    if not request.POST: pass
    form = Form(request.POST if request.POST else None)
    is_sent = bool(self.request.POST)""",
)
def an_empty_form_is_sent_all_the_same(source):
    """Whether a form was sent says the method; an empty one is refused, not shown as if new."""
    for node in ast.walk(parse(textwrap.dedent(source))):
        asked = []
        if isinstance(node, ast.BoolOp):
            asked = node.values
        elif isinstance(node, ast.If | ast.IfExp | ast.While):
            asked = [node.test]
        elif isinstance(node, ast.UnaryOp):
            asked = [node.operand]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "bool":
            asked = node.args
        yield from matches(r"^(\w+\.)*request\.(POST|FILES)$", map(ast.unparse, asked))


@rule(
    PAGES,
    """<a href="{% url 'clients' %}?q={{ words }}">
    <a href="{% url 'there' client.email %}">
    <a data-hx-get="?n={{ listing.typed }}">
    <a href="{{ listing.address_with_inactive }}">
    <a href="{{ address.next }}">""",
    but=(
        # So that a search goes on without scripts; with them see test_addresses.py.
        *("templates/clients/_empty.html", "templates/clients/_pagination.html"),
        "templates/diary/calendar_address.html",  # the address is the secret, and shown once
        # A mail, whose addresses are whole: of ids, by practice/notifications/links.py.
        "templates/notifications/message.html",
    ),
)
def what_stands_in_an_address_is_an_id_or_a_day(source):
    addresses = matches(r"\b(href|src|action|data-hx-\w+)=\"(?!mailto:|tel:)[^\"]*", [source])
    values = matches(r"(?<=\{\{ )[\w.]+", addresses)
    for tag in matches(r"(?<=\{% url )[^%]*(?= %\})", addresses):
        values += [word for word in tag.split()[1:] if word[0] not in "\"'"]
    yield from (value for value in values if not re.fullmatch(IN_ADDRESSES, value))
    yield from matches(r"[?&;](q|search|name)=", addresses)


no_text(
    "markup_in_pages_is_not_trusted",
    r"\|\s*safe(seq)?\b|autoescape\s+off|filter\s+safe",
    """{{ name|safe }}
    {{ names | safeseq }}
    {% autoescape off %}""",
)
no_text(
    "nothing_in_a_page_is_inline",
    r"<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:|<script(?![^>]*\ssrc=)",
    """<script>go()</script>
    <style>p {}</style>
    <p style="color: red">
    <button onclick="go()">
    <a href="javascript:go()">""",
    but=(
        "templates/notifications/message.html",  # a mail, whose styles no program fetches
        "templates/records/archive.html",  # a file that people take away: no server styles it
    ),
)
no_text(
    "htmx_runs_no_script_and_is_valid_html",
    r"\bhx-(on|vars)\b|\bhx-trigger=.[^\"']*\[|\bhx-\w+=.js:|(?<!data-)\bhx-[a-z-]+\s*=",
    """<div hx-get="/">
    <div data-hx-on:click="go()">
    <div data-hx-vals='js:{a: go()}'>
    <input data-hx-trigger="keyup[ctrlKey]">""",
)
no_text(
    "pages_lead_nowhere_else",
    r"\b(src|srcset|href|action|data-hx-\w+)\s*=\s*(\"[^\"]*?|'[^']*?)?(https?:)?//",
    """<a href="https://example.org/">
    <img src=//example.org/a.png>
    <form action='{% if there %}http://example.org{% endif %}'>""",
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_house_keeps_its_rule(rule):
    found = {str(path.relative_to(ROOT)): [*rule.find(path.read_text())] for path in rule.files}

    assert len(found) > 15
    # Who may break it does so, or need not be named any more.
    assert {path for path, what in found.items() if what} == set(rule.but), found


@pytest.mark.parametrize(
    ("rule", "planted"),
    [pytest.param(r, text.strip(), id=r.name) for r in RULES for text in r.planted.splitlines()],
)
def test_what_is_planted_is_found(rule, planted):
    assert list(rule.find(planted))


def half_pairs(null: dict[str, bool], conditions: list[Q]) -> set[str]:
    """Return each `x` of which `x_at` may be null without `x_by`, or the other way round."""

    def told(branch: Q | tuple) -> list:
        return branch.children if isinstance(branch, Q) and not branch.negated else [branch]

    def holds(condition: Q, pair: str) -> bool:
        branches = condition.children if condition.connector == Q.OR else [condition]
        alternatives = [dict(c for c in told(b) if isinstance(c, tuple)) for b in branches]
        at, by = (
            [alternative.get(f"{pair}_{end}__isnull") for alternative in alternatives]
            for end in ("at", "by")
        )
        return at == by and None not in at

    pairs = {name[:-3] for name in null if name.endswith("_at") and f"{name[:-3]}_by" in null}
    at_risk = {pair for pair in pairs if null[f"{pair}_at"] or null[f"{pair}_by"]}
    return {pair for pair in at_risk if not any(holds(c, pair) for c in conditions)}


def test_a_moment_and_its_person_are_both_there_or_neither():
    for model in apps.get_models():
        null = {field.name: field.null for field in model._meta.fields}
        checks = [c for c in model._meta.constraints if isinstance(c, CheckConstraint)]

        assert half_pairs(null, [check.condition for check in checks]) == set(), model


def test_half_a_pair_is_found():
    null = {"moved_at": True, "moved_by": True}
    at, neither = Q(moved_at__isnull=False), Q(moved_at__isnull=True, moved_by__isnull=True)

    assert half_pairs(null, []) == half_pairs(null, [at | neither]) == {"moved"}
    assert half_pairs(null, [(at & Q(moved_by__isnull=False)) | neither]) == set()


def of_function(node: ast.FunctionDef) -> int:
    """Return how many lines a function has, its docstring aside."""
    said = node.body[0] if ast.get_docstring(node) else None
    of_docstring = said.end_lineno - said.lineno + 1 if said else 0
    return node.end_lineno - node.lineno + 1 - of_docstring


def long_without_a_reason(source: str) -> Iterator[str]:
    """Yield what is long and does not say why.

    A function says so beside its name (`# long ...`), a module in its docstring.
    """
    lines, tree = source.splitlines(), parse(source)
    if len(lines) > 250 and "longer than others" not in (ast.get_docstring(tree) or ""):
        yield "the module"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and of_function(node) > 30:
            yield from [] if "# long" in lines[node.lineno - 1] else [node.name]


def test_what_is_long_says_why():
    found = {
        str(path.relative_to(ROOT)): [*long_without_a_reason(path.read_text())] for path in CODE
    }

    assert {path: names for path, names in found.items() if names} == {}


def test_what_is_long_without_a_reason_is_found():
    lines = "    act()\n" * 30
    module = '"""What is done."""\n' + "act()\n" * 250

    assert [*long_without_a_reason(f"def book():\n{lines}")] == ["book"]
    assert [*long_without_a_reason(f"def book():  # long for its steps\n{lines}")] == []
    assert [*long_without_a_reason(f'def book():\n    """Book it."""\n{lines[10:]}')] == []
    assert [*long_without_a_reason(module)] == ["the module"]
    assert [*long_without_a_reason(module.replace("done.", "done, longer than others."))] == []
