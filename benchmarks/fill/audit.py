"""The audit of what is made: an entry for every line of a history, sealed and in its chain."""

from datetime import datetime

from benchmarks.fill.rows import ChainedRow, EntryRow, EventRow
from practice.accounts.access import Role
from practice.audit.models import Chain
from practice.audit.sealing import (
    Writer,
    seal_of_entry,
    seal_of_event,
    seal_of_head,
    seal_of_place,
)
from relationships.models.history import VERBS


class Audit:
    """All entries are by one writer, who counts them; each therapist's are a chain."""

    def __init__(self, now: datetime) -> None:
        self.writer, self.written = Writer(now).name, 0
        self.heads: dict[int, Chain] = {}
        self.rows: list[tuple] = []

    def record(self, event: EventRow, public_id: str) -> None:
        """Write the entry of an event, and give it the next place of its chain."""
        therapist = event.therapist_id
        head = self.heads.get(therapist) or self.heads.setdefault(therapist, Chain(chain=therapist))
        self.written += 1
        entry = EntryRow(
            chain=therapist,
            therapist_id=therapist,
            at=event.at,
            by=event.by_id,
            role=Role.THERAPIST.value,
            verb=VERBS[event.kind].value,
            about=f"relationship:{public_id}",
            outcome="done",
            request_id="",
            event=event.pk,
            digest=seal_of_event(event),
            through=None,
            writer=self.writer,
            writer_number=self.written,
        )
        seal = seal_of_entry(entry)
        head.length += 1
        head.mac = seal_of_place(head.mac, head.length, seal)
        self.rows.append(entry + ChainedRow(self.written, seal, head.length, head.mac))

    def finish(self) -> None:
        """Seal and save the heads."""
        for head in self.heads.values():
            head.head_mac = seal_of_head(head)
        Chain.objects.bulk_create(self.heads.values(), batch_size=1000)
