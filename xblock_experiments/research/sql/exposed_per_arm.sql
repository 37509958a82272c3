-- How many learners of each arm were shown its content?
SELECT
    arms.course_id AS course_id,
    arms.segmentation_id AS segmentation_id,
    arms.arm_version AS arm_version,
    arms.arm_id AS arm_id,
    count(DISTINCT arms.learner) AS learners
FROM arms
JOIN exposures
    ON exposures.course_id = arms.course_id
    AND exposures.segmentation_id = arms.segmentation_id
    AND exposures.learner = arms.learner
    AND exposures.group_id = arms.arm_id
GROUP BY arms.course_id, arms.segmentation_id, arms.arm_version, arms.arm_id
ORDER BY course_id, segmentation_id, arm_version, arm_id;
