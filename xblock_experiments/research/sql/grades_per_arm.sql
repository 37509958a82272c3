-- How high are the grades in each arm? Learners who were moved are left out.
SELECT
    arms.course_id AS course_id,
    arms.segmentation_id AS segmentation_id,
    arms.arm_version AS arm_version,
    arms.arm_id AS arm_id,
    count(*) AS learners,
    avg(grades.percent) AS mean_percent,
    var_samp(grades.percent) AS variance
FROM arms
JOIN grades
    ON grades.course_id = arms.course_id
    AND grades.learner = arms.learner
WHERE NOT arms.is_moved
GROUP BY arms.course_id, arms.segmentation_id, arms.arm_version, arms.arm_id
ORDER BY course_id, segmentation_id, arm_version, arm_id;
