"""allauth's accounts as tables alone: the peers have none of its middleware."""

from allauth.account.apps import AccountConfig


class TablesOfAccounts(AccountConfig):
    """The same without the look at the middleware."""

    name = "allauth.account"

    def ready(self) -> None:
        """Leave the settings as they are."""
