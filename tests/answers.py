"""Answers to Open edX's problems, sent as a browser sends them."""

from __future__ import annotations

import json
from typing import Any

from webob import Request

from xblock_experiments.testing import LoadedCourse, find_block


def send(
    course: LoadedCourse,
    user_id: str | None,
    url_name: str,
    action: str = "problem_check",
    answer: str | list[str] | None = None,
    *,
    handler: str = "xmodule_handler",
    staff: bool = False,
) -> Any:
    """Return the response to the action. A list answers a checkbox problem."""
    block = find_block(course, user_id, url_name, staff=staff)
    name = f"input_{block.usage_key.html_id()}_2_1"
    if isinstance(answer, list):
        fields = [(f"{name}[]", each) for each in answer]
    else:
        fields = [] if answer is None else [(name, answer)]
    request = Request.blank("/", method="POST", POST=fields)
    return block.runtime.handle(block, handler, request, action)


def body_of(response: Any) -> dict[str, Any]:
    assert response.status_code == 200, response
    body_of: dict[str, Any] = json.loads(response.body)
    return body_of


def send_json(
    course: LoadedCourse,
    user_id: str | None,
    url_name: str,
    handler: str,
    data: Any,
    *,
    staff: bool = False,
) -> Any:
    block = find_block(course, user_id, url_name, staff=staff)
    request = Request.blank("/", method="POST", body=json.dumps(data).encode())
    return block.runtime.handle(block, handler, request)
