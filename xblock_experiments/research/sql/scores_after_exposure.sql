-- How do learners do in each block after they were first shown their arm? The score is the last one
-- that counted. Learners who were moved are left out, as are scores from before the arm was shown.
-- Learners without a score after it are left out too, so look first at how many they are in each
-- arm.
WITH shown AS (
    SELECT course_id, segmentation_id, learner, group_id, min(shown) AS first_shown
    FROM exposures
    GROUP BY course_id, segmentation_id, learner, group_id
),
results AS (
    SELECT
        arms.course_id AS course_id,
        arms.segmentation_id AS segmentation_id,
        arms.arm_version AS arm_version,
        arms.arm_id AS arm_id,
        arms.learner AS learner,
        scores.usage_id AS usage_id,
        argMax(
            CASE WHEN scores.possible > 0 THEN scores.earned / scores.possible ELSE 0.0 END,
            scores.number
        ) AS share
    FROM arms
    JOIN shown
        ON shown.course_id = arms.course_id
        AND shown.segmentation_id = arms.segmentation_id
        AND shown.learner = arms.learner
        AND shown.group_id = arms.arm_id
    JOIN scores
        ON scores.course_id = arms.course_id
        AND scores.learner = arms.learner
    WHERE NOT arms.is_moved AND scores.counted AND scores.recorded >= shown.first_shown
    GROUP BY
        arms.course_id,
        arms.segmentation_id,
        arms.arm_version,
        arms.arm_id,
        arms.learner,
        scores.usage_id
)
SELECT
    course_id,
    segmentation_id,
    arm_version,
    arm_id,
    usage_id,
    count(*) AS learners,
    avg(share) AS mean_share,
    var_samp(share) AS variance
FROM results
GROUP BY course_id, segmentation_id, arm_version, arm_id, usage_id
ORDER BY course_id, segmentation_id, arm_version, arm_id, usage_id;
