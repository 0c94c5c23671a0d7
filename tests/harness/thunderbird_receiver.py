"""Gives invitations, a JSON string a line, to Thunderbird; says what its calendar has then.

Thunderbird runs without a window, in a profile of its own that is thrown away, and is driven by
Marionette, its remote control (`apt-get install thunderbird`). Each invitation goes the way that
the button *Accept* or *Update* of a mail's bar goes: `cal.itip` finds what the calendar has,
decides by its own rules, and does it.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

PREFERENCES = """
user_pref("marionette.port", {port});
user_pref("mail.provider.suppress_dialog_on_startup", true);
user_pref("mailnews.start_page.enabled", false);
user_pref("datareporting.policy.dataSubmissionPolicyBypassNotification", true);
user_pref("app.update.enabled", false);
user_pref("extensions.getAddons.cache.enabled", false);
user_pref("mail.shell.checkDefaultClient", false);
user_pref("calendar.timezone.local", "Australia/Lord_Howe");
user_pref("calendar.timezone.useSystemTimezone", false);
"""
BEGIN = """
const [done] = arguments;
const { cal } = ChromeUtils.importESModule("resource:///modules/calendar/calUtils.sys.mjs");
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const own = new Map();
globalThis.calendars = own;
// Whoever is invited has an account with that address, and a calendar that belongs to it.
globalThis.calendarOf = (address) => {
  if (own.has(address)) return own.get(address);
  const identity = MailServices.accounts.createIdentity();
  identity.email = address;
  const account = MailServices.accounts.createAccount();
  account.incomingServer =
    MailServices.accounts.createIncomingServer(`u${own.size}`, "mail.example", "none");
  account.addIdentity(identity);
  const place = Services.io.newURI("moz-storage-calendar://");
  const calendar = cal.manager.createCalendar("storage", place);
  calendar.name = address;
  cal.manager.registerCalendar(calendar);
  calendar.setProperty("imip.identity.key", identity.key);
  own.set(address, calendar);
  return calendar;
};
done("ready");
"""
DELIVER = """
const [files, done] = arguments;
(async () => {
  const { cal } = ChromeUtils.importESModule("resource:///modules/calendar/calUtils.sys.mjs");
  for (const file of files) {
    const item = Cc["@mozilla.org/calendar/itip-item;1"].createInstance(Ci.calIItipItem);
    item.init(file);
    item.receivedMethod = /METHOD:(\\w+)/.exec(file)[1];
    item.isSend = false;
    item.autoResponse = Ci.calIItipItem.NONE;
    const [, address] = /ATTENDEE[^:]*:mailto:(\\S+)/.exec(file.replaceAll("\\r\\n ", ""));
    item.targetCalendar = globalThis.calendarOf(address);
    await new Promise((resolve, reject) => {
      let called = false;
      cal.itip.processItipItem(item, (_, status, act, found) => {
        if (called) return; // it watches the calendar on, for its bar
        called = true;
        if (!act) return resolve();
        const listener = {
          QueryInterface: ChromeUtils.generateQI(["calIOperationListener"]),
          onOperationComplete(calendar, status, type, id, detail) {
            Components.isSuccessCode(status) ? resolve() : reject(detail);
          },
          onGetResult() {},
        };
        Promise.resolve(act(listener, "ACCEPTED", { responseMode: Ci.calIItipItem.NONE }))
          .catch(reject);
      });
    });
    cal.itip.cleanupItipItem(item);
  }
})().then(() => done("done"), (error) => done(`ERROR ${error?.message || error} ${error?.stack}`));
"""
SEE = """
const [done] = arguments;
(async () => {
  const filter = Ci.calICalendar.ITEM_FILTER_TYPE_EVENT;
  const items = [];
  for (const calendar of globalThis.calendars.values()) {
    items.push(...await calendar.getItemsAsArray(filter, 0, null, null));
  }
  const seconds = (time) => time.nativeTime / 1000000;
  return items.map((item) => [
    item.id, seconds(item.startDate), seconds(item.endDate), item.getProperty("LOCATION") || "",
    item.status === "CANCELLED",
  ]);
})().then(done, (error) => done(`ERROR ${error}`));
"""


class Marionette:
    """Thunderbird's remote control: a length, a colon, a list in JSON."""

    def __init__(self, port: int, patience: float = 120) -> None:
        until = time.monotonic() + patience
        while True:
            try:
                self.wire = socket.create_connection(("127.0.0.1", port), timeout=1_200)
                break
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)
        self.buffer, self.number = b"", 0
        self._read()
        self.ask("WebDriver:NewSession", {})
        self.ask("Marionette:SetContext", {"value": "chrome"})
        self.ask("WebDriver:SetTimeouts", {"script": 1_200_000})

    def ask(self, command: str, values: dict) -> object:
        self.number += 1
        sent = json.dumps([0, self.number, command, values]).encode()
        self.wire.sendall(str(len(sent)).encode() + b":" + sent)
        _, _, error, result = self._read()
        if error:
            raise RuntimeError(f"{error['error']}: {error['message']}")
        return result

    def run(self, script: str, *values: object) -> object:
        asked = {"script": script, "args": list(values), "newSandbox": False, "sandbox": "system"}
        found = self.ask("WebDriver:ExecuteAsyncScript", asked)["value"]
        if isinstance(found, str) and found.startswith("ERROR"):
            raise RuntimeError(found)
        return found

    def _read(self) -> list | dict:
        while b":" not in self.buffer:
            self.buffer += self._more()
        length, _, self.buffer = self.buffer.partition(b":")
        while len(self.buffer) < int(length):
            self.buffer += self._more()
        found, self.buffer = self.buffer[: int(length)], self.buffer[int(length) :]
        return json.loads(found)

    def _more(self) -> bytes:
        got = self.wire.recv(1 << 16)
        if not got:
            raise EOFError("Thunderbird has ended")
        return got


def main() -> None:
    files = [json.loads(line) for line in sys.stdin]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        (Path(profile) / "user.js").write_text(PREFERENCES.format(port=port))
        command = ["thunderbird", "--headless", "--marionette", "--no-remote"]
        command += ["-remote-allow-system-access", "--profile", profile]
        log = (Path(profile) / "log").open("wb")
        program = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            remote = Marionette(port)
            remote.run(BEGIN)
            for first in range(0, len(files), 200):
                remote.run(DELIVER, files[first : first + 200])
            kept = remote.run(SEE)
        finally:
            with suppress(ProcessLookupError):  # what is started is a script that starts it
                os.killpg(program.pid, signal.SIGKILL)
            program.wait()
    sys.stdout.write(json.dumps(kept))


if __name__ == "__main__":
    main()
