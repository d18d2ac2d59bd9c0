"""What Python files do that they should not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainguard_ml.model import Confidence, GapReason, Severity
from chainguard_ml.source import notebooks, python

if TYPE_CHECKING:
    from collections.abc import Callable

    Told = Callable[[str, str], list[tuple[str, int | None]]]

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    "code",
    [
        "import pickle; pickle.load(f)",
        "import pickle as p; p.loads(b)",
        "from pickle import load; load(f)",
        "from pickle import load as read; read(f)",
        "from pickle import *; loads(b)",
        "import pickle; read = pickle.load; read(f)",
        "import pickle\nread = pickle.load\nagain = read\nagain(f)",
        "__import__('pickle').loads(b)",
        "import importlib; importlib.import_module('pickle').loads(b)",
        "import pickle; getattr(pickle, 'loads')(b)",
        "NAME = 'pickle'; __import__(NAME).loads(b)",
        "import pickle; pickle.Unpickler(f).load()",
        "import joblib; joblib.load(f)",
        "import cloudpickle, dill; dill.loads(b)",
        "import pandas as pd; pd.read_pickle(f)",
        "import torch; torch.load(f)",
        "import torch; torch.load(f, weights_only=False)",
        "import torch; SAFE = False; torch.load(f, weights_only=SAFE)",
        "import torch; torch.load(f, **options)",
        "from torch.serialization import load; load(f)",
        "import numpy as np; np.load(f, allow_pickle=True)",
        "import numpy as np; np.load(f, None, True)",
        "import yaml; yaml.load(f)",
        "import yaml; yaml.load(f, Loader=yaml.Loader)",
        "import yaml; yaml.load(f, yaml.UnsafeLoader)",
        "import yaml; yaml.unsafe_load(f)",
        "import skops.io as sio; sio.load(f, trusted=True)",
        "import marshal; marshal.loads(b)",
        "def f():\n  import shelve\n  return shelve.open('x')",
    ],
)
def test_loads_that_run_what_they_load(told: Told, code: str) -> None:
    assert [rule for rule, _ in told("a.py", code)] == ["unsafe-load"]


@pytest.mark.parametrize(
    "code",
    [
        "import torch; torch.load(f, weights_only=True)",
        "import torch\nSAFE = True\ntorch.load(f, weights_only=SAFE)",
        "import torch\nSAFE: bool = True\ntorch.load(f, weights_only=SAFE)",
        "import numpy as np; np.load(f)",
        "import numpy as np; np.load(f, allow_pickle=False)",
        "import yaml; yaml.load(f, Loader=yaml.SafeLoader)",
        "from yaml import load, CSafeLoader; load(f, CSafeLoader)",
        "import json; json.load(f)",
        "import pickle; pickle.dumps(x)",
        "from .pickle import load; load(f)",
        "def load(f): pass\nload(f)",
        "skops.io.load(f, trusted=['a'])",
        "'''pickle.load(f) http://h.example/m.pt'''",
        "def f():\n  'curl -k https://h.example'",
        "x = [..., b'', 1j]",
        "load_dataset('squad')",
        "from utils import load_dataset; load_dataset('squad')",
        f"from datasets import load_dataset; load_dataset('squad', revision='{COMMIT}')",
        "import datasets; datasets.load_dataset('csv', data_files='x.csv')",
        "AutoModel.from_pretrained('./local')",
        "AutoModel.from_pretrained('/models/x')",
        f"REV = '{COMMIT}'\nAutoModel.from_pretrained('org/m', revision=REV)",
        "AutoModel.from_pretrained('./m', trust_remote_code=False)",
        "import torch; torch.hub.load('d', 'm', source='local')",
        "import jwt; jwt.decode(token, verify=False)",
        "session.verify = True",
        "requests.get(url, verify='/ca.pem')",
        "requests.get('http://localhost:8000/model.bin')",
        "",
    ],
)
def test_harmless_code(told: Told, code: str) -> None:
    assert told("a.py", code) == []


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("AutoModel.from_pretrained('./m', trust_remote_code=True)", "trusted-remote-code"),
        ("YES = True\nload(trust_remote_code=YES)", "trusted-remote-code"),
        ("options = {'trust_remote_code': True, 'x': 1, **more}", "trusted-remote-code"),
        ("import torch; torch.hub.load('org/repo', 'm')", "trusted-remote-code"),
        ("import keras; keras.models.load_model('m', safe_mode=False)", "trusted-remote-code"),
        ("AutoModel.from_pretrained('org/m')", "unpinned-model-revision"),
        ("AutoModel.from_pretrained('org/m', revision='main')", "unpinned-model-revision"),
        (f"AutoModel.from_pretrained('org/m', revision='{COMMIT[:10]}')", "unpinned-model-revision"),
        ("from huggingface_hub import hf_hub_download as get; get(repo_id='o/m')", "unpinned-model-revision"),
        ("HfApi().snapshot_download('o/m')", "unpinned-model-revision"),
        ("import datasets; datasets.load_dataset('squad')", "unpinned-model-revision"),
        ("R = 'a'\nR = 'b'\nAutoModel.from_pretrained('o/m', revision=R)", "unpinned-model-revision"),
        ("requests.get(url, verify=False)", "unverified-connection"),
        ("httpx.Client(verify=False)", "unverified-connection"),
        ("session.verify = False", "unverified-connection"),
        ("context.check_hostname = False", "unverified-connection"),
        ("import ssl; ssl._create_unverified_context()", "unverified-connection"),
        ("import ssl\nssl._create_default_https_context = ssl._create_unverified_context", "unverified-connection"),
        ("requests.get('http://h.example/model.bin')", "insecure-model-download"),
        ("url = f'http://h.example/{name}/weights.pt'", "insecure-model-download"),
        ("os.system('curl -k https://h.example/x')", "insecure-model-download"),
        ("subprocess.run(['/usr/bin/curl', '-sk', url])", "insecure-model-download"),
        ("subprocess.run(['wget', '--no-check-certificate', url])", "insecure-model-download"),
    ],
)  # fmt: skip
def test_other_dangers(told: Told, code: str, rule: str) -> None:
    assert [name for name, _ in told("a.py", code)] == [rule]


def test_severity_and_confidence_follow_what_is_known(examine: Callable) -> None:
    findings, _, _ = examine(
        {"a.py": "import torch, pickle\npickle.load(f)\ntorch.load(f, **x)\nM.from_pretrained(path)\n"
                 "M.from_pretrained('o/m')\nM.from_pretrained('o/m', trust_remote_code=True)\n"}
    )  # fmt: skip
    assert [(item.location.line, item.rule, item.severity, item.confidence) for item in findings] == [
        (2, "unsafe-load", Severity.MEDIUM, Confidence.HIGH),
        (3, "unsafe-load", Severity.MEDIUM, Confidence.MEDIUM),
        (4, "unpinned-model-revision", Severity.LOW, Confidence.LOW),
        (5, "unpinned-model-revision", Severity.MEDIUM, Confidence.HIGH),
        (6, "trusted-remote-code", Severity.HIGH, Confidence.HIGH),
        (6, "unpinned-model-revision", Severity.MEDIUM, Confidence.HIGH),
    ]


def test_a_fingerprint_names_the_function_not_the_line(examine: Callable) -> None:
    code = "import pickle\nclass A:\n  async def f(self):\n    pickle.load(x)\n    pickle.load(y)\n"
    first, _, _ = examine({"a.py": code})
    second, _, _ = examine({"a.py": "# a line\n" + code})
    assert [item.fingerprint for item in first] == [item.fingerprint for item in second]
    assert [item.facts["scope"] for item in first] == ["A.f", "A.f"]
    assert [item.location.line for item in second] == [5, 6]


def test_a_command_in_a_long_string_has_its_line(told: Told) -> None:
    assert told("a.py", 'x = """\nmake\ncurl -k https://h.example/x\n"""\n') == [("insecure-model-download", 3)]


