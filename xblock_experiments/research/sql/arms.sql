-- The learners that an experiment has assigned, each in the group that was assigned first.
-- Run this after the statements that load the tables: the questions ask this view.
--
-- Learners whom staff put into a group, or whom an import brought along, are left out: nothing drew
-- their group. A learner who was moved later is marked, because the learner can have seen two arms.
CREATE VIEW arms AS
SELECT
    course_id,
    segmentation_id,
    learner,
    max(CASE WHEN number = 1 THEN version END) AS arm_version,
    max(CASE WHEN number = 1 THEN to_group_id END) AS arm_id,
    min(moved) AS assigned,
    max(number) > 1 AS is_moved
FROM assignments
-- A segmentation of another type can have the same id.
WHERE type = 'experiment'
GROUP BY course_id, segmentation_id, learner
HAVING max(CASE WHEN number = 1 AND why = 'assigned' THEN 1 ELSE 0 END) = 1;
