"""The formats, in the order they are asked: certain signatures first, guesses last. One line each.

A line says how the bytes of a format can look at first sight, so that others neither ask it nor import it: a scan of
one model imports what that model needs. What a format really is, its ``recognise`` decides.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple

from chainguard_ml.scan import naming

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD = 256
"""Bytes of the beginning that a look is taken at."""

TAIL = 8
"""Bytes of the end."""

ZIP_END = b"PK\5\6"
"""What an end record of a zip archive starts with (APPNOTE.TXT 4.3.16); readers look for it from the end of a file."""

_FLAGS = re.DOTALL | re.IGNORECASE
_NEVER = rb"(?!)"
_NO_ZIP = rb"(?!PK\x03\x04)"
_TAR = rb".{148}(?:[\s\0\x1c-\x1f]{0,7}[0-7+]|[\x80\xff])"  # a checksum in any form that readers take
# Protobuf: fields 1 to 15 in any wire type, but for P, with which zip archives begin; under its name any is asked.
_TAGS = bytes(tag for tag in range(8, 128) if tag & 7 in {0, 1, 2, 3, 5} and tag != ord("P"))
_PICKLE = b"(N)]}KMJGIFLSVUTXBCcP\x80\x82\x83\x84\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x95\x96\x97i"


class Form(NamedTuple):
    """One registered format.

    Attributes:
        path: ``module`` or ``module:object`` below this package.
        first: The bytes that it can start with; empty if any.
        starts: What must match at the start; ``None`` if nothing more.
        ends: The bytes that it ends with; empty if any.
        names: Extensions and last names under which it is asked whatever the bytes.
    """

    path: str
    first: bytes
    starts: re.Pattern[bytes] | None
    ends: bytes
    names: frozenset[str]

    def looks(self, head: bytes, tail: bytes) -> bool:
        """Return whether bytes with this beginning and end could be of this format."""
        return (self.starts is None or self.starts.match(head) is not None) and tail.endswith(self.ends)


def _form(path: str, first: bytes = b"", *, starts: bytes = b"", ends: bytes = b"", names: str = "") -> Form:
    pattern = re.compile(starts, _FLAGS) if starts else None
    return Form(path, first, pattern, ends, frozenset(names.split()))


FORMATS = (
    _form("formats.gguf", b"G"),
    _form("formats.catboost_model", b"C"),
    _form("formats.data_files", b"_C\x01"),
    _form("formats.fasttext", b"\xba"),
    _form("formats.ggml_legacy", b"lfta"),
    _form("formats.mxnet", b"\x12"),
    _form("formats.numpy_array", b"\x93"),
    _form("formats.safetensors", starts=rb".{8}\{"),
    _form("hdf5", starts=rb"\x89HDF\r\n\x1a\n|MATLAB 7\.3 MAT-file", names="h5 hdf5 hdf he5 mat nc"),
    _form("formats.seven_zip", b"7"),
    _form("formats.opaque:ARCHIVE", b"\x00!\x02\xc7h\x89LM\xed0R7x\x1f"),
    _form("formats.executorch", starts=rb".{4}ET\d\d"),
    _form("formats.matlab:MAT5", starts=rb".{124}(?:\x00\x01IM|\x01\x00MI)"),
    _form("formats.tflite", starts=rb".{4}TFL3"),
    _form("formats.ort_model", starts=rb".{4}ORTM"),
    _form("formats.rds", b"XABR"),
    _form("formats.tensorrt", starts=rb"[fp]trt|.{4}\{"),
    _form("formats.java_objects", b"\xac"),
    _form("formats.programs:ELF", b"\x7f"),
    _form("formats.programs:PE", b"M"),
    _form("formats.programs:MACH_O", b"\xfe\xce\xcf\xca"),
    _form("formats.programs:WASM", b"\x00"),
    _form("formats.programs:JAVA_CLASS", b"\xca"),
    _form("formats.programs:DEX", b"dc"),
    _form("formats.programs:PYC", starts=rb"..\r\n"),
    _form("formats.programs:LLVM", b"B\xde"),
    _form("formats.arrow_table", starts=rb"ARROW1|PAR1"),
    _form("formats.media", b"gRBIM%Of\x1aPASw\x00t", starts=_NO_ZIP),
    _form("formats.openvino", b"<\xef\xff\xfe \t\r\n"),
    _form("formats.pmml", b"<\xef\xff\xfe \t\r\n"),
    _form("formats.images:PNG", b"\x89"),
    _form("formats.images:JPEG", b"\xff"),
    _form("formats.images:GIF", b"G"),
    _form("formats.compressed:GZIP", b"\x1f"),
    _form("formats.compressed:BZIP2", b"B"),
    _form("formats.compressed:XZ", b"\xfd"),
    _form("formats.python_files:PATHS", starts=_NEVER, names="pth"),
    _form("formats.zarr", b"("),
    _form("formats.compressed:ZSTD", b"(PQRSTUVWXYZ[\\]^_", starts=_NO_ZIP),
    _form("formats.compressed:LZ4", b"\x04PQRSTUVWXYZ[\\]^_", starts=_NO_ZIP),
    _form("formats.compressed:ZFILE", b"Z"),
    _form("formats.snappy_stream", b"\xff"),
    _form("formats.torch_distributed", b"P"),
    _form("formats.torch_package", b"P"),
    _form("formats.torch_export", b"P"),
    _form("formats.torch_zip:TORCHSCRIPT", b"P"),
    _form("formats.torch_zip:TORCH_ZIP", b"P"),
    _form("formats.zip_archive:KERAS", b"P"),
    _form("formats.zip_archive:SKOPS", b"P"),
    _form("formats.zip_archive:NPZ", b"P"),
    _form("formats.model_archive:MAR", b"P"),
    _form("formats.model_archive:MLFLOW_ZIP", b"P"),
    _form("formats.model_archive:BENTO_ZIP", b"P"),
    _form("formats.zip_archive:ZIP", b"P"),
    _form("formats.tar_archive:TORCH_TAR", starts=_TAR),
    _form("formats.model_archive:MLFLOW_TAR", starts=_TAR),
    _form("formats.model_archive:BENTO_TAR", starts=_TAR),
    _form("formats.model_archive:SAGEMAKER_TAR", starts=_TAR),
    _form("formats.tar_archive:TAR", starts=_TAR),
    _form("formats.torch_legacy", b"\x80\x95\x8aIL"),
    _form("formats.torch7", b"\x03\x04\x06\x07\x08"),
    _form("formats.onnx:ONNX", _TAGS, names="onnx"),
    _form("formats.onnx:TENSOR", _TAGS, names="onnx pb tensorproto"),
    _form("formats.tensorflow:SAVED_MODEL", _TAGS, names="saved_model.pb"),
    _form("formats.tensorflow:META_GRAPH", _TAGS, names="meta"),
    _form("formats.tensorflow:GRAPH_DEF", _TAGS, names="pb graphdef"),
    _form("formats.tensorflow:KERAS_METADATA", _TAGS, names="keras_metadata.pb"),
    _form("formats.tensorflow:FINGERPRINT", _TAGS, names="fingerprint.pb"),
    _form("formats.tensorflow:DATASET_SPEC", _TAGS, names="dataset_spec.pb"),
    _form("formats.coreml", _TAGS, names="mlmodel coreml"),
    _form("formats.coreml_weights", starts=rb".{4}[\1\2]\0{59}\xef\xbe\xad\xde"),
    _form("formats.paddle", _TAGS, names="pdmodel __model__"),
    _form("formats.paddle_params", b"\x00"),
    _form("formats.tensorflow_table", ends=b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"),
    _form("formats.compressed:ZLIB", b"\x08\x18(8HXhx"),
    _form("formats.compressed:LZMA", starts=rb"[\0-\xe0].{12}\0"),
    _form("formats.sentencepiece", b"\n"),
    _form("formats.caffe", b"\x0a\x12\xa2", names="prototxt"),
    _form("formats.word_vectors", b"123456789"),
    _form("formats.msgpack_model", starts=rb"[\x81-\x8f\xde\xdf]|\x80(?![\0-\x05])"),  # no protocol of a pickle
    _form("formats.xgboost_model", b"{"),
    _form("formats.xgboost_binary", starts=rb"(?:binf)?.{136}[\1-\x40]\0{7}[a-z]"),
    _form("formats.lightgbm_model", b"t"),
    _form("formats.triton_config", starts=_NEVER, names="config.pbtxt"),
    _form("formats.coreml_compiled", b"p \t\r\n/"),
    _form("formats.onnx_text", b"< \t\r\n#"),
    _form("formats.protobuf_text", starts=rb"(?:\xef\xbb\xbf)?[\s#a-z_]"),
    _form("formats.json_document", b"{[ \t\r\n\xef\xff\xfe\x00"),
    _form("formats.spacy_config", b"[#\n \r"),
    _form("formats.encoded_text", b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_ \t\r\n"),
    _form("pickle", _PICKLE),
    _form("formats.jinja_template", starts=_NEVER, names="jinja jinja2 j2 template tmpl tpl prompt txt chat_template"),
    _form("formats.matlab:MAT4", starts=_NEVER, names="mat"),
    _form("formats.xml_document", b"<\xef\xff\xfe \t\r\n"),
    _form("formats.python_files:PYTHON", starts=_NEVER, names="py pyw"),
    _form("formats.yaml_document", starts=rb"[\t\n\r -~\xc2-\xff]{4}", names="yaml yml MLmodel"),
    _form("formats.settings_text", starts=rb"[\t\n\r -~\xc2-\xff]{2}"),
    _form("formats.scripts", starts=rb"[\s#@\xefL]", names="sh bash zsh bat cmd ps1 psm1 vbs vbe wsf hta lnk command"),
)
"""Every format."""


MESSAGES = frozenset(form.path for form in FORMATS if form.first is _TAGS)
"""Paths of those that are protobuf messages: the same bytes can be several of them."""


TARS = tuple(form.path for form in FORMATS if form.starts and form.starts.pattern == _TAR)
"""Paths of the kinds of tar archives."""

_NAMES = frozenset(name for form in FORMATS for name in form.names)
_ENDS = tuple(form.ends for form in FORMATS if form.ends)


def possible(head: bytes, tail: bytes, name: str) -> Sequence[Form]:
    """Return the formats that bytes with this beginning (not empty), end and name could be of, in order."""
    extension, last = naming.extension(name), name.rpartition("/")[2]
    named = (extension if extension in _NAMES else "", last if last in _NAMES else "")
    asked = _asked(head[0], *named)
    if tail.endswith(_ENDS) or (asked.special and asked.special.match(head)):
        return [form for form in asked.forms if not form.names.isdisjoint(named) or form.looks(head, tail)]
    return asked.plain


class _Asked(NamedTuple):
    """Who is asked about a first byte and a name: all, those who want to see no more, and what the others want."""

    forms: tuple[Form, ...]
    plain: tuple[Form, ...]
    special: re.Pattern[bytes] | None


@functools.cache
def _asked(first: int, extension: str, last: str) -> _Asked:
    named = (extension, last)
    forms = [form for form in FORMATS if not form.first or first in form.first or not form.names.isdisjoint(named)]
    plain = [form for form in forms if not form.names.isdisjoint(named) or not (form.starts or form.ends)]
    wanted = {
        form.starts.pattern for form in forms if form.starts and form not in plain and form.starts.pattern != _NEVER
    }
    special = re.compile(b"|".join(b"(?:%s)" % one for one in sorted(wanted)), _FLAGS) if wanted else None
    return _Asked(tuple(forms), tuple(plain), special)
