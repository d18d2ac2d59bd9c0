"""Lines of ``.pth`` files that packages ship to hook in what lies beside them; each was read in its project's source.

setuptools (``_distutils_hack``, editable installs, namespace packages, ``easy-install.pth``), virtualenv, coverage.
"""

from __future__ import annotations

import re

_NAME = "NAME"  # stands for one name of a package, the same in the whole line
_PARTS = "PARTS"  # for the parts of its path, as Python writes a tuple of texts
_SYSTEM = "OS"  # for the module, so that nobody takes these lines for a look at our own environment
_DISTUTILS = "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = OS.environ.get(var, 'local') == 'local'; "
_COVERAGE = (
    r"import sys; exec('import os\n\nif OS.getenv(\"COVERAGE_PROCESS_START\") or OS.getenv(\"COVERAGE_PROCESS_CONFIG\")"
    r":\n try:\n  import coverage\n except:\n  pass\n else:\n  coverage.process_startup(slug=\"pth\")')"
)
_NAMESPACE = (
    "import sys, types, os;has_mfs = sys.version_info > (3, 5);"
    "p = os.path.join(sys._getframe(1).f_locals['sitedir'], *(PARTS));"
    "importlib = has_mfs and __import__('importlib.util');has_mfs and __import__('importlib.machinery');"
    "m = has_mfs and sys.modules.setdefault('NAME', importlib.util.module_from_spec("
    "importlib.machinery.PathFinder.find_spec('NAME', [os.path.dirname(p)])));"
    "m = m or sys.modules.setdefault('NAME', types.ModuleType('NAME'));"
    "mp = (m or []) and m.__dict__.setdefault('__path__',[]);(p not in mp) and mp.append(p)"
)
_EASY_INSTALL = (
    "import sys; new=sys.path[sys.__plen:]; del sys.path[sys.__plen:]; p=getattr(sys,'__egginsert',0); "
    "sys.path[p:p]=new; sys.__egginsert = p+len(new)"
)
_LINES = (
    "import _virtualenv",
    "import __editable___NAME_finder; __editable___NAME_finder.install()",
    _DISTUTILS + "enabled and __import__('_distutils_hack').add_shim();",
    _DISTUTILS.replace("'local') ==", "'stdlib') ==") + "enabled and __import__('_distutils_hack').add_shim();",
    _DISTUTILS + "enabled and __import__('_distutils_hack')",
    "import coverage; coverage.process_startup()",
    _COVERAGE,
    _COVERAGE.replace(r"\"", '"'),
    "import sys; sys.__plen = len(sys.path)",
    _EASY_INSTALL,
    _NAMESPACE,
)


def _pattern(line: str) -> str:
    first, *others = re.escape(line.replace(_SYSTEM, "os")).split(_NAME)
    named = first + (r"(?P<name>[A-Za-z_][\w.]*)" + "(?P=name)".join(others) if others else "")
    return named.replace(_PARTS, r"(?:'\w+',? ?)+")


_KNOWN = tuple(re.compile(_pattern(line)) for line in _LINES)


def is_known(line: str) -> bool:
    """Return whether a line is one of them, whole."""
    return any(known.fullmatch(line.strip()) for known in _KNOWN)
