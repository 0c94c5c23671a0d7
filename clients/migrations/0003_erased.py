from django.db import migrations, models

from relationships.models import rules

LOWER, RAISE = reversed(rules.HISTORY.operations)


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0002_keep_until'),
        ('relationships', '0002_walls'),
    ]

    operations = [
        LOWER,
        migrations.AddField(
            model_name='client',
            name='erased_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddConstraint(
            model_name='client',
            constraint=models.CheckConstraint(condition=models.Q(('erased_at__isnull', True), models.Q(('account__isnull', True), ('active_relationships', 0), ('date_of_birth__isnull', True), ('email', ''), ('name', 'Erased client'), ('phone', ''), ('preferred_name', ''), ('search_text', '')), _connector='OR'), name='erased_means_nameless_and_inactive'),
        ),
        RAISE,
    ]
