"""The tree of errors. One base, so that a caller can catch all that this package raises.

* ExperimentsError
  x SegmentationError          course_user_segmentation.data
    + InvalidSegmentation      (ValueError)
    + NoSuchSegmentation       (LookupError)
    + NoSuchGroup              (LookupError)
    + NotAssignable
    + InvalidId                (ValueError)  a course's, user's or block's id that cannot be stored
  x TagError                   user_tags.data
    + InvalidTag               (ValueError)
    + NotOwner                 (PermissionError)
    + GlobalIsReadOnly         (PermissionError)
    + NoUser
  x OlxError                   untrusted
    + InvalidCourse            (ValueError)
    + CourseTooLarge           (ValueError)
"""

from __future__ import annotations


class ExperimentsError(Exception):
    """What all errors of this package are."""