def test_files_are_counted(examine: Callable) -> None:
    _, gaps, evidence = examine({"a.py": "", "setup.py": "install_requires=[]", "b.sh": "", "Dockerfile": ""})
    assert gaps == []
    assert [(item.kind, item.statement) for item in evidence] == [("source", {"files": 4})]


def test_nothing_to_look_at_is_nothing_to_tell(examine: Callable) -> None:
    assert examine({"README": "text", "m.pkl": b"\x80\x04."}) == ([], [], [])


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (b"print 'python 2'\n", GapReason.MALFORMED),
        (b"def (:\n", GapReason.MALFORMED),
        (b"x = '\xff'\n", GapReason.MALFORMED),
        (b"# coding: utf-7\nx = '\xff'\n", GapReason.MALFORMED),
        (b"a\0b", GapReason.MALFORMED),
        (b"(" * 5000, GapReason.MALFORMED),
        (b"x = " + b"-" * 100_000 + b"1", GapReason.MALFORMED),
        (b"#" * 1_000_001, GapReason.BUDGET),
    ],
)
def test_what_cannot_be_read_is_a_gap(examine: Callable, code: bytes, reason: GapReason) -> None:
    findings, gaps, _ = examine({"a.py": code})
    assert findings == []
    assert [gap.reason for gap in gaps] in ([reason], [GapReason.CRASH], [GapReason.MEMORY])


@pytest.mark.parametrize("coding", ["latin-1", "iso_8859-1", "cp1252"])
def test_the_usual_encodings_are_read(examine: Callable, coding: str) -> None:
    findings, gaps, _ = examine({"a.py": f"# coding: {coding}\nimport pickle\npickle.load('\xe9')\n".encode("latin-1")})
    assert ([item.rule for item in findings], gaps) == (["unsafe-load"], [])


