"""The walk: every address, as everybody, at everybody's things, with every method.

It judges by `oracle.py` alone and gives back findings, one sentence each; none means no leak.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from random import Random

from django.db import connection, transaction
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clients.models import Invitation
from relationships.models.choices import EndReason
from tests.access import forms, oracle
from tests.access.elsewhere import Elsewhere
from tests.access.table import CLIENTS, EVERYBODY, SIGNED_IN, TABLE, THERAPISTS
from tests.access.world import REASONS, World, canaries, monday_after, one_of_each

USUAL = ("get", "post")
STRANGE = ("head", "options", "put", "patch", "delete")  # what no page sends
SAFE = ("get", "head", "options", "search")
SEARCH = {"q": "fnqa", "include": "inactive"}  # how every first name here begins
ID = re.compile(rb"[a-z0-9]{10}")
PARAMETER = re.compile(r"<id:(\w+)>")
WRITES = re.compile(r'^\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)
# What a refused call or a look may write: the browser's session, limits, the record of access; and
# after the answer what the night would work out, where that is missing.
BOOKKEEPING = ("accounts_browsersession", "shared_cache", "audit_", "usersessions_", "caseload_")
REASON_WORDS = {word.encode() for reason in REASONS for word in (reason, EndReason(reason).label)}


class Rights:
    """Who may see what in a world, and whose everything is, as the oracle says."""

    def __init__(self, world: World) -> None:
        account_ids = {who: account and account.pk for who, account in world.accounts.items()}
        self.ids = {who: oracle.ids(account) for who, account in account_ids.items()}
        account_ids["fay"] = None  # has been closed
        self.words = {who: oracle.words(account) for who, account in account_ids.items()}
        self.allowed = {
            (who, parameter): oracle.allowed(parameter, account)
            for who, account in account_ids.items()
            for parameter in oracle.AS_CLIENT
        }
        self.ids_of_all = oracle.ids_of_all()
        self.owners = oracle.owners()


rights_in = cache(Rights)  # every walk through a world throws away what it did


class Walk:
    """A walk through a world; `asked` counts the requests, `findings` says what was wrong.

    The `whole` walk tries everything with everything. The short one goes everywhere as everybody,
    too, and reads and writes there; but of one's own things it takes one, one shared with others
    and one that has ended, of other people's things one of each kind (one takes part in it or not,
    of this practice or that), and the strange methods only once for each address, as somebody who
    is let in. (That a visitor is let in by no method shows
    tests/practice/test_access.py.)

    A walk `in_brief` is for a second database, which has a say in whose rows are there and what may
    be written: it goes everywhere as one of each kind of people, with the usual methods alone.
    """

    def __init__(self, world: World, *, whole: bool = False, in_brief: bool = False) -> None:
        self.world, self.whole, self.in_brief = world, whole, in_brief
        self.asked, self.findings = 0, []
        self.browsers = world.browsers()
        self.rights, self.typed = rights_in(world), forms.everything(world)
        self.elsewhere = Elsewhere(world)

    # One address

    def at(self, route: str) -> None:
        """Walk one route of the table."""
        with self.elsewhere.overheard():
            for _ in self._steps(route):
                pass

    def finds_something_at(self, route: str) -> bool:
        """Walk one route of the table, up to the first finding."""
        with self.elsewhere.overheard():
            return any(self.findings for _ in self._steps(route))

    def _steps(self, route: str) -> Iterator[None]:
        """Yield after each thing that was tried."""
        found = PARAMETER.search(route)
        for who in self.people(route):
            methods = USUAL + STRANGE if self._tries_all(who, route) else USUAL
            if found:
                yield from self._at_things(who, methods, route, found[1])
            else:
                for method in methods:
                    self._without_thing(who, method, route)
                    yield

    def people(self, route: str) -> list[str]:
        """Return as whom an address is visited."""
        return one_of_each(route) if self.in_brief else [*self.world.accounts]

    def _tries_all(self, who: str, route: str) -> bool:
        has_something_ended = "ed" if TABLE[route] == CLIENTS else "alice"
        return self.whole or (who == has_something_ended and not self.in_brief)

    def _at_things(
        self, who: str, methods: tuple[str, ...], route: str, parameter: str
    ) -> Iterator[None]:
        own, others, unknown_id = self._things(who, route, parameter)
        for method in methods:
            last = slice(-1, None) if method in STRANGE and not self.whole else slice(None)
            for name, public_id in own[last]:
                here = f"{who} {method} {route} ({name})"
                self._allowed(who, method, self.address(route, public_id), here)
                yield
            with self._thrown_away(who):
                unknown = same(self._ask(who, method, self.address(route, unknown_id)))
            for name, public_id in others[last]:
                here = f"{who} {method} {route} ({name})"
                answer = self._refused(who, method, self.address(route, public_id), here)
                if self._without(same(answer), public_id) != self._without(unknown, unknown_id):
                    self.findings.append(f"{here}: not as if it did not exist")
                yield

    def _things(self, who: str, route: str, parameter: str) -> tuple[list, list, str]:
        """Return name and public id of one's own things and of others', and an unknown id."""
        things = self.world.objects(parameter)
        unknown_id = things.pop("unknown")
        as_therapist, as_client = self.rights.allowed[who, parameter]
        let_in = {THERAPISTS: as_therapist, CLIENTS: as_client}.get(
            TABLE[route], as_therapist | as_client
        )
        own = {name: thing for name, thing in things.items() if thing in let_in}
        others = {name: thing for name, thing in things.items() if thing not in let_in}
        if not self.whole:
            ended = [name for name in own if name in self.world.ended]
            chosen = dict.fromkeys([*[*own][:1], "the couple", *ended[:1]])
            names = [*others]
            Random(f"{who} {route}").shuffle(names)  # others for each address and person
            beside = as_therapist | as_client  # taken part in, in the other role
            practice_of = self.world.practice_of if own else lambda _: None
            kinds = {(others[name] in beside, practice_of(name)): name for name in names}
            own = {name: own[name] for name in chosen if name in own}
            others = {name: others[name] for name in kinds.values()}
        return [*own.items()], [*others.items()], unknown_id

    def _without_thing(self, who: str, method: str, route: str) -> None:
        here, address = f"{who} {method} {route}", self.address(route)
        is_known = who not in ("visitor", "fay")
        is_let_in = {
            EVERYBODY: True,
            SIGNED_IN: is_known,
            THERAPISTS: who in ("alice", "bob", "cora"),
            CLIENTS: is_known and who not in ("alice", "bob"),
        }.get(TABLE[route], is_known)
        if is_let_in:
            self._allowed(who, method, address, here, must_open=False)
            if method == "get":
                self._allowed(who, "search", address, f"{here}, searching", must_open=False)
        else:
            answer = self._refused(who, method, address, here)
            if answer.status_code not in ((403, 404, 405) if is_known else (302,)):
                self.findings.append(f"{here}: let in with {answer.status_code}")

    # One request

    def _allowed(
        self, who: str, method: str, address: str, here: str, *, must_open: bool = True
    ) -> None:
        with self._thrown_away(who):
            answer = self._observe(who, method, address, here, may_write=method not in SAFE)
            if method == "get" and answer.status_code in (403, 404) and must_open:
                self.findings.append(f"{here}: own, and refused")
            if method not in SAFE and who != "visitor" and oracle.owners_moved(self.rights.owners):
                self.findings.append(f"{here}: something has another owner")
        if method == "get" and answer.status_code == 200:
            for action, fields in forms.of(answer):
                with self._thrown_away(who):
                    sent = self.browsers[who].post(action or address, fields)
                    self.asked += 1
                    self._judge(who, sent, address, f"{here}, its form to {action or 'itself'}")

    def _refused(self, who: str, method: str, address: str, here: str) -> HttpResponse:
        with self._thrown_away(who):
            return self._observe(who, method, address, here, may_write=False)

    def _observe(
        self, who: str, method: str, address: str, here: str, *, may_write: bool
    ) -> HttpResponse:
        with CaptureQueriesContext(connection) as asked:
            answer = self._ask(who, method, address, self.typed)
        for query in asked:
            table = WRITES.match(query["sql"])
            if table and not may_write and not table[1].startswith(BOOKKEEPING):
                self.findings.append(f"{here}: wrote to {table[1]}")
        self._judge(who, answer, address, here)
        return answer

    def _ask(self, who: str, method: str, address: str, data: dict | None = None) -> HttpResponse:
        self.asked += 1
        if method == "search":
            return self.browsers[who].get(address, SEARCH)
        sent = (data or {},) if method == "post" else ()
        return getattr(self.browsers[who], method)(address, *sent)

    def _judge(self, who: str, answer: HttpResponse, address: str, here: str) -> None:
        """Look for what this person may not read, in the body and in the headers."""
        told = canaries(self.world.typed_email.encode())  # typed by themselves
        if "<str:token>" in here:
            told |= self.world.invited_words  # whoever has the link
        text = answer.content + repr(sorted(answer.headers.items())).encode()
        text += repr(answer.cookies).encode()
        asked = address.encode()
        for word in sorted(canaries(text) - self.rights.words[who] - told):
            self.findings.append(f"{here}: {word} is not theirs to read")
        links = set(ID.findall(text)) & self.rights.ids_of_all - self.rights.ids[who]
        self.findings += [f"{here}: links to {link}" for link in links if link not in asked]
        if who not in ("alice", "bob", "cora"):
            for word in REASON_WORDS:
                if word in text:
                    self.findings.append(f"{here}: a reason")
        if answer.status_code >= 500:
            self.findings.append(f"{here}: {answer.status_code}")
        self.findings += [f"{here}: {finding}" for finding in self.elsewhere.findings()]

    @contextmanager
    def _thrown_away(self, who: str) -> Iterator[None]:
        """Undo whatever happens inside: in the database, and to the cookies."""
        cookies = deepcopy(self.browsers[who].cookies)
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
        self.browsers[who].cookies = cookies

    def _without(self, answer: tuple, public_id: str) -> tuple:
        """Return an answer without the ids that the asker knew already: a redirect names them."""
        other = self.world.other_record(public_id)
        return tuple(repr(part).replace(public_id, "ID").replace(other, "ID") for part in answer)

    def address(self, route: str, public_id: str = "") -> str:
        """Return the address of a route at a thing."""
        route = PARAMETER.sub(public_id, route, count=1)
        route = PARAMETER.sub(lambda _: self.world.other_record(public_id), route)
        for part, value in {
            "<str:day>": monday_after(timezone.now()),
            "<str:time>": "1000",
            "<str:token>": self.world.token,
            "<str:proof>": Invitation.proof_of(self.world.token),
            "^reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[0-9A-Za-z-]+)/$": "reset/1-set-password/",
            "<slug:slug>": "bob",
        }.items():
            route = route.replace(part, value)
        return f"/{re.sub('<[^>]+>', '1', route)}"


def same(answer: HttpResponse) -> tuple[int, bytes, dict]:
    """Return all of an answer but what differs between any two: the form's token."""
    body = re.sub(rb'(name="csrfmiddlewaretoken" value=")[^"]+', rb"\1", answer.content)
    headers = {key: value for key, value in answer.headers.items() if key != "Set-Cookie"}
    return answer.status_code, body, headers
