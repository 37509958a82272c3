"""The tree of exceptions. All share one base class, so a caller can catch all of them.

* ExperimentsError
  x SegmentationError          course_user_segmentation.data
    + InvalidSegmentation      (ValueError)
    + NoSuchSegmentation       (LookupError)
      . NoSuchPartition        (ValueError)  services.partitions
    + NoSuchGroup              (LookupError)
    + NotAssignable
    + InvalidId                (ValueError)  an id of a course, user or block cannot be stored
  x TagError                   user_tags.data
    + InvalidTag               (ValueError)
    + Conflict                 a tag has changed since the caller read it
    + NotOwner                 (PermissionError)
    + GlobalIsReadOnly         (PermissionError)
    + NoUser
  x GradebookError             gradebook.data
    + InvalidScore             (ValueError)
  x OlxError                   olx.untrusted
    + InvalidCourse            (ValueError)
    + CourseTooLarge           (ValueError)
  x UnreadableSource           (ValueError)  platform.tags.data
  x EditedMeanwhile            workbench.storage.edit: another author has saved a change first
  x NotWritten                 workbench.import_export.block_xml: a block cannot be written as OLX
  x NotStaff                   (PermissionError)  the call is for staff only
  x NotSent                    another system did not accept an event from the outbox
  x OtherUser                  (PermissionError)  a block requested another user's data
  x NotStored                  the database failed; the same call may succeed later
"""

from __future__ import annotations


class ExperimentsError(Exception):
    """The base class of this package's exceptions."""


class NotStaff(ExperimentsError, PermissionError):
    """Raised if a user who is not staff calls something for staff only. Nothing was changed."""


class NotSent(ExperimentsError):
    """Raised if another system did not accept an event. This event and later ones still wait."""


class OtherUser(ExperimentsError, PermissionError):
    """Raised if a block requests another user than the block's own. Nothing was changed."""


class NotStored(ExperimentsError):
    """Raised if the database failed. No change is half done; the same call may succeed later."""
