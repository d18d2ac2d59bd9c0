"""Licences as packages declare them: SPDX expressions where they can be had, else the words of the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_PREFIX = "License :: "
_LONGEST = 100  # characters; a longer "License" field is the text of the licence

_SPDX = {
    "Academic Free License (AFL)": "AFL-3.0",
    "Apache Software License": "Apache-2.0",
    "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "zlib/libpng License": "Zlib",
}


def declared(*, expression: object, text: object, classifiers: Iterable[str]) -> tuple[str, ...]:
    """Return what a package declares: its License-Expression (PEP 639), else classifiers, else a short License.

    Classifiers that name exactly one SPDX licence become its identifier; the others keep their own words.
    """
    if isinstance(expression, str) and expression.strip():
        return (expression.strip(),)
    named = {item.rpartition(" :: ")[2] for item in classifiers if item.startswith(_PREFIX)} - {"OSI Approved"}
    if named:
        return tuple(sorted(_SPDX.get(name, name) for name in named))
    if isinstance(text, str) and 0 < len(text.strip()) <= _LONGEST and "\n" not in text and text.upper() != "UNKNOWN":
        return (text.strip(),)
    return ()
