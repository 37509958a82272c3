"""Equal dictionaries have equal texts from now on, by which they are compared."""

import json

from django.db import migrations

from xblock_experiments.database.rows import in_pages


def put_keys_in_order(apps, schema_editor):
    tags = apps.get_model("xblock_experiments_user_tags", "Tag").objects
    rows = tags.using(schema_editor.connection.alias)
    for row in in_pages(rows.filter(value__contains="{")):
        value = json.dumps(json.loads(row.value), separators=(",", ":"), sort_keys=True)
        # Not where a block has written meanwhile: that is in order.
        rows.filter(pk=row.pk, value=row.value).update(value=value)


class Migration(migrations.Migration):
    # Row by row, and the same when it is done again: no lock is held for long.
    atomic = False

    dependencies = [
        ("xblock_experiments_user_tags", "0002_written_once"),
    ]

    operations = [
        migrations.RunPython(put_keys_in_order, migrations.RunPython.noop),
    ]
