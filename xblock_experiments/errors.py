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
  x GradebookError             gradebook.data
    + InvalidScore             (ValueError)
  x OlxError                   untrusted
    + InvalidCourse            (ValueError)
    + CourseTooLarge           (ValueError)
  x EditedMeanwhile            workbench.editing: two authors at once, and this is the later one
  x NotWritten                 workbench.rewriting: a block that its own package cannot write as OLX
  x NotStaff                   (PermissionError)  who is no staff asked for what is staff's
  x NotStored                  the database could not; the same call may be done later
"""

from __future__ import annotations


class ExperimentsError(Exception):
    """What all errors of this package are."""


class NotStaff(ExperimentsError, PermissionError):
    """Somebody who is not staff asked for what only staff may do or know. Nothing was changed."""


class NotStored(ExperimentsError):
    """The database could not do it now. Nothing is half done; the same call may succeed later."""
