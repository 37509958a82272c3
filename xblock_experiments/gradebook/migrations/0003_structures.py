from django.db import migrations, models

import xblock_experiments.database.fields


class Migration(migrations.Migration):

    dependencies = [
        ('xblock_experiments_gradebook', '0002_history'),
    ]

    operations = [
        migrations.CreateModel(
            name='Structure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('course_id', xblock_experiments.database.fields.ExactField(max_length=255)),
                ('version', models.PositiveIntegerField()),
                ('definition', models.TextField(help_text='The structure as JSON.')),
                ('published', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('course_id', 'version'), name='xbexp_one_structure')],
            },
        ),
        migrations.CreateModel(
            name='Block',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('course_id', xblock_experiments.database.fields.ExactField(max_length=255)),
                ('usage_id', xblock_experiments.database.fields.ExactField(max_length=255)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('course_id', 'usage_id'), name='xbexp_one_block')],
            },
        ),
    ]