def test_a_file_that_is_gone_is_a_gap() -> None:
    argument = {"root": "/", "path": "missing/a.py", "limit": 10}
    for module in (python, notebooks):
        (gap,) = module.examine(argument)
        assert gap.reason is GapReason.UNREADABLE  # type: ignore[union-attr]


PIECES = st.sampled_from(["import pickle", "pickle.load", "(f)", "\n", " = ", "x", "'curl -k'", "getattr(", ")",
                          ",", "**x", "trust_remote_code=True", "from a import *", "...", "[", "]", ":",
                          "lambda ", "    "])  # fmt: skip


@settings(deadline=None)
@given(pieces=st.lists(PIECES, max_size=12), text=st.text(max_size=20))
def test_any_program_is_examined(tmp_path_factory: pytest.TempPathFactory, pieces: list[str], text: str) -> None:
    root = tmp_path_factory.mktemp("program")
    (root / "a.py").write_bytes("".join([*pieces, text]).encode("utf-8", "surrogatepass"))
    list(python.examine({"root": str(root), "path": "a.py", "limit": 10_000}))


# --- notebooks


def notebook(*cells: object, **metadata: object) -> str:
    code = [{"cell_type": "code", "source": cell} for cell in cells]
    return json.dumps({"nbformat": 4, "metadata": metadata, "cells": [{"cell_type": "markdown", "source": "x"}, *code]})


def test_code_cells_are_read_together(examine: Callable) -> None:
    text = notebook(["%matplotlib inline\n", "import torch\n", "df?\n", "files = !ls\n"], "torch.load('x')",
                    "%%time\ntorch.load('y')", "%%html\n<b>",
                    "!curl -k https://h.example/x", "%%bash\ncurl -k https://x")  # fmt: skip
    findings, gaps, evidence = examine({"n.ipynb": text})
    assert gaps == []
    assert [(item.rule, item.location.pointer) for item in findings] == [
        ("insecure-model-download", "/cells/5/source"),
        ("insecure-model-download", "/cells/6/source"),
        ("unsafe-load", "/cells/2/source"),
        ("unsafe-load", "/cells/3/source"),
    ]
    assert evidence[0].statement == {"files": 1}


def test_a_broken_cell_hides_no_other(examine: Callable) -> None:
    findings, gaps, _ = examine({"n.ipynb": notebook("def (", "import pickle; pickle.load(f)", 1, None, [2])})
    assert [item.rule for item in findings] == ["unsafe-load"]
    assert [(gap.reason, str(gap.location)) for gap in gaps] == [(GapReason.MALFORMED, "n.ipynb#/cells/1/source")]


def test_old_notebooks_are_read(examine: Callable) -> None:
    text = {"nbformat": 3, "worksheets": [1, {"cells": [{"cell_type": "code", "input": "import dill; dill.load(f)"}]}]}
    findings, _, _ = examine({"n.ipynb": json.dumps(text)})
    assert [item.location.pointer for item in findings] == ["/worksheets/1/cells/0/input"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", GapReason.MALFORMED),
        ("{}", GapReason.MALFORMED),
        (' {"cells": 1}', GapReason.MALFORMED),
        ('{"cells":' * 100_000, GapReason.MALFORMED),
        (notebook("x <- 1", kernelspec={"language": "R"}), GapReason.UNSUPPORTED),
        (notebook("x", language_info={"name": "julia"}), GapReason.UNSUPPORTED),
    ],
)
def test_what_is_no_python_notebook_is_a_gap(examine: Callable, text: str, reason: GapReason) -> None:
    findings, gaps, _ = examine({"n.ipynb": text})
    assert (findings, [gap.reason for gap in gaps]) == ([], [reason])


def test_a_list_is_no_notebook(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("list")
    (root / "n.ipynb").write_text("[]", encoding="utf-8")
    (gap,) = notebooks.examine({"root": str(root), "path": "n.ipynb", "limit": 100})
    assert "not an object" in gap.detail  # type: ignore[union-attr]


CELLS = st.recursive(
    st.none() | st.integers() | st.text(max_size=10) | st.sampled_from(["code", "%%bash\ncurl -k x", "import pickle"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["cells", "cell_type", "source", "metadata", "worksheets", "input"]), inner)
    ),
)


@settings(deadline=None)
@given(cells=CELLS)
def test_any_notebook_is_examined(tmp_path_factory: pytest.TempPathFactory, cells: object) -> None:
    root = tmp_path_factory.mktemp("notebook")
    (root / "n.ipynb").write_text(json.dumps({"cells": cells, "metadata": cells}), encoding="utf-8")
    list(notebooks.examine({"root": str(root), "path": "n.ipynb", "limit": 100_000}))
