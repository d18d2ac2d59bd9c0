"""Pickles in base64 in configurations, types of tables that are pickles, configurations of training code."""

from __future__ import annotations

import base64
import gzip
import json
import struct
import zlib
from typing import TYPE_CHECKING

from tests.corpus.frame import malicious
from tests.corpus.reassemble import zipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

PAYLOAD = b"\x80\x02cos\nsystem\nX\x09\0\0\0echo seen\x85R."
FRAMED = b"\x80\x04\x95\x25\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x09echo seen\x94\x85\x94R\x94."
GLOBAL, CODE, TARGET = "dangerous-global", "model-repository-carries-code", "dangerous-config-target"
TAG = "unsafe-yaml-tag"
ENCODED = {
    "protocol-2": base64.b64encode(PAYLOAD),
    "protocol-4": base64.b64encode(FRAMED),
    "protocol-0": base64.b64encode(b"cos\nsystem\n(S'echo seen'\ntR."),
    "url-safe": base64.urlsafe_b64encode(PAYLOAD[:-1] + b"0\x8c\x03\xff\xfe\xfbN."),
    "unpadded": base64.b64encode(PAYLOAD).rstrip(b"="),
    "zlib": base64.b64encode(zlib.compress(PAYLOAD)),
    "gzip": base64.b64encode(gzip.compress(PAYLOAD)),
    "zip": base64.b64encode(zipped({"a": PAYLOAD})),
}
CONFIGURATIONS: dict[str, tuple[str, object, str]] = {
    "attention-kernel": ("config.json", {"model_type": "x", "attn_implementation": "evil/kernel@main"}, CODE),
    "attention-kernel-by-part": ("config.json", {"_attn_implementation": {"text_config": "evil/kernel:run"}}, CODE),
    "megatron": ("adapter_config.json", {"megatron_config": {"a": 1}, "megatron_core": "evil"}, CODE),
    "allennlp": ("config.json", {"dataset_reader": {"type": "x"}, "model": {"type": "os.system"}}, TARGET),
    "custom-imports": ("config.json", {"custom_imports": {"imports": ["evil"], "allow_failed_imports": False}}, CODE),
}
TEXTS = {
    "custom-imports-yaml": ("config.yaml", "a:\n  custom_imports: {imports: evil}\n", CODE),
    "download-python": ("data.yaml", "train: a\nnc: 1\ndownload: |\n  import os\n  os.system('echo seen')\n", CODE),
    "download-shell": ("data.yaml", "val: a\nnames: {0: a}\ndownload: bash get.sh\n", CODE),
    "toml-base64": ("conf.toml", f"[a]\nb = '{base64.b64encode(FRAMED).decode()}'\n", GLOBAL),
    "ini-base64": ("conf.ini", f"[a]\nb = {base64.b64encode(PAYLOAD).decode()}\n", GLOBAL),
    "layer-module": ("yolo.yaml", "nc: 1\nbackbone:\n  - [-1, 1, \"__import__('os').system('echo')\", [64]]\n", TARGET),
    "layer-argument": ("yolo.yaml", 'nc: 1\nhead:\n  - [-1, 1, Conv, [64, "(lambda: print(1))()"]]\n', TARGET),
    "yaml-version": ("config.yaml", "%YAML 1.3\n---\na: !!python/object/apply:os.system [echo seen]\n", TAG),
    "yaml-target-version": ("config.yaml", "%YAML 1.3\n---\na:\n  _target_: os.system\n  command: x\n", TARGET),
    "yaml-value-key": ("config.yaml", "a:\n  _target_: !!str {=: os.system}\n  command: x\n", TARGET),
    "yaml-key-of-a-value": ("config.yaml", "a:\n  ? !!str {? = : _target_}\n  : os.system\n", TARGET),
    "yaml-merge-tag": (
        "config.yaml",
        "b: &b {target: os.system}\nm:\n  ? !!merge x\n  : *b\n  params: {a: x}\n",
        TARGET,
    ),
    "yaml-as-gif": ("config.yaml", "GIF89a: 1\na: !!python/object/apply:os.system [echo seen]\n", TAG),
    "yaml-as-parquet": ("config.yaml", "PAR1: 1\na: !!python/object/apply:os.system [echo seen]\n", TAG),
    "yaml-like-json": ("c.yaml", '{"a": !!python/object/apply:os.system [x],\n "b": "' + "x" * 1_000_100 + '"}\n', TAG),
    "yaml-like-json-many": (
        "c.yaml",
        '{"a": !!python/object/apply:os.system [x],\n "b": [' + "[],\n" * 100_001 + "[]]}\n",
        TAG,
    ),
    "mlmodel-like-json": (
        "MLmodel",
        '{"flavors": {"python_function": {"loader_module": "mine", "code": "code"}}}',
        CODE,
    ),
    "mlmodel-like-json-tag": ("MLmodel", '{"flavors": !!python/object/apply:os.system [x]}\n', TAG),
    "reference-relative": ("c.yaml", "a:\n  m: os\n  b:\n    _target_: ${..m}.system\n", TARGET),
    "reference-default": ("c.yaml", "a:\n  _target_: ${oc.env:NOPE,os.system}\n", TARGET),
    "reference-selected": ("c.yaml", "n: os.system\na:\n  _target_: ${oc.select:n}\n", TARGET),
    "reference-decoded": ("c.yaml", "a:\n  _target_: \"${oc.decode:'os.system'}\"\n", TARGET),
    "reference-odd-key": ("c.yaml", "x/y: os.system\na:\n  _target_: ${x/y}\n", TARGET),
    "reference-chain": (
        "c.yaml",
        "".join(f"r{i}: ${{r{i + 1}}}\n" for i in range(8)) + "r8: os.system\na:\n  _target_: ${r0}\n",
        TARGET,
    ),
    "reference-nested": ("c.yaml", "k: n\nn: os.system\na:\n  _target_: ${${k}}\n", TARGET),
    "target-by-position": ("c.yaml", "key: {_target_: hydra.utils.get_method, _args_: [os.system]}\n", TARGET),
    "target-computed": (
        "c.yaml",
        "key: {_target_: hydra.utils.get_method, path: {_target_: operator.add, _args_: [os.sys, tem]}}\n",
        TARGET,
    ),
    "target-instantiates": (
        "c.yaml",
        "a: {_target_: hydra.utils.instantiate, config: {_target_: json.loads, s: x}}\n",
        TARGET,
    ),
    "logging-class": (
        "logging.yaml",
        "version: 1\nhandlers:\n  h:\n    class: subprocess.Popen\n    args: [echo]\n",
        TARGET,
    ),
    "logging-late": ("logging.yaml", "handlers:\n  h:\n    (): os.system\n    command: x\n# " + "x" * 40_000, TARGET),
    "logging-toml": ("logging.toml", '[handlers.h]\n"()" = "os.system"\ncommand = "x"\n', TARGET),
    "logging-ini": (
        "logging.ini",
        "[handlers]\nkeys=h\n[handler_h]\nclass=StreamHandler\nargs=(print('seen'),)\n",
        TARGET,
    ),
    "logging-ini-lines": ("logging.cfg", "[handler_h]\nargs=(\n  __import__('os'),)\n", TARGET),
    "logging-ini-long": ("logging.ini", f"[handler_h]\nargs=(print('seen'), '{'x' * 20_000}')\n", TARGET),
    "logging-ini-reference": ("logging.ini", "[handler_h]\na=print('seen')\nb=%(a)s\nargs=(%(B)s,)\n", TARGET),
    "logging-ini-quote": ("logging.ini", "[handler_h]\na='+print()+'\nargs=('%(a)s',)\n", TARGET),
    "logging-ini-class": ("logging.conf", "[handler_h]\nclass=subprocess.Popen\nargs=(['echo'],)\n", TARGET),
    "computed-name": ("config.yaml", '"custom_{{$NOPE:imports}}": {imports: [antigravity]}\n', CODE),
    "toml-like-json": ("c.toml", '[trainer]\n_target_ = "os.system"\ncommand = "x"\n', TARGET),
    "yaml-without-a-name": ("settings", "a: !!%70ython/object/apply:os.system [x]\n", TAG),
    "yaml-broken-later": ("settings", "- !!python/object/apply:os.system [x]\n---\n- [\n", TAG),
    "json-padded": ("config.json", '{"attn_implementation": "evil/kernel"}' + " " * 1_000_100, CODE),
    "logging-json": (
        "logging.json",
        '{"version": 1, "handlers": {"h": {"class": "subprocess.Popen", "args": ["x"]}}}',
        TARGET,
    ),
    "registry-type": ("config.yaml", "model:\n  type: os.system\n  command: x\n", TARGET),
    "bundle-expression": (
        "inference.json",
        '{"initialize": ["$__import__(\'os\').system(\'x\')"], "network_def": {}}',
        TARGET,
    ),
    "jsonpickle-python-2": (
        "s.json",
        '{"py/reduce": [{"py/function": "exceptions.eval"}, {"py/tuple": ["x"]}]}',
        TARGET,
    ),
    "jsonpickle-slash": ("s.json", '{"py\\/reduce": [{"py\\/function": "os.system"}, {"py\\/tuple": ["x"]}]}', TARGET),
    "layer-function": ("yolo.yaml", "nc: 1\nhead:\n  - [-1, 1, Conv, [\"print('seen')\"]]\n", TARGET),
    "layer-removes": ("yolo.yaml", "nc: 1\nhead:\n  - [-1, 1, Conv, [\"os.remove('seen')\"]]\n", TARGET),
    "layer-late": (
        "yolo.yaml",
        "nc: 1\nhead:\n" + "  - [-1, 1, C, [1]]\n" * 2000 + "  - [-1, 1, print(1), []]\n",
        TARGET,
    ),
    "download-by-question": ("data.yaml", "nc: 1\ntrain: a\n? download\n: bash get.sh\n" + "x: y\n" * 9000, CODE),
    "layer-activation": ("yolo.yaml", "nc: 1\nactivation: print('seen')\nhead:\n  - [-1, 1, Conv, [64]]\n", TARGET),
    "layer-in-json": ("yolo.yaml", '{"nc": 1, "head": [[-1, 1, "print(1)", [64]]]}', TARGET),
    "download-in-json": ("data.yaml", '{"train": "a", "nc": 1, "download": "bash get.sh"}', CODE),
    "layer-from": ("yolo.yaml", "nc: 1\nhead:\n  - [\"exec('print(1)')\", 1, Conv, [64]]\n", TARGET),
}


