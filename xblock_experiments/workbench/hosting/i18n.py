"""The service `i18n`, which translates a block's texts into the language of the page.

The translations are in the block's own package, in the folders that Open edX expects.
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
    """The translations of one package, with the shortcuts of XBlock's own service."""

    def __init__(self, translations: gettext.NullTranslations) -> None:
        super().__init__()
        self._translations = translations


def translations_for(block: Any) -> Translations:
    cls = getattr(block, "unmixed_class", type(block))
    return translations_of(cls.__module__.partition(".")[0])


def translations_of(package: str = OURS) -> Translations:
    """Return the package's translations into Django's current language.

    Messages without a translation stay unchanged.
    """
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
    """Yield the files of translations in the order in which they are searched: es_419 before es."""
    for root in getattr(sys.modules.get(package), "__path__", ()):
        for folder in _FOLDERS:
            for domain in _DOMAINS:
                yield from map(Path, gettext.find(domain, Path(root, folder), [locale], all=True))
