"""Several web servers behind one nginx: anybody may be answered by any of them.

    python -m tests.harness.several --servers 3 --requests 3000

Eight people of four practices ask through nginx (Debian's package), which passes each request to
one of the servers by turns. Every page has to name the asker's own client and nobody else's; who
signs out is signed out everywhere; and when a server is killed and started again, nobody notices.
"""

import argparse
import copy
import itertools
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tests.harness.installation import PATIENCE, Installation, Web, free_port, installation, until
from tests.harness.report import row, say, verdict
from tests.harness.visitor import Answer, NoAnswer, Visitor

CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/nginx-body; proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-f; uwsgi_temp_path {folder}/nginx-u;
    scgi_temp_path {folder}/nginx-s;
    upstream practice {{ {servers} }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://practice;
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;
            proxy_set_header X-Forwarded-For $http_x_forwarded_for;
            # The default: what may have changed something is never sent a second time.
            proxy_next_upstream error timeout;
        }}
    }}
}}
"""


@contextmanager
def nginx(practice: Installation, webs: list[Web]) -> Iterator[int]:
    """Put nginx in front of some servers; yield its port."""
    folder, port = practice.postgres.folder, free_port()
    servers = " ".join(f"server 127.0.0.1:{web.port} fail_timeout=1s;" for web in webs)
    file = folder / "nginx.conf"
    file.write_text(CONFIGURATION.format(folder=folder, port=port, servers=servers))
    program = shutil.which("nginx", path="/usr/sbin:/usr/local/bin:/usr/bin:/opt/homebrew/bin")
    process = subprocess.Popen([program, "-c", file, "-p", folder], stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def main() -> int:
    """Run the harness; 0 if nobody saw what is not theirs, or an error."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--servers", type=int, default=3)
    parser.add_argument("--requests", type=int, default=3000)
    options = parser.parse_args()
    with installation("postgres") as practice:
        webs = [practice.web]
        for _ in range(options.servers - 1):
            other = copy.copy(practice.web)
            other.port = free_port()
            webs.append(other)
        for web in webs:
            web.start()
        try:
            with nginx(practice, webs) as port:
                return report(port, webs, options.requests)
        finally:
            for web in webs[1:]:
                web.kill()


def report(port: int, webs: list[Web], requests: int) -> int:
    from django.db import connection

    from tests.factories import ClientFactory, UserFactory, start

    people = []
    for name in (f"Person{number}own" for number in range(4)):
        client = ClientFactory(name=name, account=UserFactory())
        start(client)
        people.append((Visitor(port, client.therapist.user), "/clients/", name))
        people.append((Visitor(port, client.account), "/account/", name))
    connection.close()
    for web in webs:
        until(lambda web=web: answers(web.port), "a web server answers")
    names = {name for _, _, name in people}
    outcomes: Counter[int] = Counter()
    over, killed = threading.Event(), itertools.count(1)

    def ask(number: int) -> str:
        visitor, path, own = people[number % len(people)]
        answer = visitor.get(path)
        outcomes[answer.status] += 1
        seen = {name for name in names if name in answer.text}
        is_right = answer.status == 200 and seen == {own}
        return "" if is_right else f"{path} of {own}: {answer.status}, shows {seen}"

    def kill_by_turns() -> int:
        for web in itertools.cycle(webs):
            if over.wait(0.5):
                return next(killed) - 1
            web.kill()
            web.start()
            until(lambda web=web: answers(web.port), "a web server answers again")
            next(killed)
        return 0

    begun = time.monotonic()
    with ThreadPoolExecutor(len(people) + 1) as threads:
        killing = threads.submit(kill_by_turns)
        wrong = [finding for finding in threads.map(ask, range(requests)) if finding]
        over.set()
    took = time.monotonic() - begun
    wrong += signed_out(port, people[0][0], len(webs))
    say("| servers | people | requests | servers killed | wrong | took |")
    row(len(webs), len(people), requests, killing.result(), len(wrong), f"{took:.0f} s")
    return verdict(wrong)


def signed_out(port: int, visitor: Visitor, servers: int) -> list[str]:
    """Sign out at one of the servers, ask all; return who still answers as if signed in."""
    visitor.post("/sign-out/", visitor.get("/account/"))
    answers: list[Answer] = [visitor.get("/clients/") for _ in range(2 * servers)]
    return [f"after signing out: {a.status}" for a in answers if a.status != 302]


def answers(port: int) -> bool:
    try:
        return Visitor(port).get("/readyz").status == 200
    except NoAnswer:
        return False


if __name__ == "__main__":
    sys.exit(main())
