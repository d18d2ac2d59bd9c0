"""spaCy's ``config.cfg`` (confection): functions that are called by their registered names.

``@registry = "name"`` in a section has the function called with the section's other values when the pipeline is
loaded or trained. Names of spaCy, of its companions and of Thinc are known by their form.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.rules import classical as rules
from chainguard_ml.scan import naming
from chainguard_ml.scan.formats.embedded import examine_text
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "spacy-config"
EXAMINES = "registered functions that are not spaCy's own; every value"

_SECTION = re.compile(rb"^\[(?:nlp|components|training|initialize)(?:[.\]])", re.MULTILINE)
_LINE = re.compile(rb"^(@?[\w.-]+)[ \t]*+=[ \t]*+([^\n]{0,4000})", re.MULTILINE)
_OWN = re.compile(
    r"(?:spacy|spacy-[a-z-]{1,30}|srsly|thinc)\.[\w.-]+\.v\d+"
    r"|(?:Adam|RAdam|SGD|constant|decaying|compounding|warmup_linear|slanted_triangular|constant_then|plateau"
    r"|cyclic_triangular|[A-Za-z]\w*_(?:init|loss)|[a-z]+2[a-z]+|CategoricalCrossentropy|CosineDistance|L2Distance"
    r"|SequenceCategoricalCrossentropy|chain|clone|concatenate|residual|with_\w+|reduce_\w+|expand_window|noop|add"
    r"|(?:Relu|Linear|Mish|Maxout|Softmax|Swish|Gelu|Dropout|Embed|HashEmbed|LayerNorm|LSTM|PyTorchLSTM|MultiSoftmax"
    r"|Sigmoid|SparseLinear|ParametricAttention|Dish|HardSwish|HardSwishMobilenet|HardTanh|HardSigmoid|ClippedLinear"
    r"|ReluK|FeatureExtractor|MultiSoftmax|Logistic|Softmax_v2|SparseLinear_v2)"
    r"|ints_getitem|array_getitem|remap_ids|strings2arrays|siamese|tuplify|unpad|uniqued|zero_init)\.v\d+"
)
_MOST = 1_000_000
_SHOWN = 20


def recognise(blob: Blob) -> bool:
    """Return whether a file called ``.cfg`` has one of the sections that only a pipeline has, and names a registry."""
    if naming.extension(blob.name) != "cfg":
        return False
    head = blob.read(0, _MOST)
    return _SECTION.search(head) is not None and b"[nlp" in head


def examine(blob: Blob, examination: Examination) -> Observations:
    """Report functions of others, and examine every value."""
    shown: set[str] = set()
    for match in _LINE.finditer(blob.read(0, _MOST)):
        key, value = match[1].decode(), match[2].decode("utf-8", "replace").strip()
        yield from examine_text(blob, key, value, examination)
        name = value.strip("\"'")
        if not key.startswith("@") or _OWN.fullmatch(name) or name in shown or len(shown) >= _SHOWN:
            continue
        shown.add(name)
        yield rules.UNKNOWN_REGISTERED.finding(
            blob.subject,
            blob.location.at(match.start()),
            f"the registry '{key[1:]}' is asked for '{printable(name, 80)}'",
            key=(key, name),
            facts={"registry": key[1:], "name": name},
        )
