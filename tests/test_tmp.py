import pytest
from django.db import connection
@pytest.mark.django_db
def test_db():
    with connection.cursor() as c:
        c.execute("select upper('é')"); print(c.fetchone(), connection.vendor, connection.settings_dict["NAME"])
        if connection.vendor == "postgresql":
            c.execute("select version()"); print(c.fetchone())
def test_plain(): pass
