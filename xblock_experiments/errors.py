"""The tree of errors. One base, so that a caller can catch all that this package raises.

* ExperimentsError
  x SegmentationError          course_user_segmentation.data
    + InvalidSegmentation      (ValueError)
    + NoSuchSegmentation       (LookupError)
      . NoSuchPartition        (ValueError)  platform.data
    + NoSuchGroup              (LookupError)
    + NotAssignable
    + InvalidId                (ValueError)  a course's, user's or block's id that cannot be stored
  x TagError                   user_tags.data
    + InvalidTag               (ValueError)
    + Conflict                 a tag was changed since the caller read it
    + NotOwner                 (PermissionError)
    + GlobalIsReadOnly         (PermissionError)
    + NoUser
  x GradebookError             gradebook.data
    + InvalidScore             (ValueError)
  x OlxError                   untrusted
    + InvalidCourse            (ValueError)
    + CourseTooLarge           (ValueError)
  x UnreadableSource           (ValueError)  platform.data
  x EditedMeanwhile            workbench.editing: two authors at once, and this is the later one
  x NotWritten                 workbench.rewriting: a block that its own package cannot write as OLX
  x NotStaff                   (PermissionError)  who is no staff asked for what is staff's
  x NotSent                    another system did not take events that wait for it
  x OtherUser                  (PermissionError)  a block asked for what is another user's
  x NotStored                  the database could not; the same call may be done later
"""

from __future__ import annotations


class ExperimentsError(Exception):
    """What all errors of this package are."""


class NotStaff(ExperimentsError, PermissionError):
    """Somebody who is not staff asked for what only staff may do or know. Nothing was changed."""


class NotSent(ExperimentsError):
    """Another system did not take an event. The event, and those after it, still wait."""


class OtherUser(ExperimentsError, PermissionError):
    """A block asked for another user than the one it was made for. Nothing was told or changed."""


class NotStored(ExperimentsError):
    """The database could not do it now. Nothing is half done; the same call may succeed later."""
