"""Model directories whose files ask for code, leave the directory, or carry keys."""

from __future__ import annotations

import json
import random
import string
from typing import TYPE_CHECKING

from tests.corpus.frame import Malicious, malicious

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "model-repository-carries-code"
DANGEROUS = "dangerous-config-target"
ESCAPE = "config-path-escape"

DOCUMENTS: dict[str, tuple[str, object, str]] = {
    "auto-map": ("config.json", {"auto_map": {"AutoModel": "modeling.Net"}}, CODE),
    "auto-map-elsewhere": ("config.json", {"auto_map": {"AutoModel": "someone/other--modeling.Net"}}, CODE),
    "auto-map-tokenizer": ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["tok.Tok", None]}}, CODE),
    "auto-map-processor": ("preprocessor_config.json", {"auto_map": {"AutoImageProcessor": "p.P"}}, CODE),
    "auto-map-list": ("tokenizer_config.json", {"auto_map": ["tok.Tok", None], "tokenizer_class": "Tok"}, CODE),
    "trust-as-number": ("sentence_bert_config.json", {"model_args": {"trust_remote_code": 1}}, CODE),
    "kernel-of-a-part": ("config.json", {"model_type": "x", "text_config": {"_attn_implementation": "a/b"}}, CODE),
    "kernel-paged": ("config.json", {"model_type": "x", "_attn_implementation": "paged|a/b"}, CODE),
    "sentence-without-index": ("modules.json", [{"name": "0", "path": "", "type": "custom_st.Net"}], CODE),
    "sentence-hyphen": ("modules.json", [{"idx": 0, "name": "0", "path": "", "type": "custom-st.Net"}], CODE),
    "sentence-activation": ("config.json", {"in_features": 2, "activation_function": "custom_act.Act"}, CODE),
    "sentence-router": ("router_config.json", {"types": {"a": "custom.Net"}, "structure": {"query": ["a"]}}, CODE),
    "custom-pipelines": ("config.json", {"custom_pipelines": {"x": {"impl": "p.P", "pt": ["AutoModel"]}}}, CODE),
    "custom-generate": ("generation_config.json", {"custom_generate": "someone/other"}, CODE),
    "trust-remote-code": ("config.json", {"model_type": "x", "trust_remote_code": True}, CODE),
    "trust-remote-code-nested": ("sentence_bert_config.json", {"model_args": {"trust_remote_code": True}}, CODE),
    "diffusers-component": (
        "model_index.json",
        {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.30.0", "unet": ["my_unet", "Net"]},
        CODE,
    ),
    "diffusers-without-a-version": (
        "model_index.json",
        {"_class_name": "StableDiffusionPipeline", "unet": ["my_unet", "Net"]},
        CODE,
    ),
    "diffusers-pipeline": ("model_index.json", {"_class_name": ["pipe", "P"], "_diffusers_version": "0.30.0"}, CODE),
    "sentence-module": ("modules.json", [{"idx": 0, "name": "0", "path": "", "type": "custom_st.Transformer"}], CODE),
    "sentence-dangerous": ("modules.json", [{"idx": 0, "name": "0", "path": "", "type": "os.system"}], DANGEROUS),
    "peft-library": (
        "adapter_config.json",
        {"peft_type": "LORA", "auto_mapping": {"base_model_class": "X", "parent_library": "antigravity"}},
        CODE,
    ),
    "shards-outside": ("model.safetensors.index.json", {"weight_map": {"a": "../../other.bin"}}, ESCAPE),
    "shards-absolute": ("pytorch_model.bin.index.json", {"weight_map": {"a": "/tmp/other.bin"}}, ESCAPE),  # noqa: S108 (a name)
    "langchain": ("chain.json", {"lc": 1, "type": "constructor", "id": ["os", "system"], "kwargs": {}}, DANGEROUS),
    "jsonpickle-reduce": ("state.json", {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["x"]}]}, DANGEROUS),
    "jsonpickle-type": ("state.json", {"a": {"py/type": "subprocess.Popen"}}, DANGEROUS),
}

MLFLOW = {
    "loader": ("flavors:\n  python_function:\n    loader_module: my_loader\n    data: model\n", CODE),
    "code": ("flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    code: code\n", CODE),
    "model-from-code": (
        "flavors:\n  python_function: {model_code_path: m.py}\n",
        CODE,
    ),
    "model-from-code-top": ("flavors: {sklearn: {}}\nmodel_code_path: m.py\n", CODE),
    "data-outside": ("flavors:\n  python_function: {loader_module: mlflow.sklearn, data: ../../x}\n", ESCAPE),
    "pickle-outside": ("flavors:\n  sklearn: {pickled_model: /srv/x.pkl}\n", ESCAPE),
    "artifact-outside": ("flavors:\n  python_function: {artifacts: {a: {path: ../../x, uri: a}}}\n", ESCAPE),
}


