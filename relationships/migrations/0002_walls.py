from django.db import migrations

from relationships import walls


class Migration(migrations.Migration):
    dependencies = [("relationships", "0001_initial")]

    operations = [walls.HISTORY.operations[0]]
