"""The tables of a bundle: their columns, and the references between them.

This is the only declaration. The header and the cells of CSV, the schema of Parquet, the manifest,
the README, the statements that load the tables, and the checks all follow it.

Columns of text come last in each table. Cells before them are never quoted in CSV, so the verifier
finds them by their commas.
"""

from __future__ import annotations

from xblock_experiments.research.columns import (
    FLAG,
    INTEGER,
    JSON,
    MOMENT,
    NUMBER,
    PSEUDONYM,
    TEXT,
    Column,
    Reference,
    Table,
)

_LEARNER = Column("learner", PSEUDONYM, "The learner's pseudonym.")
_SEGMENTATION = Column("segmentation_id", INTEGER, "The id of the segmentation in its course.")
_TYPE = Column(
    "type",
    TEXT,
    "The type of the segmentation. Only experiments assign at random. Segmentations of two types "
    "can have the same id.",
)
_OF_LEARNER = Reference(("learner",), "learners")

LEARNERS = Table(
    "learners",
    "A row for each learner of the course. Learners who were retired are in no table.",
    (_LEARNER,),
    key=("learner",),
)
ASSIGNMENTS = Table(
    "assignments",
    "A row for each move of a learner into a group, between groups, or out of one, in all "
    "segmentations of the course.",
    (
        _LEARNER,
        _SEGMENTATION,
        Column("number", INTEGER, "The order of the learner's moves in the segmentation, from 1."),
        Column("version", INTEGER, "The version of the segmentation at the move."),
        Column("from_group_id", INTEGER, "The id of the group before, or empty.", True),
        Column("to_group_id", INTEGER, "The id of the group afterwards, or empty.", True),
        Column(
            "version_by_time",
            FLAG,
            "True if the version was not stored, but is the newest from before the move.",
        ),
        Column("moved", MOMENT, "The time of the move."),
        Column(
            "actor", PSEUDONYM, "The pseudonym of the member of staff who did it, or empty.", True
        ),
        _TYPE,
        Column(
            "why",
            TEXT,
            "The reason: assigned, group removed, imported, put or removed. Moves by the first "
            "release out of a removed group have group removed, first rule.",
        ),
    ),
    key=("learner", "segmentation_id", "type", "number"),
    references=(_OF_LEARNER, Reference(("segmentation_id", "type", "version"), "configurations")),
)
EXPOSURES = Table(
    "exposures",
    "A row for each learner, block and group, with the first time that the block showed the "
    "group's arm.",
    (
        _LEARNER,
        Column("segmentation_id", INTEGER, "The id of the experiment in its course."),
        Column("number", INTEGER, "The order of the learner's exposures, from 1."),
        Column(
            "group_id",
            INTEGER,
            "The id of the learner's group at that time. Empty for a learner without a group, as "
            "the first release recorded.",
            True,
        ),
        Column("shown", MOMENT, "The time at which it was shown first."),
        Column("usage_id", TEXT, "The usage id of the block that showed the arm."),
    ),
    key=("learner", "segmentation_id", "number"),
    references=(_OF_LEARNER, Reference(("segmentation_id",), "configurations")),
)
SCORES = Table(
    "scores",
    "A row for each recorded score of a learner in a block, in the block's own points.",
    (
        _LEARNER,
        Column("number", INTEGER, "The order of the learner's scores, block by block, from 1."),
        Column("earned", NUMBER, "The earned points."),
        Column("possible", NUMBER, "The possible points."),
        Column(
            "counted",
            FLAG,
            "True if the score counted from then on. A lower score does not, if the block keeps "
            "the best.",
        ),
        Column("recorded", MOMENT, "The time at which it was recorded."),
        Column("usage_id", TEXT, "The usage id of the block."),
    ),
    key=("learner", "number"),
    references=(_OF_LEARNER,),
)
PROBLEMS = Table(
    "problems",
    "A row for each learner and scored block that the learner is given now or has a score in.",
    (
        _LEARNER,
        Column("number", INTEGER, "The order of the learner's blocks, from 1."),
        Column("given", FLAG, "True if the learner is given the block now."),
        Column("calls", INTEGER, "The number of scores that the block reported, equal ones too."),
        Column("earned", NUMBER, "The points that count, or empty without a score.", True),
        Column(
            "possible",
            NUMBER,
            "The possible points, without a weight. Without a score, those that the block "
            "declares, or empty.",
            True,
        ),
        Column("recorded", MOMENT, "The time of the score that counts, or empty.", True),
        Column("usage_id", TEXT, "The usage id of the block."),
    ),
    key=("learner", "number"),
    references=(_OF_LEARNER,),
)
GRADES = Table(
    "grades",
    "A row for each learner with the grade in the course.",
    (
        _LEARNER,
        Column("percent", NUMBER, "The grade from 0 to 1, not rounded."),
        Column("earned", NUMBER, "The earned points of all graded sequences, weighted."),
        Column("possible", NUMBER, "The possible points of all graded sequences, weighted."),
        Column("letter", TEXT, "The letter by the course's ranges, or empty."),
    ),
    key=("learner",),
    references=(_OF_LEARNER,),
)
SEQUENCE_GRADES = Table(
    "sequence_grades",
    "A row for each learner and graded sequence that the learner is given.",
    (
        _LEARNER,
        Column("number", INTEGER, "The order of the learner's sequences, from 1."),
        Column("earned", NUMBER, "The earned points, weighted."),
        Column("possible", NUMBER, "The possible points, weighted."),
        Column("usage_id", TEXT, "The usage id of the sequence."),
    ),
    key=("learner", "number"),
    references=(_OF_LEARNER,),
)
TAGS = Table(
    "tags",
    "A row for each tag of a learner in the course that the site allows in events.",
    (
        _LEARNER,
        Column("number", INTEGER, "The order of the learner's tags, from 1."),
        Column("key", TEXT, "The full key of the tag."),
        Column("value", JSON, "The value, as JSON."),
    ),
    key=("learner", "number"),
    references=(_OF_LEARNER,),
)
CONFIGURATIONS = Table(
    "configurations",
    "A row for each version of each segmentation that the course has or had.",
    (
        _SEGMENTATION,
        Column("version", INTEGER, "The number of the version, from 1."),
        Column("removed", FLAG, "True if this version removed it from the course's list."),
        Column("published", MOMENT, "The time at which the version was published."),
        Column(
            "actor", PSEUDONYM, "The pseudonym of the member of staff who did it, or empty.", True
        ),
        _TYPE,
        Column("name", TEXT, "The name that authors see."),
        Column(
            "definition",
            JSON,
            "The definition with its groups, weights and salt, as Open edX's UserPartition JSON. "
            "It has only the parameters by which rules assign.",
        ),
    ),
    key=("segmentation_id", "type", "version"),
)
BLOCKS = Table(
    "blocks",
    "A row for each scored block in each sequence of the course, as last published.",
    (
        Column("number", INTEGER, "The order of the blocks in the course, from 1."),
        Column("possible", NUMBER, "The points that the block declares, or empty.", True),
        Column("weight", NUMBER, "The points that the author gave to it, or empty.", True),
        Column("graded", FLAG, "True if its score counts for the grade."),
        Column("due", MOMENT, "The due date, or empty.", True),
        Column("usage_id", TEXT, "The usage id of the block."),
        Column("type", TEXT, "The type of the block, for example problem."),
        Column("display_name", TEXT, "The name of the block."),
        Column("unit_id", TEXT, "The usage id of the unit that it stands in."),
        Column("sequence_id", TEXT, "The usage id of the sequence."),
        Column("sequence_name", TEXT, "The name of the sequence."),
        Column("format", TEXT, "The assignment type of the sequence, or empty."),
        Column(
            "arms",
            JSON,
            "The arms that the block stands in: an object of group ids by segmentation id.",
        ),
    ),
    key=("number",),
)

TABLES = (
    *(LEARNERS, ASSIGNMENTS, EXPOSURES, SCORES, PROBLEMS, GRADES, SEQUENCE_GRADES, TAGS),
    *(CONFIGURATIONS, BLOCKS),
)
