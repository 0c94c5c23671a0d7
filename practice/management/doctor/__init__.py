"""Looks at an installation as its operator would, and says in words what to do.

Each check is a function that yields findings. What a check cannot see it leaves to one that can:
run as the server's role and as the owner of the tables, doctor sees different things.
"""
