"""The answer to a request whose handler raised an error."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from webob import Response
from xblock.exceptions import NoSuchHandlerError, NotFoundError, ProcessingError

from xblock_experiments.blocks.base.guard import Failed
from xblock_experiments.blocks.base.revision import CHANGED_SINCE
from xblock_experiments.blocks.experiment.content_sentences import consequences_of
from xblock_experiments.errors import ExperimentsError, NotStaff, NotStored
from xblock_experiments.olx.sentences import translated
from xblock_experiments.olx.untrusted import CourseTooLarge
from xblock_experiments.workbench.hosting.i18n import translations_of
from xblock_experiments.workbench.requests.confirmation import Unconfirmed
from xblock_experiments.workbench.storage.edit import EditedMeanwhile

log = logging.getLogger(__name__)


type Answer = Callable[[Any], Response]


def answer_to(error: Exception, *, block: Any, user_id: str | None) -> Response:
    """Return the answer to an error that the block raised while it handled the user's request.

    Logs errors that neither the user nor an author can correct.
    """
    error = error.error if isinstance(error, Failed) else error
    for cls in type(error).__mro__:
        if answer := ANSWERS.get(cls):
            response = answer(error)
            if response.status_code >= 500:
                log.error("%s could not store the answer of user %s. %s", block, user_id, error)
            return response
    log.exception("%s could not handle a request of user %s.", block, user_id)
    return Response(status=500)


def _status(status: int) -> Answer:
    return lambda error: Response(status=status)


def _overtaken(error: EditedMeanwhile) -> Response:
    message = translations_of().gettext(CHANGED_SINCE)
    return Response(status=409, json_body={"error": message}, charset="UTF-8")


def _asked(error: Unconfirmed) -> Response:
    """Return what saving would do, and how to agree to it."""
    i18n = translations_of()
    body = {
        "error": i18n.gettext("Nothing is saved yet. Saving changes what learners see."),
        "consequences": consequences_of(error.changes, i18n),
        "confirm": error.token,
    }
    return Response(status=409, json_body=body, charset="UTF-8")


def _too_large(error: CourseTooLarge) -> Response:
    message = translated(error.sentence, translations_of().gettext)
    return Response(status=422, json_body={"error": message}, charset="UTF-8")


def _explained(error: ProcessingError) -> Response:
    """Return the block's own explanation for the learner, in the platform's form."""
    return Response(json_body={"success": str(error)}, charset="UTF-8")


ANSWERS: dict[type[Exception], Answer] = {
    Http404: _status(404),
    NoSuchHandlerError: _status(404),
    NotFoundError: _status(404),
    NotStaff: _status(403),
    PermissionDenied: _status(403),
    EditedMeanwhile: _overtaken,
    Unconfirmed: _asked,
    CourseTooLarge: _too_large,
    NotStored: _status(503),
    ProcessingError: _explained,
}
"""The answer to each class of errors. The most specific class of an error decides."""

ANSWERED: tuple[type[Exception], ...] = (ExperimentsError, *ANSWERS)
"""The errors that have an answer. All other errors of a handler are faults of this package."""
