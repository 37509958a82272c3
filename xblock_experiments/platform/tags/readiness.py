"""The check that the database has the tables for the import."""

from __future__ import annotations

from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from xblock_experiments.course_user_segmentation.api import using
from xblock_experiments.database.transactions import reports_faults

_OURS = "xblock_experiments_"


@reports_faults
def is_migrated() -> bool:
    executor = MigrationExecutor(connections[using()])
    newest = executor.loader.graph.leaf_nodes()
    return not executor.migration_plan([node for node in newest if node[0].startswith(_OURS)])