def arrow(pickled: bytes) -> bytes:
    """Return a file of Arrow's with what its schema says of such a type."""
    return (
        b"ARROW1\0\0\xff\xff\xff\xff" + bytes(100) + b"ARROW:extension:name\0\0\x17\0\0\0arrow.py_extension_type\0"
        b"ARROW:extension:metadata\0" + struct.pack("<I", len(pickled)) + pickled + bytes(40) + b"ARROW1"
    )


def parquet(schema: bytes, before: bytes = b"") -> bytes:
    """Return a file of Parquet's whose footer has a schema of Arrow's."""
    digits = base64.b64encode(schema)
    footer = (
        before
        + b"\x15\2\x19ARROW:schema\x18"
        + bytes([len(digits) & 0x7F | 0x80, len(digits) >> 7])
        + digits
        + bytes(9)
    )
    return b"PAR1" + bytes(50) + footer + struct.pack("<I", len(footer)) + b"PAR1"


def _reordered(schema: bytes) -> bytes:
    """The same where the value stands before its key, as Thrift allows."""
    digits = base64.b64encode(schema)
    footer = (
        b"\x15\2\x19\x28"
        + bytes([len(digits) & 0x7F | 0x80, len(digits) >> 7])
        + digits
        + b"\x08\2\x18\x0cARROW:schema"
        + bytes(9)
    )
    return b"PAR1" + bytes(50) + footer + struct.pack("<I", len(footer)) + b"PAR1"


