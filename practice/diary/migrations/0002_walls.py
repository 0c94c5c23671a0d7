from django.db import migrations

from practice.diary import rules


class Migration(migrations.Migration):
    dependencies = [("diary", "0001_initial"), ("relationships", "0002_walls")]

    operations = [rules.RAISE]
