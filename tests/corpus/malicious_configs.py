"""Configurations that make their loader import, call, read or send something."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING

from tests.corpus.frame import malicious

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

_ECHO = '["echo seen"]'

YAML_TAGS = {
    "apply": f"a: !!python/object/apply:os.system {_ECHO}\n",
    "apply-builtin": "a: !!python/object/apply:builtins.eval ['print(1)']\n",
    "apply-short-builtin": "a: !!python/object/apply:exec ['print(1)']\n",
    "new": f"a: !!python/object/new:subprocess.Popen {_ECHO}\n",
    "new-with-state": "a: !!python/object/new:type\n  args: [z, !!python/tuple [], {'extend': !!python/name:exec }]\n"
    "  listitems: print(1)\n",
    "name": "a: !!python/name:os.system ''\n",
    "module": "a: !!python/module:os ''\n",
    "object": "a: !!python/object:subprocess.Popen {args: echo}\n",
    "verbatim": f"a: !<tag:yaml.org,2002:python/object/apply:os.system> {_ECHO}\n",
    "redirected": f"%TAG ! tag:yaml.org,2002:python/object/apply:\n---\na: !os.system {_ECHO}\n",
    "redirected-handle": f"%TAG !e! tag:yaml.org,2002:python/\n---\na: !e!object/apply:os.system {_ECHO}\n",
    "escaped": f"a: !!python/object/apply:%6fs.system {_ECHO}\n",
    "on-a-key": "? !!python/object/apply:os.system [echo seen]\n: 1\n",
    "second-document": f"a: 1\n---\nb: !!python/object/apply:os.system {_ECHO}\n",
    "anchored": f"a: &x !!python/object/apply:os.system {_ECHO}\nb: *x\n",
    "before-the-break": f"- !!python/object/apply:os.system {_ECHO}\n---\n- [\n",
    "unlisted-class": "a: !!python/object/apply:mypackage.tools.Runner [x]\n",
    "dunder": "a: !!python/name:numpy.__builtins__.exec ''\n",
    "ruby": "--- !ruby/object:Gem::Installer\ni: x\n",
    "java": '!!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[!!java.net.URL ["http://a.example/"]]]]\n',
    "dotnet": "!System.Diagnostics.Process\nStartInfo: x\n",
    "php": "a: !php/object 'O:8:\"Evil\":0:{}'\n",
    "javascript": "a: !!js/function 'function(){}'\n",
    "hyper-apply": "a: !apply:os.system [echo seen]\n",
    "hyper-new": "a: !new:subprocess.Popen [echo]\n",
    "hyper-name": "a: !name:builtins.exec\n",
    "pylearn-pickle": "a: !pkl: model.pkl\n",
}

TARGETS = {
    "hydra": "_target_: os.system\n_args_: [echo seen]\n",
    "hydra-nested": "model:\n  encoder:\n    - {_target_: builtins.exec, _args_: ['print(1)']}\n",
    "hydra-partial": "a:\n  _target_: subprocess.Popen\n  _partial_: true\n",
    "hydra-get-method": "a: {_target_: hydra.utils.get_method, path: os.system}\n",
    "hydra-import": "a: {_target_: importlib.import_module, name: antigravity}\n",
    "hydra-referenced": "name: os.system\na: {_target_: '${name}'}\n",
    "hydra-joined": "m: os\nf: system\na: {_target_: '${m}.${f}'}\n",
    "hydra-escaped-key": '"\\x5ftarget\\x5f": os.system\n',
    "hydra-explicit-key": "? _target_\n: os.system\n",
    "hydra-through-framework": "a: {_target_: torch.serialization.os.system}\n",
    "hydra-dunder": "a: {_target_: torch.nn.__builtins__.exec}\n",
    "hydra-numpy-load": "a: {_target_: numpy.load, file: x.npy, allow_pickle: true}\n",
    "hydra-torch-load": "a: {_target_: torch.load, f: x.pt}\n",
    "hydra-pickle": "a: {_target_: pickle.loads, _args_: [x]}\n",
    "hydra-unlisted-library": "a: {_target_: nturl2path.pathname2url, _args_: [x]}\n",
    "hydra-flow": "{_target_: os.system, command: echo}\n",
    "hydra-json-in-yaml": '{"_target_": "os.system"}\n',
    "hydra-merge": "base: &b {_target_: os.system}\na: {<<: *b, command: echo}\n",
    "lightning": "model:\n  class_path: os.system\n  init_args: {command: echo}\n",
    "diffusion": "model:\n  target: os.system\n  params: {command: echo}\n",
    "diffusion-merged": "base: &b {target: os.system}\nmodel: {<<: *b, params: {command: echo}}\n",
    "torchtune": "model:\n  _component_: os.system\n  command: echo\n",
    "logging-factory": "handlers:\n  h: {'()': os.system, command: echo}\n",
    "resolver-eval": "a: ${eval:\"__import__('os').system('echo seen')\"}\n",
    "resolver-python": "a: ${python:exec('print(1)')}\n",
}


def samples() -> Iterator[Malicious]:
    """YAML tags, targets in every syntax and container, aliases."""
    for name, text in YAML_TAGS.items():
        yield malicious(f"yaml-{name}", "config.yaml", text.encode(), "unsafe-yaml-tag", "dangerous-config-target")
    for name, text in TARGETS.items():
        rules = ("dangerous-config-target", "unknown-config-target", "unsafe-config-interpolation")
        yield malicious(f"target-{name}", "config.yaml", text.encode(), *rules)
    tag = YAML_TAGS["apply"]
    yield malicious("yaml-utf-16", "config.yaml", tag.encode("utf-16"), "unsafe-yaml-tag")
    yield malicious("yaml-without-its-name", "settings", tag.encode(), "unsafe-yaml-tag")
    yield malicious("yaml-mlmodel", "MLmodel", tag.encode(), "unsafe-yaml-tag")
    yield malicious("yaml-in-gzip", "config.yaml.gz", gzip.compress(tag.encode()), "unsafe-yaml-tag")
    target = {"a": [{"_target_": "os.system", "command": "echo seen"}]}
    yield malicious("target-json", "config.json", json.dumps(target).encode(), "dangerous-config-target")
    yield malicious("target-json-utf-16", "config.json", json.dumps(target).encode("utf-16"), "dangerous-config-target")
    wide = json.dumps(target).encode("utf-32-le")
    yield malicious("target-json-utf-32", "config.json", wide, "dangerous-config-target")
    twice = b'{"_target_": "os.system", "_target_": "torch.nn.Linear"}'
    yield malicious("target-json-twice", "config.json", twice, "dangerous-config-target")
    escaped = b'{"\\u005ftarget_": "os.sy\\u0073tem"}'
    yield malicious("target-json-escaped", "config.json", escaped, "dangerous-config-target")
    yield from _nemo()
    yield malicious("yaml-aliases", "config.yaml", _laughs(), "yaml-alias-expansion")


def _nemo() -> Iterator[Malicious]:
    for name, target in (("dangerous", "os.system"), ("function", "mypackage.run"), ("computed", "${oc.env:X}.run")):
        for packed in (False, True):
            data = _tar({"model_config.yaml": f"target: x\nencoder: {{_target_: '{target}'}}\n".encode()})
            path = f"nemo-{name}{'-compressed' if packed else ''}"
            rules = ("dangerous-config-target", "unknown-config-target")
            yield malicious(path, "model.nemo", gzip.compress(data) if packed else data, *rules)


def _tar(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def _laughs() -> bytes:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(lines).encode()