def samples() -> Iterator[Malicious]:
    """Each encoding in each syntax; each type; each configuration."""
    for name, digits in ENCODED.items():
        text = digits.decode()
        yield malicious(
            f"base64-json-{name}", "config.json", json.dumps({"a": [{":serialized:": text}]}).encode(), GLOBAL
        )
        yield malicious(f"base64-yaml-{name}", "config.yaml", f"a:\n  - b: {text}\n".encode(), GLOBAL)
        archive = zipped({"data": json.dumps({"policy_class": {":serialized:": text}}).encode(), "_sb3_version": b"2"})
        yield malicious(f"base64-baselines-{name}", "ppo.zip", archive, GLOBAL)
    lines = "\n  ".join(base64.encodebytes(FRAMED + bytes(100)).decode().split())
    yield malicious("base64-yaml-binary", "config.yaml", f"a: !!binary |\n  {lines}\n".encode(), GLOBAL)
    large = json.dumps({"a": [1] * 3_000_000, "b": ENCODED["protocol-4"].decode()}).encode()
    yield malicious("base64-json-large", "data.json", large, GLOBAL)
    text = ENCODED["protocol-2"].decode()
    escaped = f'{{"a": "\\u0067{text[1:]}"}}'.encode()
    yield malicious("base64-json-escaped", "config.json", escaped, GLOBAL)
    yield malicious("base64-yaml-escaped", "config.yaml", f'a: "\\x67{text[1:]}"\n'.encode(), GLOBAL)
    slashes = json.dumps({"a": base64.b64encode(b"\x80\x02\xff\xff"[:2] + PAYLOAD[2:]).decode()}).replace("/", "\\/")
    yield malicious("base64-json-slashes", "config.json", slashes.encode(), GLOBAL)
    yield malicious("base64-json-wide", "config.json", json.dumps({"a": text}).encode("utf-16"), GLOBAL)
    for name, data in (("arrow", arrow(PAYLOAD)), ("feather", arrow(FRAMED)), ("parquet", parquet(arrow(PAYLOAD)[8:]))):
        yield malicious(f"table-{name}", f"data.{name}", data, GLOBAL)
    schema = arrow(PAYLOAD)[8:]
    others = {
        "stream": b"\xff\xff\xff\xff" + struct.pack("<i", 200) + schema[4:],
        "reordered": _reordered(schema),
        "behind-others": parquet(schema, before=(b"x" * 80 + b" ") * 200),
        "end-alone": b"PARX" + parquet(schema)[4:],
    }
    for name, data in others.items():
        yield malicious(f"table-{name}", "data.bin", data, GLOBAL)
    for name, (path, document, rule) in CONFIGURATIONS.items():
        yield malicious(f"training-{name}", path, json.dumps(document).encode(), rule)
    for name, (path, text, rule) in TEXTS.items():
        yield malicious(f"training-{name}", path, text.encode(), rule)
    script = (
        b"import datasets\nimport os\n\nclass Data(datasets.GeneratorBasedBuilder):\n    pass\n\nos.system('echo')\n"
    )
    yield malicious("dataset-script", "data.py", script, "repository-code-runs-on-import")
