"""How long a large caseload takes to be brought in, and in how much memory.

    DEBUG=1 python3 -m benchmarks.importing --people 10000 --sessions 100000

makes files as SimplePractice and Acuity would, an empty database beside them (SQLite, unless
DATABASE_URL names another, which has to be empty), and runs `import_caseload` on them.
"""

import argparse
import csv
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

THERAPIST = "importing@fill.example"
LENGTH = timedelta(minutes=50)
MOST_SECONDS, MOST_MEGABYTES = 120, 250
ROOT = Path(__file__).resolve().parent.parent


def write_files(folder: Path, people: int, sessions: int) -> list[Path]:
    """Write a file of people, some of them past or couples, and one of their sessions."""
    dice = random.Random(16)  # noqa: S311 - no secret
    clients, appointments = folder / "clients.csv", folder / "appointments.csv"
    names = []
    with clients.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["Client", "Date Added", "Status", "Date of Birth", "Email", "Phone"])
        for number in range(people):
            whole = f"Noel{number} Reynolds{number * 7}"  # as Synthea has them
            names.append(whole)
            born = f"{dice.randrange(1, 13)}/{dice.randrange(1, 29)}/{dice.randrange(1940, 2006)}"
            status = dice.choices(["Active", "Archived"], [3, 2])[0]
            email = f"client-{number}@fill.example"
            phone = f"'07700 {900_000 + number % 1000}"
            rows.writerow([whole, "01/15/2019", status, born, email, phone])
    start = datetime(2026, 10, 1, 9, tzinfo=UTC)
    with appointments.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        header = ["Start Time", "End Time", "Timezone", "First Name", "Last Name", "Email", "Type"]
        rows.writerow([*header, "Appointment ID"])
        for number in range(sessions):
            at = start - timedelta(hours=number)  # an hour each, backwards, day and night
            who = number % people
            first, _, last = names[who].partition(" ")
            times = [f"{moment:%B} {moment.day}, {moment:%Y %H:%M}" for moment in (at, at + LENGTH)]
            email = f"client-{who}@fill.example"
            rows.writerow([*times, "UTC", first, last, email, "Individual", 400_000_000 + number])
    return [clients, appointments]


def main() -> None:
    """Make the files, bring them in, and say how that went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--sessions", type=int, default=100_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as named:
        folder = Path(named)
        files = write_files(folder, chosen.people, chosen.sessions)
        environment = os.environ | {"DATA_DIR": str(folder), "DEBUG": "1"}
        manage = [sys.executable, str(ROOT / "manage.py")]
        subprocess.run([*manage, "migrate", "-v0"], env=environment, check=True)
        subprocess.run([sys.executable, "-c", ADD], env=environment, cwd=ROOT, check=True)
        begun = time.monotonic()
        command = [*manage, "import_caseload", *map(str, files), "--therapist", THERAPIST, "--json"]
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        seconds = time.monotonic() - begun
    megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(done.stdout.splitlines()[-1][:300])  # noqa: T201 - what it is for
    print(f"{seconds:.0f} s of {MOST_SECONDS}, {megabytes:.0f} MB of {MOST_MEGABYTES}.")  # noqa: T201
    sys.exit(seconds > MOST_SECONDS or megabytes > MOST_MEGABYTES)


ADD = f"""
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "practice.settings"
import django
django.setup()
from practice.management.therapists import new_therapist, save
save(new_therapist("Hannah Okafor", "{THERAPIST}", "Europe/London"))
"""

if __name__ == "__main__":
    main()
