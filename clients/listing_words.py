"""What the Clients list says of itself: how many clients it shows, and how many it hides."""

from clients.listing import Listing


def count(listing: Listing) -> str:
    """Return the number of clients, as the page shows it."""
    if listing.search and not listing.number_active + listing.number_inactive:
        return f"0 clients match “{listing.search}”"
    words = _clients(listing.number_shown, "" if listing.inactive else "active")
    if listing.search:
        words += f" {_match(listing.number_shown)} “{listing.search}”"
    if not listing.inactive:
        return words
    if not listing.number_inactive and not listing.search:
        return f"{words}. You have no inactive clients."
    return words + _parts(listing)


def announcement(listing: Listing) -> str:
    """Return the same for those who hear the page."""
    if not listing.search:
        return count(listing)
    if listing.number_shown:
        shown = listing.number_shown
        words = f"{_clients(shown)} {_match(shown)} {listing.search}"
        return words + (_parts(listing) if listing.inactive else "")
    if not listing.number_hidden:
        return "No client found."
    hidden = listing.number_hidden
    found = f"{_clients(hidden, 'inactive')} {_match(hidden)} {listing.search}"
    return f"No active client found. {found}."


def foot(listing: Listing) -> str:
    """Return how much of the list this page is, and how many clients are hidden."""
    shown, hidden, page = listing.number_shown, listing.number_hidden, listing.page
    if page.has_other_pages():
        words = f"Showing {page.start_index()} to {page.end_index()} of {shown} clients."
    else:
        words = "Showing 1 client." if shown == 1 else f"Showing all {shown} clients."
    if not hidden:
        return words
    kind = "matching inactive" if listing.search else "inactive"
    return f"{words} {_clients(hidden, kind)} {'is' if hidden == 1 else 'are'} hidden."


def _clients(number: int, kind: str = "") -> str:
    return " ".join(filter(None, [str(number), kind, "client" if number == 1 else "clients"]))


def _match(number: int) -> str:
    return "matches" if number == 1 else "match"


def _parts(listing: Listing) -> str:
    return f": {listing.number_active} active and {listing.number_inactive} inactive"
