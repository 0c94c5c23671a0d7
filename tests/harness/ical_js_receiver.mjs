// Reads invitations, a JSON string a line, by ical.js; says what it has read, as JSON.
// node ical_js_receiver.mjs file:///…/ical.js
import { createInterface } from "node:readline";

const { default: ICAL } = await import(process.argv[2]);
const found = [];
const seconds = (time) => time.toUnixTime();
for await (const line of createInterface({ input: process.stdin })) {
  const calendar = new ICAL.Component(ICAL.parse(JSON.parse(line)));
  const events = calendar.getAllSubcomponents("vevent");
  if (events.length !== 1) throw new Error(`${events.length} events`);
  const event = new ICAL.Event(events[0]);
  found.push([
    event.uid,
    event.sequence,
    seconds(events[0].getFirstPropertyValue("dtstamp")),
    calendar.getFirstPropertyValue("method"),
    seconds(event.startDate),
    seconds(event.endDate),
    event.location || "",
  ]);
}
process.stdout.write(JSON.stringify(found));
