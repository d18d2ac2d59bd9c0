"""Messages with facts in them: ``{item.path} is signed by {item.signer}``; ``{{`` and ``}}`` are braces."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainguard_ml.policy.values import shown
from chainguard_ml.text import did_you_mean, printable

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from chainguard_ml.policy.values import Value

_PART = re.compile(r"(\{\{|\}\}|\{[^{}]*\}|[{}])")
_LONGEST = 500  # characters shown of one value


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed message: at even places text, at odd ones names of facts.

    ``problems`` say what is wrong with it; a template with problems is not rendered.
    """

    parts: tuple[str, ...]
    problems: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The facts it shows."""
        return self.parts[1::2]

    def render(self, known: Mapping[str, Value]) -> str:
        """Return the message with the facts' values, which are not ours, printable."""
        return "".join(
            printable(shown(known[part]), _LONGEST) if index % 2 else part for index, part in enumerate(self.parts)
        )


def parse(text: str, declared: Collection[str]) -> Template:
    """Return the template; names that are not ``declared`` and lone braces are its problems."""
    parts, problems = [""], []
    for piece in _PART.split(text):
        if piece in {"{{", "}}"}:
            parts[-1] += piece[0]
        elif piece in {"{", "}"}:
            problems.append(f"has a lone '{piece}'; a brace that is meant is written twice")
        elif piece.startswith("{"):
            name = piece[1:-1].strip()
            if name not in declared:
                problems.append(f"shows '{printable(name, 60)}', which is no fact here{did_you_mean(name, declared)}")
            parts += [name, ""]
        else:
            parts[-1] += printable(piece, len(piece))
    return Template(tuple(parts), tuple(problems))
