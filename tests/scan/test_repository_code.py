"""Model directories: code that loaders import, and what it does on import; pickles beside safetensors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainguard_ml.check import Request, examine
from chainguard_ml.errors import InputError, NothingToExamineError
from chainguard_ml.model import Finding, Gap
from chainguard_ml.scan import import_effects

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WEIGHTS = b"\x08\0\0\0\0\0\0\0{}      "
CONFIG = json.dumps({"model_type": "x", "architectures": ["Net"], "auto_map": {"AutoModel": "modeling.Net"}}).encode()
CALL = b"import os\nos.system('echo seen')\n"
RULE, CODE = "repository-code-runs-on-import", "model-repository-carries-code"


def told(directory: Path, files: Mapping[str, bytes]) -> list[Finding | Gap]:
    for path, data in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(data)
    report = examine(Request(verb="scan", paths=(directory,), rooms=("scan",), decide=False))
    return [*report.verdict.findings, *report.verdict.gaps]


def rules(directory: Path, files: Mapping[str, bytes]) -> set[str]:
    return {item.rule if isinstance(item, Finding) else item.reason.value for item in told(directory, files)}


def model(**files: bytes) -> dict[str, bytes]:
    return {"config.json": CONFIG, "model.safetensors": WEIGHTS, **{f"{name}.py": data for name, data in files.items()}}


def test_code_that_a_configuration_names_is_looked_at(tmp_path: Path) -> None:
    seen = told(tmp_path, model(modeling=b"import torch\n\n" + CALL, train=CALL))
    (found,) = (item for item in seen if isinstance(item, Finding) and item.rule == RULE)
    assert str(found.location) == "modeling.py:4"
    assert found.facts == {"call": "os.system", "effect": "starts a program"}
    assert found.subject.digest
    assert {item.rule for item in seen if isinstance(item, Finding)} == {RULE, CODE}


def test_what_named_code_imports_is_looked_at(tmp_path: Path) -> None:
    files = model(
        modeling=b"from .layers import A\n", layers=b"from . import deep\nimport flat\n", deep=CALL, flat=CALL
    )
    seen = [item for item in told(tmp_path, files) if isinstance(item, Finding) and item.rule == RULE]
    assert {item.location.path for item in seen} == {"deep.py", "flat.py"}


def test_packages_are_followed(tmp_path: Path) -> None:
    files = {
        **model(modeling=b"from .sub.part import x\nfrom ..above import y\n"),
        "sub/part.py": b"from .. import top\n",
        "sub/__init__.py": b"",
        "top.py": CALL,
    }
    assert RULE in rules(tmp_path, files)


def test_other_python_beside_weights_is_no_alarm(tmp_path: Path) -> None:
    files = {**model(train=CALL), "config.json": b'{"model_type": "bert", "architectures": ["B"]}'}
    assert rules(tmp_path, files) == set()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("handler.py", b"class EndpointHandler:\n    pass\n"),
        ("custom_generate/generate.py", b"def generate(model):\n    pass\n"),
    ],
)
def test_code_that_loaders_look_for_by_name(tmp_path: Path, name: str, data: bytes) -> None:
    files = {"config.json": b'{"model_type": "bert"}', "model.safetensors": WEIGHTS}
    assert rules(tmp_path, {**files, name: data}) == {CODE}
    assert rules(tmp_path, {**files, name: data + CALL}) == {CODE, RULE}
    if name == "handler.py":  # which other programs have too
        assert rules(tmp_path, {**files, name: b"x = 1\n"}) == set()


def test_a_component_comes_from_the_file_beside_it(tmp_path: Path) -> None:
    """diffusers loads ``unet/diffusers.py`` where the component's library is called ``diffusers``."""
    index = b'{"_class_name": "DDPMPipeline", "_diffusers_version": "0.30.0", "unet": ["diffusers", "UNet2DModel"]}'
    files = {"model_index.json": index, "unet/config.json": b"{}", "unet/model.safetensors": WEIGHTS}
    assert rules(tmp_path, files) == set()
    assert CODE in rules(tmp_path, {**files, "unet/diffusers.py": b"x = 1\n"})


