"""Fields that more than one app may need."""

from django.db import models


class UnreturnedAutoField(models.BigAutoField):
    """An id that is not read back: INSERT … RETURNING needs the right to read the row.

    A visitor who fails to sign in leaves an entry of the audit, and may read none.
    """

    db_returning = False
