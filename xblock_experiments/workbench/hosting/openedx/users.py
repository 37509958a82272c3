"""The service `user`, with the attributes of the platform's."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils.crypto import salted_hmac
from workbench.runtime import WorkBenchUserService

from xblock_experiments.keys.users import USER_ID


class Users(WorkBenchUserService):
    """Knows one user, the current one. The workbench has no accounts."""

    def __init__(self, user_id: str | None) -> None:
        super().__init__(user_id)
        self._id = user_id
        self.get_current_user().opt_attrs |= {
            "edx-platform.anonymous_user_id": self.anonymous_id,
            "edx-platform.deprecated_anonymous_user_id": self.anonymous_id,
            "edx-platform.is_authenticated": user_id is not None,
            "edx-platform.request_country_code": None,
            USER_ID: user_id,
            "edx-platform.user_preferences": {},
            "edx-platform.user_role": "student",
            "edx-platform.username": user_id,
        }

    @property
    def anonymous_id(self) -> str:
        """The user's anonymous id: the same in all courses, and as long as the platform's."""
        return salted_hmac("anonymous user id", str(self._id), algorithm="md5").hexdigest()

    def get_anonymous_user_id(self, username: str, course_id: str) -> str | None:
        return self.anonymous_id if username == self._id else None

    def get_user_by_anonymous_id(self, uid: str | None = None) -> Any:
        """Return a user that is not in the database, or None for another user's id."""
        if self._id is None or uid not in (None, self.anonymous_id):
            return None
        (email,) = self.get_current_user().emails
        return User(id=self._id, username=self._id, email=email)