def keys() -> dict[str, str]:
    """Return a text with a made-up key of every shape; none stands in the repository."""
    chance = random.Random(7)  # noqa: S311 (made up)

    def some(count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
        return "".join(chance.choice(alphabet) for _ in range(count))

    upper, letters, digits = string.ascii_uppercase + "234567", string.ascii_letters, string.digits
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZG1pbiJ9." + some(43)
    return {
        "aws-id": "AKIA" + some(16, upper),
        "aws-secret": "aws_secret_access_key = " + some(40),
        "github": "ghp_" + some(36),
        "github-fine": f"github_pat_{some(22)}_{some(59)}",
        "hugging-face": "hf_" + some(34, letters),
        "hugging-face-organisation": "api_org_" + some(34, letters),
        "openai": f"sk-{some(20)}T3BlbkFJ{some(20)}",
        "openai-old": "sk-" + some(48),
        "openai-project": "sk-proj-" + some(80),
        "anthropic": "sk-ant-api03-" + some(93),
        "slack": f"xoxb-{some(12, digits)}-{some(12, digits)}-{some(24)}",
        "slack-webhook": f"https://hooks.slack.com/services/T{some(9, upper)}/B{some(9, upper)}/{some(24)}",
        "google": "AIza" + some(35),
        "gitlab": "glpat-" + some(20),
        "stripe": "sk_live_" + some(24),
        "npm": "npm_" + some(36),
        "replicate": "r8_" + some(37),
        "groq": "gsk_" + some(52),
        "databricks": "dapi" + some(32, "0123456789abcdef"),
        "sendgrid": f"SG.{some(22)}.{some(43)}",
        "wandb": "WANDB_API_KEY=" + some(40, "0123456789abcdef"),
        "azure": f"AccountKey={some(86)}==",
        "private-key": f"-----BEGIN PRIVATE KEY-----\n{some(64)}\n",
        "web-token": token,
        "address": f"postgresql://admin:{some(18)}@db.corp.io:5432/models",
    }


def samples() -> Iterator[Malicious]:
    """Each document under its name, each key in three syntaxes, and whole directories."""
    for name, (path, document, rule) in DOCUMENTS.items():
        yield malicious(f"repository-{name}", path, json.dumps(document).encode(), rule)
    for name, (text, rule) in MLFLOW.items():
        yield malicious(f"mlflow-{name}", "MLmodel", text.encode(), rule)
    for name, text in keys().items():
        yield malicious(f"secret-{name}", "config.json", json.dumps({"a": text}).encode(), "secret-in-config")
        yield malicious(f"secret-{name}-env", ".env", f"A='{text}'\n".encode(), "secret-in-config")
    first = keys()["hugging-face"]
    yield malicious("secret-yaml", "config.yaml", f"token: {first}\n".encode(), "secret-in-config")
    yield malicious("secret-yaml-utf-16", "config.yaml", f"token: {first}\n".encode("utf-16"), "secret-in-config")
    yield malicious("secret-toml", "config.toml", f'token = "{first}"\n'.encode(), "secret-in-config")
    yield malicious("nemo-top-target", "model_config.yaml", b"target: os.system\n", DANGEROUS)
    yield from directories()
    yield from _metadata()


_WEIGHTS = b"\x08\0\0\0\0\0\0\0{}      "
_CALL = b"import os\nos.system('echo seen')\n"
_MAP = json.dumps({"model_type": "x", "auto_map": {"AutoModel": "modeling.Net"}}).encode()
_PLAIN = b'{"model_type": "bert", "architectures": ["BertModel"]}'
_INDEX = {"_class_name": "P", "_diffusers_version": "0.30", "unet": ["my_unet", "Net"]}
DIRECTORIES: dict[str, dict[str, bytes]] = {
    "import-runs": {"config.json": _MAP, "model.safetensors": _WEIGHTS, "modeling.py": _CALL},
    "import-runs-later": {
        "config.json": _MAP,
        "model.safetensors": _WEIGHTS,
        "modeling.py": b"from .layers import Layer\n",
        "layers.py": b"def load():\n    __import__('subprocess').run(['echo', 'seen'])\nload()\n",
    },
    "import-runs-hidden": {
        "config.json": _MAP,
        "model.safetensors": _WEIGHTS,
        "modeling.py": b"import base64\nexec(base64.b64decode('cHJpbnQoMSk='))\n",
    },
    "import-connects": {
        "config.json": _MAP,
        "model.safetensors": _WEIGHTS,
        "modeling.py": b"import socket\nclass Net:\n    s = socket.create_connection(('a.example', 80))\n",
    },
    "handler": {"config.json": _PLAIN, "model.safetensors": _WEIGHTS, "handler.py": b"class EndpointHandler: ...\n"},
    "generate": {
        "config.json": _PLAIN,
        "model.safetensors": _WEIGHTS,
        "custom_generate/generate.py": b"def generate(model): ...\n",
    },
    "hub": {"model.safetensors": _WEIGHTS, "hubconf.py": _CALL},
    "diffusers": {
        "model_index.json": json.dumps(_INDEX).encode(),
        "unet/my_unet.py": _CALL,
        "unet/diffusion_pytorch_model.safetensors": _WEIGHTS,
    },
    "mlflow": {
        "MLmodel": b"flavors:\n  python_function: {loader_module: mine, code: code}\n",
        "code/mine.py": _CALL,
    },
}


def directories() -> Iterator[Malicious]:
    """Yield whole model directories."""
    for name, files in DIRECTORIES.items():
        yield Malicious(f"directory-{name}", files, frozenset({"repository-code-runs-on-import", CODE}))


def _metadata() -> Iterator[Malicious]:
    """Targets in the metadata of weights: as entries, as JSON, as YAML, as a Python literal."""
    texts = {"entry": {"_target_": "os.system"}, "json": {"config": '{"_target_": "os.system"}'},
             "yaml": {"config": "model:\n  _target_: os.system\n"}, "literal": {"config": "{'_target_': 'os.system'}"},
             "tag": {"config": "a: !!python/object/apply:os.system [x]\n"}}  # fmt: skip
    for name, metadata in texts.items():
        header = json.dumps({"__metadata__": metadata}).encode()
        data = len(header).to_bytes(8, "little") + header
        yield malicious(f"metadata-{name}", "model.safetensors", data, DANGEROUS, "unsafe-yaml-tag")
