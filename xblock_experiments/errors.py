"""The tree of exceptions. All share one base class, so a caller can catch all of them.

* ExperimentsError
  x SegmentationError          course_user_segmentation.data
    + InvalidSegmentation      (ValueError)
    + NoSuchSegmentation       (LookupError)
      . NoSuchPartition        (ValueError)  services.partitions
    + NoSuchGroup              (LookupError)
    + NotAssignable
    + InvalidId                (WrongId)
  x TagError                   user_tags.data
    + InvalidTag               (ValueError)
    + Conflict                 a tag has changed since the caller read it
    + NotOwner                 (PermissionError)
    + GlobalIsReadOnly         (PermissionError)
    + NoUser
    + NoService                the runtime lacks the service `user_info`, which the block wants
    + InvalidTagId             (WrongId, InvalidTag)
  x GradebookError             gradebook.data
    + InvalidScore             (ValueError)
      . InvalidScoreId         (WrongId)
    + InvalidPolicy            (ValueError)  gradebook.policy
    + NoStructure              (LookupError)
    + NoSuchReport             (LookupError)
    + TooManyWays              (ValueError)
  x JobError                   jobs.data
    + InvalidJobId             (WrongId)
    + NoSuchKind               (LookupError)
    + NoSuchJob                (LookupError)
    + JobIsActive
    + NoFile                   (LookupError)
    + CannotBeDone             a job has a reason to fail that is shown to staff
  x ResearchError              research.pseudonyms
    + UnsafeKey                (ValueError)
    + NothingToExport          (LookupError)  research.bundle
    + NotExported              research.bundle: a bundle's path exists or cannot be written
  x OlxError                   olx.errors
    + InvalidCourse            (ValueError)
    + CourseTooLarge           (ValueError)
  x Unwritable                 commands.files: a path exists or cannot be written
  x UnreadableSource           (ValueError)  platform.tags.data
  x Failed                     blocks.base.guard: code of another package raised an error
  x EditedMeanwhile            workbench.storage.edit: another author has saved a change first
  x Unconfirmed                workbench.requests.confirmation: saving would change experiments
  x NotWritten                 workbench.import_export.block_xml: a block cannot be written as OLX
  x NotStaff                   (PermissionError)  the call is for staff only
  x NotSent                    another system did not accept an event from the outbox
  x OtherUser                  (PermissionError)  a block requested another user's data
  x RetiredUser                a call would store data about a retired user
  x NotStored                  the database failed; the same call may succeed later
  x MissingExtra               (ImportError)  a package that an extra installs cannot be imported
  x NoCourse                   (LookupError)  a runtime does not give the course of a block
  x WrongId                    (ValueError)  a value cannot be the id of a course, user or block
"""

from __future__ import annotations

from collections.abc import Iterable


class ExperimentsError(Exception):
    """The base class of this package's exceptions."""


class NotStaff(ExperimentsError, PermissionError):
    """Raised if a user who is not staff calls something for staff only. Nothing was changed."""


class NotSent(ExperimentsError):
    """Raised if another system did not accept an event. This event and later ones still wait."""


class OtherUser(ExperimentsError, PermissionError):
    """Raised if a block requests another user than the block's own. Nothing was changed."""


class RetiredUser(ExperimentsError):
    """Raised if a call would store data about retired users. Nothing about them is stored."""

    def __init__(self, user_ids: Iterable[str]) -> None:
        self.user_ids = frozenset(user_ids)
        names = ", ".join(map(repr, sorted(self.user_ids)))
        super().__init__(
            f"Nothing is stored about {names}: the user is retired. Leave the id out, or give a "
            "person who returns a new id."
        )


class NotStored(ExperimentsError):
    """Raised if the database failed. No change is half done; the same call may succeed later."""


class MissingExtra(ExperimentsError, ImportError):
    """Raised if a module needs packages that one of this package's extras installs."""

    def __init__(self, module: str, extra: str, cause: ImportError) -> None:
        """Name the module, the extra to install, and the import that failed."""
        super().__init__(
            f"{module} needs packages that are not installed ({cause}). Install them: "
            f"pip install 'xblock-experiments[{extra}]'.",
            name=cause.name,
        )


class NoCourse(ExperimentsError, LookupError):
    """Raised if neither a block's usage id nor its runtime gives the course of the block."""


class WrongId(ExperimentsError, ValueError):
    """Raised for a value that cannot be an id of a course, a user or a block. Nothing was changed.

    Each store raises its own subclass.
    """
