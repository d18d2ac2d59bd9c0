"""Layers of packages that are not imported: read from their source, ``python scripts/allowlist_sources.py DIR ...``.

``DIR`` is an unpacked package (``torchvision``, ``ultralytics``). A class is printed as an entry if it derives from
``torch.nn.Module`` through classes of the same package or of ``torch.nn``, and if neither it nor a class between them
has a method that loading runs (``allowlist_hooks.HOOKS``): then loading only allocates it and fills its dictionary, as
``Module.__setstate__`` does. ``allowlist.py`` keeps what is printed here and appended to a list.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

from allowlist_hooks import HOOKS

USES = ["newobj", "built"]
WANTED = (
    "torchvision.",
    "ultralytics.nn.modules",
    "ultralytics.nn.tasks",
    "ultralytics.utils.loss",
    "ultralytics.utils.tal",
)
"""Modules whose constructors only make layers, or that may not be kept (``allowlist_judged.CONFINED``)."""


class Source:
    """The classes of one package by module and name, with their bases as they are written."""

    def __init__(self, directory: Path) -> None:
        self.bases: dict[tuple[str, str], list[str]] = {}
        self.hooked: set[tuple[str, str]] = set()
        for path in sorted(directory.rglob("*.py")):
            parts = path.relative_to(directory.parent).with_suffix("").parts
            module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            if not module.startswith(WANTED):
                continue
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    key = (module, node.name)
                    self.bases[key] = [ast.unparse(base) for base in node.bases]
                    if any(getattr(item, "name", "") in HOOKS for item in node.body):
                        self.hooked.add(key)

    def is_layer(self, key: tuple[str, str], depth: int = 0) -> bool:
        """Return whether a class is a layer, whichever of the package's classes of a base's name is meant."""
        bases = self.bases[key]
        if key in self.hooked or not bases or depth > 20:
            return False
        return all(self._is_layer_base(base, depth) for base in bases) and bases != ["object"]

    def _is_layer_base(self, base: str, depth: int) -> bool:
        if base.startswith(("nn.", "torch.nn.")) or base == "Module":
            return True
        named = [key for key in self.bases if key[1] == base.rpartition(".")[2]]
        return bool(named) and all(self.is_layer(key, depth + 1) for key in named)


def main() -> None:
    """Print an entry a line."""
    for argument in sys.argv[1:]:
        directory = Path(argument)
        source = Source(directory)
        for module, name in sorted(source.bases):
            if source.is_layer((module, name)):
                reason = f"layer of {directory.name}, read from its source; holds state"
                print(json.dumps({"module": module, "name": name, "may_be": USES, "judged": reason}))


if __name__ == "__main__":
    main()
