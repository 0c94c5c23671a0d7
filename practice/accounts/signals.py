"""What the layers above may want to know. Sent in the transaction that does it."""

from django.dispatch import Signal

time_zone_changed = Signal()  # user
therapist_added = Signal()  # therapist
