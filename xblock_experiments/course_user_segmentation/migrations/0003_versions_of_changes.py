"""Every past change gets the version of its segmentation, and moves by the first rule are named.

The first release moved the members of a removed group by the rule for newcomers. Their reason
becomes "group removed, first rule". The reverse migration restores it, and renames moves by the
second rule, so that nothing is confused if the migration is applied again.
"""

from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

STORE = "xblock_experiments_course_user_segmentation"
FIRST, SECOND = "group removed, first rule", "group removed, second rule"
PRESENT = "group removed"


def find_versions(apps, schema_editor):
    """Set each past change's version to the newest one from before the change."""
    using = schema_editor.connection.alias
    changes = apps.get_model(STORE, "PastChange").objects.using(using)
    versions = apps.get_model(STORE, "SegmentationVersion").objects.using(using)
    own = versions.filter(segmentation=OuterRef("segmentation"))
    before = own.filter(created__lte=OuterRef("when")).order_by("-version").values("version")[:1]
    oldest = own.order_by("version").values("version")[:1]
    version = Coalesce(Subquery(before), Subquery(oldest), F("version"))
    changes.update(version=version, version_by_time=True)


def name_first_rule(apps, schema_editor):
    _rename(apps, schema_editor, {PRESENT: FIRST, SECOND: PRESENT})


def name_present_rule(apps, schema_editor):
    _rename(apps, schema_editor, {PRESENT: SECOND, FIRST: PRESENT})


def _rename(apps, schema_editor, reasons):
    for name in ("Membership", "PastChange"):
        rows = apps.get_model(STORE, name).objects.using(schema_editor.connection.alias)
        for before, after in reasons.items():
            rows.filter(why=before).update(why=after)


class Migration(migrations.Migration):

    dependencies = [
        ('xblock_experiments_course_user_segmentation', '0002_races_and_size'),
    ]

    operations = [
        migrations.AddField(
            model_name='pastchange',
            name='version',
            field=models.PositiveIntegerField(default=1, help_text="The segmentation's, at the time."),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='pastchange',
            name='version_by_time',
            field=models.BooleanField(default=False, help_text='The first release kept no version: this one was the newest at the time.'),
        ),
        migrations.RunPython(find_versions, migrations.RunPython.noop, elidable=True),
        migrations.RunPython(name_first_rule, name_present_rule, elidable=True),
    ]
