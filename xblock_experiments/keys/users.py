"""Names under which the platform's `user` service has facts about the user."""

from __future__ import annotations

IS_STAFF = "edx-platform.user_is_staff"
USER_ID = "edx-platform.user_id"
