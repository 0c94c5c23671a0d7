from django.db import migrations, models

from relationships.models import rules

LOWER, RAISE = reversed(rules.HISTORY.operations)


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0001_initial'),
        ('relationships', '0002_walls'),
    ]

    operations = [
        LOWER,
        migrations.AddField(
            model_name='client',
            name='date_of_birth',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='client',
            name='keep_rule',
            field=models.CharField(choices=[('7_years', '7 years after the last session'), ('10_years', '10 years after the last session'), ('25th_birthday', 'Until the 25th birthday')], default='7_years', max_length=13),
        ),
        migrations.AddConstraint(
            model_name='client',
            constraint=models.CheckConstraint(condition=models.Q(('keep_rule__in', ['7_years', '10_years']), models.Q(('date_of_birth__isnull', False), ('keep_rule', '25th_birthday')), _connector='OR'), name='a_25th_birthday_needs_a_date_of_birth'),
        ),
        RAISE,
    ]
