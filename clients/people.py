"""The client that an address names."""

from django.shortcuts import get_object_or_404

from clients.models import Client, ClientQuerySet


def person_or_404(clients: ClientQuerySet, client_id: str) -> Client:
    """Return one of these clients by their public id.

    Raises:
        Http404: there is none of that id; or they have been erased.
        Client.Merged: the record has been merged into another. The middleware leads there.
    """
    client = get_object_or_404(clients.not_erased(), public_id=client_id)
    if client.merged_into_id:
        raise Client.Merged(client)
    return client
