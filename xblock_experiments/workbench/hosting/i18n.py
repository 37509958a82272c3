"""The service `i18n`: a block's sentences in the language of the page, as its package has them.

Packages ship their translations as they do for Open edX.
"""

from __future__ import annotations

import gettext
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import get_language, to_locale
from xblock.runtime import NullI18nService

OURS = "xblock_experiments"
_FOLDERS = ("conf/locale", "locale", "translations")
_DOMAINS = ("text", "django")


class Translations(NullI18nService):
    """What blocks find in gettext's translations, and XBlock's own short cuts."""

    def __init__(self, translations: gettext.NullTranslations) -> None:
        super().__init__()
        self._translations = translations


def translations_for(block: Any) -> Translations:
    cls = getattr(block, "unmixed_class", type(block))
    return translations_of(cls.__module__.partition(".")[0])


def translations_of(package: str = OURS) -> Translations:
    """Into Django's language of the moment; where the package has none, into none."""
    return _translations(package, get_language() or settings.LANGUAGE_CODE)


@cache
def _translations(package: str, language: str) -> Translations:
    found = gettext.NullTranslations()
    for path in reversed([*_files(package, to_locale(language))]):
        with path.open("rb") as file:
            translations = gettext.GNUTranslations(file)
        translations.add_fallback(found)
        found = translations
    return Translations(found)


def _files(package: str, locale: str) -> Iterator[Path]:
    """What is looked at first comes first: es_419 before es."""
    for root in getattr(sys.modules.get(package), "__path__", ()):
        for folder in _FOLDERS:
            for domain in _DOMAINS:
                yield from map(Path, gettext.find(domain, Path(root, folder), [locale], all=True))
