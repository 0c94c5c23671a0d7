"""What the layers above may want to know. Sent in the transaction that does it."""

from django.dispatch import Signal

account_claimed = Signal()  # user: before, it was not known whose the account was
time_zone_changed = Signal()  # user
therapist_added = Signal()  # therapist
