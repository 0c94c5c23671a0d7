from django.db import migrations

from practice.audit import rules


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [rules.RAISE]
