"""Every recorded score is kept. A score of before is the first and only one in its history."""

from django.db import migrations, models
from django.db.models import F

import xblock_experiments.database.fields

HISTORY = """
    INSERT INTO xblock_experiments_gradebook_recordedscore
        (score_id, user_id, number, earned, possible, recorded, counted)
    SELECT id, user_id, 1, earned, possible, recorded, {true} FROM xblock_experiments_gradebook_score
"""


def begin(apps, schema_editor):
    alias = schema_editor.connection.alias
    scores = apps.get_model("xblock_experiments_gradebook", "Score").objects.using(alias)
    scores.update(number=1, last_number=1, last_earned=F("earned"), last_possible=F("possible"))
    # In SQL, because a table may have millions of scores.
    true = "1" if schema_editor.connection.vendor == "sqlite" else "TRUE"
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(HISTORY.format(true=true))


class Migration(migrations.Migration):

    dependencies = [
        ('xblock_experiments_gradebook', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='score',
            name='number',
            field=models.PositiveIntegerField(default=0, help_text='The number of the recorded score that counts. 0 for none yet.'),
        ),
        migrations.AddField(
            model_name='score',
            name='last_number',
            field=models.PositiveIntegerField(default=0, help_text='The number of the last recorded score.'),
        ),
        migrations.AddField(
            model_name='score',
            name='last_earned',
            field=models.FloatField(default=0.0),
        ),
        migrations.AddField(
            model_name='score',
            name='last_possible',
            field=models.FloatField(default=0.0),
        ),
        migrations.AddField(
            model_name='score',
            name='calls',
            field=models.PositiveIntegerField(default=1, help_text='The number of calls, including those with equal scores.'),
        ),
        migrations.CreateModel(
            name='RecordedScore',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(help_text='The order of the history, from 1.')),
                ('earned', models.FloatField()),
                ('possible', models.FloatField()),
                ('recorded', models.DateTimeField()),
                ('counted', models.BooleanField(help_text='Indicates whether it counted from then on.')),
                ('user_id', xblock_experiments.database.fields.ExactField(max_length=255)),
                ('score', models.ForeignKey(db_constraint=False, db_index=False, on_delete=models.deletion.DO_NOTHING, to='xblock_experiments_gradebook.score')),
            ],
            options={
                'indexes': [models.Index(fields=['user_id'], name='xbexp_recorded_of_user')],
                'constraints': [models.UniqueConstraint(fields=('score', 'number'), name='xbexp_one_recorded_score')],
            },
        ),
        migrations.RunPython(begin, migrations.RunPython.noop, elidable=True),
    ]
