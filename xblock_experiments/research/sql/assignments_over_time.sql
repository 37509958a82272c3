-- How many learners were assigned to each arm on each day, in UTC?
SELECT
    course_id,
    segmentation_id,
    CAST(assigned AS DATE) AS assigned_on,
    arm_id,
    count(*) AS learners
FROM arms
GROUP BY course_id, segmentation_id, CAST(assigned AS DATE), arm_id
ORDER BY course_id, segmentation_id, assigned_on, arm_id;
