from django.conf import settings
from django.db import migrations

from relationships.models import sealed_history


def adopt(apps, schema_editor):
    """Record in the audit the history there is already."""
    models = (("relationships", "Event"), ("audit", "Entry"), ("audit", "Chain"))
    event, entry, chain = (apps.get_model(*names) for names in models)
    if settings.AUDIT_KEY:
        sealed_history.adopt(event, entry, chain)
    elif event.objects.exists():
        print("\n    The history is not in the audit yet: set AUDIT_KEY, then manage.py adopt_history")  # noqa: T201


class Migration(migrations.Migration):
    dependencies = [("relationships", "0003_erasure"), ("audit", "0002_walls")]

    operations = [migrations.RunPython(adopt, migrations.RunPython.noop)]
