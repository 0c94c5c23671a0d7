import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from practice.diary import rules as diary
from relationships.models import rules


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0003_erased'),
        ('diary', '0002_walls'),  # whose walls stand on a table that is altered here
        ('relationships', '0002_walls'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        diary.LOWER,
        rules.HISTORY.operations[1],
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('relationship', models.BigIntegerField()),
                ('public_id', models.CharField(max_length=10)),
                ('what', models.CharField(choices=[('relationship', 'Relationship erased'), ('notes', 'Private notes blanked')], max_length=12)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='relationship',
            name='is_closed',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddConstraint(
            model_name='relationship',
            constraint=models.CheckConstraint(condition=models.Q(('is_closed', False), ('status', 'ended'), _connector='OR'), name='closed_means_ended'),
        ),
        migrations.AddField(
            model_name='erasure',
            name='by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='erasure',
            name='therapist',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='erasures', to='accounts.therapist'),
        ),
        migrations.AddIndex(
            model_name='erasure',
            index=models.Index(fields=['relationship', 'what'], name='erasure_of_relationship'),
        ),
        migrations.AddConstraint(
            model_name='erasure',
            constraint=models.CheckConstraint(condition=models.Q(('what__in', ['relationship', 'notes'])), name='known_erasure'),
        ),
        rules.RAISE,
        diary.RAISE,
    ]
