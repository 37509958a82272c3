"""A learner who is moved can be exposed to a second arm of a block.

The first release also recorded exposures of learners without a group. Their rows stay, with the
group -1: NULLs are never equal, so a constraint over them would not hold.
"""

from django.db import migrations, models
from django.db.models import Exists, OuterRef

EXPERIMENTS = "xblock_experiments_experiments"
NO_GROUP = -1


def _exposures(apps, schema_editor):
    return apps.get_model(EXPERIMENTS, "Exposure").objects.using(schema_editor.connection.alias)


def fill(apps, schema_editor):
    _exposures(apps, schema_editor).filter(group_id=None).update(group_id=NO_GROUP)


def clear(apps, schema_editor):
    _exposures(apps, schema_editor).filter(group_id=NO_GROUP).update(group_id=None)


def keep_first(apps, schema_editor):
    """Delete exposures to second arms, for which the earlier release has no place."""
    exposures = _exposures(apps, schema_editor)
    same = ("user_id", "course_id", "segmentation_number", "usage_id")
    earlier = exposures.filter(pk__lt=OuterRef("pk"), **{name: OuterRef(name) for name in same})
    later = list(exposures.filter(Exists(earlier)).values_list("pk", flat=True))
    for start in range(0, len(later), 1_000):
        exposures.filter(pk__in=later[start : start + 1_000]).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('xblock_experiments_experiments', '0002_races_and_size'),
    ]

    operations = [
        migrations.AlterField(
            model_name='exposure',
            name='group_id',
            field=models.IntegerField(null=True),
        ),
        migrations.RunPython(fill, clear, elidable=True),
        migrations.AlterField(
            model_name='exposure',
            name='group_id',
            field=models.IntegerField(),
        ),
        # Added before the old constraint is removed, so that one of them always holds.
        migrations.AddConstraint(
            model_name='exposure',
            constraint=models.UniqueConstraint(fields=('user_id', 'course_id', 'segmentation_number', 'usage_id', 'group_id'), name='xbexp_one_exposure_of_each'),
        ),
        migrations.RemoveConstraint(
            model_name='exposure',
            name='xbexp_one_exposure_each',
        ),
        migrations.RunPython(migrations.RunPython.noop, keep_first, elidable=True),
    ]
