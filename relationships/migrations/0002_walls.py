from django.db import migrations

from relationships.models import rules


class Migration(migrations.Migration):
    dependencies = [("relationships", "0001_initial")]

    operations = [rules.HISTORY.operations[0]]
