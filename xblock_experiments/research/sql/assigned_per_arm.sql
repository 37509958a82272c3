-- How many learners each arm was assigned, under each version of the experiment, and how many of
-- them were moved later? Versions are strata: weights and groups can differ between them.
SELECT
    course_id,
    segmentation_id,
    arm_version,
    arm_id,
    count(*) AS learners,
    sum(CASE WHEN is_moved THEN 1 ELSE 0 END) AS moved_learners
FROM arms
GROUP BY course_id, segmentation_id, arm_version, arm_id
ORDER BY course_id, segmentation_id, arm_version, arm_id;
