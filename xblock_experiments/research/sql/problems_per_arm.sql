-- How do the learners of each arm do in each block that they are given? `mean_share` counts a block
-- that was not tried as 0. `mean_share_of_tried` leaves such learners out, so look at how many they
-- are in each arm first. Learners who were moved are left out.
--
-- Compare arms only on blocks that all arms have.
WITH results AS (
    SELECT
        arms.course_id AS course_id,
        arms.segmentation_id AS segmentation_id,
        arms.arm_version AS arm_version,
        arms.arm_id AS arm_id,
        problems.usage_id AS usage_id,
        CASE WHEN problems.earned IS NULL THEN 0 ELSE 1 END AS tried,
        CASE
            WHEN problems.earned IS NULL THEN 0.0
            WHEN problems.possible > 0 THEN problems.earned / problems.possible
            ELSE 0.0
        END AS share
    FROM arms
    JOIN problems
        ON problems.course_id = arms.course_id
        AND problems.learner = arms.learner
    WHERE NOT arms.is_moved AND problems.given
)
SELECT
    course_id,
    segmentation_id,
    arm_version,
    arm_id,
    usage_id,
    count(*) AS learners,
    sum(tried) AS tried_learners,
    avg(share) AS mean_share,
    var_samp(share) AS variance,
    avg(CASE WHEN tried = 1 THEN share END) AS mean_share_of_tried
FROM results
GROUP BY course_id, segmentation_id, arm_version, arm_id, usage_id
ORDER BY course_id, segmentation_id, arm_version, arm_id, usage_id;
