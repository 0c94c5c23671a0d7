"""Telling people by mail what happens to their sessions: booked, moved, cancelled, put back.

What happens to a relationship is told to nobody: nothing of it has a way here. A change of a
session notes in its own transaction that there is something to tell (`Session.tell_at`). When that
is due, `planning.py` compares what is with what each receiver was told last, and writes down what
is to be sent; `sending.py` hands that to the mail server, outside of any transaction; `worker.py`
does both, again and again. `docs/messages.md` describes it.
"""
