"""Sorts the keys in stored JSON, so that equal dictionaries have equal texts."""

import json

from django.db import migrations

from xblock_experiments.database.rows import in_pages


def put_keys_in_order(apps, schema_editor):
    tags = apps.get_model("xblock_experiments_user_tags", "Tag").objects
    rows = tags.using(schema_editor.connection.alias)
    for row in in_pages(rows.filter(value__contains="{")):
        value = json.dumps(json.loads(row.value), separators=(",", ":"), sort_keys=True)
        # Skips rows that a block has written in between: their keys are sorted already.
        rows.filter(pk=row.pk, value=row.value).update(value=value)


class Migration(migrations.Migration):
    # Rows are updated one by one, and can be updated again, so no lock is held for long.
    atomic = False

    dependencies = [
        ("xblock_experiments_user_tags", "0002_written_once"),
    ]

    operations = [
        migrations.RunPython(put_keys_in_order, migrations.RunPython.noop),
    ]
