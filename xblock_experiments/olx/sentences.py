"""Sentences about courses: in English as text, and in the reader's language on a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

_CHARACTERS = 300


class Sentence(str):
    """An English sentence with the message and the values from which it is translated.

    It is one printable line of at most 300 characters, whatever its values are.
    """

    __slots__ = ("msgid", "values")

    msgid: str
    values: dict[str, str]

    def __new__(cls, msgid: str, **values: object) -> Self:
        """Fill the message with the values, each of which may be a sentence or an error."""
        texts = {name: _text(value) for name, value in values.items()}
        sentence = super().__new__(cls, shown(msgid.format(**texts)))
        sentence.msgid, sentence.values = msgid, texts
        return sentence

    def __getnewargs_ex__(self) -> Any:
        return (self.msgid,), self.values


def in_file(file: str, reason: str) -> Sentence:
    """Return the reason with the file that it is about."""
    return Sentence("{file}: {reason}", file=file, reason=reason)


def translated(text: str, gettext: Callable[[str], str]) -> str:
    """Return a sentence in the language of `gettext`, and any other text unchanged."""
    if not isinstance(text, Sentence):
        return text
    message = gettext(text.msgid)
    values = {name: translated(value, gettext) for name, value in text.values.items()}
    if message != text.msgid:
        values = {name: _isolated(value) for name, value in values.items()}
    return message.format(**values)


def shown(text: object) -> str:
    """Return the text as one printable line of at most 300 characters."""
    line = "".join(character if character.isprintable() else " " for character in str(text))
    return line if len(line) <= _CHARACTERS else f"{line[: _CHARACTERS - 1]}…"


def _text(value: object) -> str:
    """Return the text, which is a sentence if the value is one, or is an error that has one."""
    if isinstance(value, Exception) and isinstance(next(iter(value.args), None), Sentence):
        value = value.args[0]
    return value if isinstance(value, Sentence) else shown(value)


def _isolated(value: str) -> str:
    """Isolate the direction of a value, because the language may have the other one."""
    return f"\u2068{value}\u2069"