def test_a_directory_of_links_alone_is_told(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs/a").write_bytes(b"{}")
    snapshot = tmp_path / "snapshots"
    snapshot.mkdir()
    (snapshot / "config.json").symlink_to("../blobs/a")
    with pytest.raises(NothingToExamineError, match="no model"):
        rules(snapshot, {})


@pytest.mark.parametrize("place", ["", "deep/inside/"])
def test_code_by_name_without_weights(tmp_path: Path, place: str) -> None:
    """A repository of code alone is loaded too: ``generate(custom_generate=…)``."""
    files = {f"{place}config.json": b'{"model_type": "bert"}'}
    generate = b"def generate(model):\n    pass\n"
    (found,) = told(tmp_path, {**files, f"{place}custom_generate/generate.py": generate + CALL, "x/generate.py": CALL})[
        :1
    ]
    assert isinstance(found, Finding)
    assert found.location.path == f"{place}custom_generate/generate.py"
    assert rules(tmp_path, {f"{place}handler.py": b"class EndpointHandler:\n    pass\n"}) == {CODE, RULE}


def test_parts_of_a_model_can_have_code_of_their_own(tmp_path: Path) -> None:
    nested = {"model_type": "x", "text_config": {"auto_map": {"AutoModel": "modeling.Net"}}}
    seen = told(tmp_path, {**model(), "config.json": json.dumps(nested).encode()})
    assert [str(item.location) for item in seen if isinstance(item, Finding)] == ["config.json#/text_config/auto_map"]
    assert rules(tmp_path, {"config.json": b"{}", "data.json": json.dumps(nested).encode()}) == set()


def test_hub_code(tmp_path: Path) -> None:
    weights = {"model.safetensors": WEIGHTS}
    assert rules(tmp_path, {**weights, "hubconf.py": CALL}) == {RULE}
    assert rules(tmp_path, {**weights, "hubconf.py": b"from parts import net\n", "parts.py": b""}) == set()


def test_pipelines_and_modules(tmp_path: Path) -> None:
    index = {"_class_name": "P", "_diffusers_version": "0.30", "unet": ["my_unet", "Net"]}
    files = {"model_index.json": json.dumps(index).encode(), "unet/my_unet.py": CALL,
             "unet/diffusion_pytorch_model.safetensors": WEIGHTS}  # fmt: skip
    assert rules(tmp_path / "a", files) == {CODE, RULE}
    modules = [{"idx": 0, "name": "0", "path": "", "type": "custom_st.Net"}]
    files = {"modules.json": json.dumps(modules).encode() + b"  \n", "custom_st.py": CALL, "config.json": CONFIG,
             "model.safetensors": WEIGHTS}  # fmt: skip
    assert rules(tmp_path / "b", files) == {CODE, RULE}


def test_mlflow_models(tmp_path: Path) -> None:
    text = b"flavors:\n  python_function: {loader_module: mine, code: code}\n  x: {model_code_path: run.py}\n"
    files = {"MLmodel": text, "code/mine.py": CALL, "run.py": b"exec(open('x').read())\n"}
    seen = [item for item in told(tmp_path, files) if isinstance(item, Finding) and item.rule == RULE]
    assert {item.location.path for item in seen} == {"code/mine.py", "run.py"}


def test_code_that_is_no_python_is_a_gap(tmp_path: Path) -> None:
    assert rules(tmp_path, model(modeling=b"def (\n")) == {CODE, "malformed"}
    assert rules(tmp_path, {**model(modeling=b""), "tokenizer_config.json": b'{"auto_map": '}) == {CODE, "malformed"}


def test_very_many_files_are_a_gap(tmp_path: Path) -> None:
    assert rules(tmp_path, model(modeling=b"", **{f"m{number}": b"" for number in range(2001)})) == {CODE, "budget"}


def test_a_pickle_beside_safetensors(tmp_path: Path) -> None:
    pickle = b"\x80\x02}X\x01\0\0\0aK\x01s."
    files = {"config.json": b'{"model_type": "bert"}', "model.safetensors": WEIGHTS, "pytorch_model.bin": pickle}
    (found,) = told(tmp_path, files)
    assert isinstance(found, Finding)
    assert (found.rule, str(found.severity)) == ("pickle-beside-safetensors", "info")
    assert rules(tmp_path / "other", {"other.bin": pickle, **dict(list(files.items())[:2])}) == set()


def test_native_programs_beside_weights(tmp_path: Path) -> None:
    files = {"config.json": b'{"model_type": "bert"}', "model.safetensors": WEIGHTS}
    beside = {"ops/lib.so": b"\x7fELF\x02\x01\x01" + bytes(60), "x.pyc": b"\xa7\r\r\n" + bytes(12) + b"\xe3" + bytes(9)}
    seen = [item for item in told(tmp_path / "a", {**files, **beside, "x.dat": bytes(80)}) if isinstance(item, Finding)]
    assert [(item.rule, item.location.path) for item in seen] == [
        ("native-code-beside-model", "ops/lib.so"),
        ("native-code-beside-model", "x.pyc"),
    ]
    assert seen[0].message == "native machine code (ELF) lies in the model's directory"
    assert seen[1].message == "compiled code (PYC) lies in the model's directory"
    assert {str(item.severity) for item in seen} == {"medium"}
    unlike = {"data/weights.pkl": b"\x80\x02}.", "lib.so": beside["ops/lib.so"]}
    assert rules(tmp_path / "b", unlike) == set()


@pytest.mark.parametrize(
    ("text", "call"),
    [
        ("import os\nos.system('x')", "os.system"),
        ("import os as o\no.popen('x')", "os.popen"),
        ("from os import system as s\ns('x')", "os.system"),
        ("from subprocess import *\nimport subprocess\nsubprocess.run(['x'])", "subprocess.run"),
        ("__import__('os').system('x')", "os.system"),
        ("import importlib\nimportlib.import_module('subprocess').Popen('x')", "subprocess.Popen"),
        ("import os\ngetattr(os, 'sys' + 'tem')('x')", "os.system"),
        ("import os\nrun = os.system\nrun('x')", "os.system"),
        ("e = exec\ne('x')", "exec"),
        ("exec(x)", "exec"),
        ("eval(x)", "eval"),
        ("import socket\nsocket.socket()", "socket.socket"),
        ("import urllib.request\nurllib.request.urlopen('x')", "urllib.request.urlopen"),
        ("import requests\nx = requests.get('x').text", "requests.get"),
        ("import pickle\npickle.loads(x)", "pickle.loads"),
        ("import ctypes\nctypes.CDLL('x')", "ctypes.CDLL"),
        ("import shutil\nshutil.rmtree('x')", "shutil.rmtree"),
        ("import os\nclass A:\n    os.system('x')", "os.system"),
        ("import os\n@os.system\ndef f(): pass\ndef g(x=os.system('x')): pass", "os.system"),
        ("import os\nif True:\n    try:\n        os.system('x')\n    finally:\n        pass", "os.system"),
        ("import os\ndef f():\n    os.system('x')\nf()", "os.system"),
        ("import os\ndef f():\n    g()\ndef g():\n    os.system('x')\nf()", "os.system"),
        ("import os\nclass A:\n    def __init__(self):\n        os.system('x')\nA()", "os.system"),
        ("import os\n[os.system('x') for _ in y]", "os.system"),
        ("import os\nif __name__ == '__main__':\n    pass\nelse:\n    os.system('x')", "os.system"),
    ],
)
def test_what_runs_on_import(text: str, call: str) -> None:
    assert [effect.call for effect in import_effects.effects(import_effects.parse(text.encode()))] == [call]


@pytest.mark.parametrize(
    "text",
    [
        "import os\ndef f():\n    os.system('x')",
        "import os\nf = lambda: os.system('x')",
        "import os\nif __name__ == '__main__':\n    os.system('x')",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    exec(x)",
        "import os\nclass A:\n    def f(self):\n        os.system('x')",
        "import subprocess\nX = subprocess.PIPE\nlogger = logging.get_logger(__name__)",
        "eval('1 + 1')\nx = re.compile('a')\nself.system('x')\nmodel.eval()\n(a or b)('x')\ngetattr(x, y)()",
        "import os\nfrom . import parts\nos.environ['A'] = '1'\nos.path.join('a', 'b')",
        "def f():\n    f()\nf()",
    ],
)
def test_what_does_not_run_on_import(text: str) -> None:
    assert import_effects.effects(import_effects.parse(text.encode())) == []


def test_imports_are_listed() -> None:
    tree = import_effects.parse(b"import a.b\nfrom c import d\nfrom . import e, f\nfrom ..g import h\n")
    assert set(import_effects.imported(tree)) == {(0, "a.b"), (0, "c"), (1, ""), (1, "e"), (1, "f"), (2, "g")}


@pytest.mark.parametrize("data", [b"def (", b"x = '\xff'", b"\0", b"(" * 5000])
def test_what_is_no_program_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        import_effects.parse(data)


@given(st.text(alphabet="abos.()=:'\n ,import_getatr@class", max_size=120))
@settings(max_examples=300, deadline=None)
def test_any_text_is_looked_at(text: str) -> None:
    try:
        tree = import_effects.parse(text.encode())
    except InputError:
        return
    import_effects.effects(tree)
    list(import_effects.imported(tree))
