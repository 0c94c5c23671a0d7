from django.db import migrations

from practice.audit import walls


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [walls.RAISE]
