"""What the page of a client reads of who they are, by a compiled query: it is opened all day."""

from django.db.models import QuerySet
from django.http import Http404

from clients.models import Client
from practice.accounts.models import Therapist
from practice.database.compiled import TEXT, CompiledQuery, Given, set_related
from practice.imports.models import with_whether_notes


def _records(given: Given) -> QuerySet:
    own = Client.objects.filter(therapist=given("therapist"))
    named = own.not_erased().filter(public_id=given("public_id", TEXT))
    records = own.filter(person_id__in=named.values("person_id"))
    return with_whether_notes(records).select_related("account").order_by("merged_at", "pk")


RECORDS = CompiledQuery(_records)


def person_with_records_or_404(therapist: Therapist, public_id: str) -> Client:
    """Return one of a therapist's clients with all records of the person, by one query.

    Each is with its account, and the first knows whether any of them came with notes.

    Raises:
        Http404: there is none of that id; or they have been erased.
        Client.Merged: the record has been merged into another.
    """
    records = RECORDS.instances(therapist=therapist.pk, public_id=public_id)
    of_id = {record.public_id: record for record in records}
    if public_id not in of_id:
        raise Http404
    person: Client = of_id[public_id]
    if person.merged_into_id:
        raise Client.Merged(person)
    person.therapist = therapist
    set_related(person, "merged_records", [record for record in records if record is not person])
    return person
