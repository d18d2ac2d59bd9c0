"""Configurations that make a library import code: Hugging Face's libraries, MLflow, LangChain.

Each looks for what its loader resolves: ``auto_map`` and ``custom_pipelines`` (``transformers.dynamic_module_utils``),
the pairs of ``model_index.json`` (``diffusers.pipelines.pipeline_loading_utils``), ``type`` in ``modules.json``
(``sentence_transformers.util.import_from_string``), ``auto_mapping`` (``peft``), ``loader_module``, ``code`` and
``model_code_path`` (MLflow, "MLmodel file format"), objects of LangChain's ``load``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.rules import carries_code
from chainguard_ml.rules import configs as rules
from chainguard_ml.scan import targets
from chainguard_ml.scan.formats import config_targets, config_walk
from chainguard_ml.scan.formats.member_names import escape
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chainguard_ml.model import Finding, Json, Observations
    from chainguard_ml.scan.interface import Blob, Examination

# Files of a model's directory in which Hugging Face's libraries look for code of the repository.
_HUGGING_FACE = re.compile(
    r"(?:.*[_-])?config(?:uration)?\.json\Z|model_index\.json\Z|modules\.json\Z|sentence_bert_config\.json\Z"
)
# First names of the libraries in model_index.json: packages, and the folders of diffusers' own pipelines.
_PIPELINES = """
accelerate ace_step allegro alt_diffusion amused animatediff anyflow audioldm audioldm2 aura_flow auraflow bria
bria_fibo bria_fibo2 chroma chronoedit cogvideo cogview3 cogview4 consisid consistency_models controlnet
controlnet_aux controlnet_hunyuandit controlnet_sd3 controlnet_xs cosmos dance_diffusion ddim ddpm deepfloyd_if
deprecated diffusers diffusion_gemma dit dreamlite easyanimate ernie_image flax flux flux2 free_init_utils
free_noise_utils glm_image helios hidream_image hunyuan_image hunyuan_video hunyuan_video1_5 hunyuandit i2vgen_xl
ideogram4 joyimage k_diffusion kandinsky kandinsky2_2 kandinsky3 kandinsky5 kandinsky6 kolors krea2
latent_consistency_models latent_diffusion latte ledits_pp llada2 longcat_audio_dit longcat_image ltx ltx2 lucy lumina
lumina2 marigold mochi motif_video musicldm nucleusmoe_image omnigen onnx_utils onnxruntime onnxruntime.training
optimum ovis_image pag paint_by_example paradigms peft pia pixart_alpha pndm prx qwenimage qwenimage21 repaint
rfd4_proteina sana sana_video sana_wm score_sde_ve semantic_stable_diffusion shap_e skyreels_v2 spectrogram_diffusion
stable_audio stable_audio_3 stable_cascade stable_diffusion stable_diffusion_3 stable_diffusion_attend_and_excite
stable_diffusion_diffedit stable_diffusion_gligen stable_diffusion_k_diffusion stable_diffusion_ldm3d
stable_diffusion_panorama stable_diffusion_safe stable_diffusion_sag stable_diffusion_xl stable_video_diffusion
stochastic_karras_ve t2i_adapter text_to_video_synthesis timm transformers unclip unidiffuser versatile_diffusion
visualcloze vq_diffusion wan wuerstchen z_image
"""
_PIPELINE_LIBRARIES = frozenset(_PIPELINES.split())
_SENTENCES = re.compile(r"(?:sentence_transformers|pylate|model2vec|setfit)\.[\w.]+\Z")
_MAPPED = frozenset({"transformers", "diffusers", "peft", "timm", "torch", "sentence_transformers", "open_clip", "trl"})
_MLFLOW = re.compile(r"mlflow(?:\.[A-Za-z_]\w*)+\Z")
_LANGCHAIN = re.compile(r"lang(?:chain|graph|smith)(?:_\w+)?\Z")
# What model servers import, by configuration and key, and what is their own.
_MLSERVER = re.compile(r"mlserver(?:_[a-z_]+)?\.[A-Za-z_][\w.]*\Z")
_BENTO = re.compile(r"(?:bentoml|openllm)(?:\.[A-Za-z_]\w*)*\Z")
_SERVED: dict[str, dict[str, re.Pattern[str]]] = {
    "model-settings.json": {"implementation": _MLSERVER},
    "bento.yaml": {"service": re.compile(r"(?!)")},
    "model.yaml": {"module": _BENTO} | {"loader_module": _BENTO},
}
_MLFLOW_PATHS = ("code", "data", "pickled_model", "model_data", "model_path", "model_code_path", "python_model", "path",
                 "saved_input_example_path", "artifact_path", "config_path", "model_binary")  # fmt: skip


def examine_document(blob: Blob, document: Json, examination: Examination) -> Observations:
    """Report what a document makes its loader import, and paths that leave the model's directory."""
    if isinstance(document, list):
        yield from _modules(blob, document, examination)
    if not isinstance(document, dict):
        return
    yield from _hugging_face(blob, document)
    index = blob.name.rpartition("/")[2] == "model_index.json"
    if "_class_name" in document and (index or "_diffusers_version" in document):
        yield from _diffusers(blob, document)
    if isinstance(document.get("auto_mapping"), dict):
        yield from _peft(blob, document["auto_mapping"])
    if isinstance(document.get("flavors"), dict):
        yield from _mlflow(blob, document["flavors"], document)
    if isinstance(document.get("weight_map"), dict):
        yield from _shards(blob, document["weight_map"])
    yield from _langchain(blob, document, examination)
    yield from _served(blob, document, examination)


def _code(blob: Blob, pointer: str, what: str, facts: Mapping[str, Json]) -> Finding:
    return carries_code.REPOSITORY_CODE.finding(
        blob.subject,
        replace(blob.location, pointer=pointer),
        what,
        key=(pointer.partition("/")[2].partition("/")[0],) if pointer.count("/") == 1 else (pointer,),
        facts=facts,
    )


def _names(mapping: Mapping[str, Json]) -> str:
    return ", ".join(printable(name, 60) for name in sorted(mapping)[:10])


def _hugging_face(blob: Blob, document: dict[str, Json]) -> Observations:
    named = _HUGGING_FACE.match(blob.name.rpartition("/")[2]) is not None
    for pointer, item in jsonsafe.objects(document):
        if pointer and not named:
            return
        for key in ("auto_map", "custom_pipelines"):  # of a part of the model too: transformers resolves each by itself
            mapping = item.get(key)
            if mapping and isinstance(mapping, dict | list | str):
                named_for = f" for {_names(mapping)}" if isinstance(mapping, dict) else ""
                what = f"{key} names code of the repository{named_for}"
                yield _code(blob, f"{pointer}/{key}", what, {key: mapping})
        if named and item.get("trust_remote_code"):
            what = "trust_remote_code lets the loader run code of a repository"
            yield _code(blob, f"{pointer}/trust_remote_code", what, {"trust_remote_code": True})
        for place, kind in _imported(item) if named else ():
            what = f"{place.rpartition('/')[2]} is '{printable(kind, 100)}', which the loader imports"
            yield _code(blob, f"{pointer}/{place}", what, {"type": kind})
        for key in ("custom_code", "custom_generate", "custom_pipeline") if named and not pointer else ():
            if document.get(key):
                what = f"{key} names code of the repository"
                yield _code(blob, f"/{key}", what, {key: document[key]})


def _imported(item: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield what Sentence Transformers imports by name: activations, and the modules of a router."""
    for key in ("activation_function", "activation_fn"):
        kind = config_walk.text(item, key)
        if "." in kind and not _SENTENCES.match(kind) and not kind.startswith(("torch.nn.", "transformers.")):
            yield key, kind
    types = item.get("types")
    for name, kind in types.items() if isinstance(types, dict) and "structure" in item else ():
        if isinstance(kind, str) and "." in kind and not _SENTENCES.match(kind):
            yield f"types/{name}", kind


def _diffusers(blob: Blob, document: dict[str, Json]) -> Observations:
    """Report components whose library is no package that diffusers knows: a module beside them is imported."""
    pipeline = document["_class_name"]
    if isinstance(pipeline, list) and pipeline:
        what = f"the pipeline is a class of the repository's file '{printable(str(pipeline[0]), 80)}'"
        yield _code(blob, "/_class_name", what, {"pipeline": pipeline})
    for name, value in document.items():
        if name.startswith("_") or not isinstance(value, list) or len(value) != 2:
            continue
        library, kind = value
        if not isinstance(library, str) or not isinstance(kind, str):
            continue
        if library not in _PIPELINE_LIBRARIES and not library.startswith(("diffusers.", "transformers.")):
            what = f"the component '{printable(name, 60)}' is loaded from the module '{printable(library, 80)}'"
            yield _code(blob, f"/{name}", what, {"library": library, "class": kind})


def _modules(blob: Blob, document: list[Json], examination: Examination) -> Observations:
    """Look at the modules of Sentence Transformers: a list of objects with ``idx``, ``path`` and ``type``."""
    for index, item in enumerate(document[:10_000]):
        if not (isinstance(item, dict) and "path" in item and isinstance(item.get("type"), str)):
            continue
        kind = str(item["type"])
        if not ("idx" in item or blob.name.endswith("modules.json")) or "." not in kind or _SENTENCES.match(kind):
            continue
        opinion = targets.judge(kind, examination.judge, blob.subject)
        if opinion.verdict is targets.Verdict.DANGEROUS:
            named = config_targets.Named("type", kind, f"/{index}/type")
            yield from config_targets.examine_target(blob, named, examination)
        else:
            what = f"the module {index} is '{printable(kind, 100)}', which is none of Sentence Transformers"
            yield _code(blob, f"/{index}/type", what, {"type": kind})


def _peft(blob: Blob, mapping: Mapping[str, Json]) -> Observations:
    library = config_walk.text(mapping, "parent_library")
    if library and library.partition(".")[0] not in _MAPPED:
        what = f"auto_mapping imports the module '{printable(library, 100)}'"
        yield _code(blob, "/auto_mapping", what, {"parent_library": library})


def _mlflow(blob: Blob, flavors: Mapping[str, Json], document: Mapping[str, Json]) -> Observations:
    for name, flavor in flavors.items():
        if isinstance(flavor, dict):
            pointer = f"/flavors/{name}"
            yield from _flavor(blob, pointer, flavor)
            yield from _paths(blob, pointer, flavor)
    if document.get("model_code_path"):
        yield _code(blob, "/model_code_path", "the model is a Python file of its directory", {})


def _flavor(blob: Blob, pointer: str, flavor: Mapping[str, Json]) -> Observations:
    loader = config_walk.text(flavor, "loader_module")
    if loader and not _MLFLOW.match(loader):
        what = f"loader_module is '{printable(loader, 100)}', which is none of MLflow"
        yield _code(blob, f"{pointer}/loader_module", what, {"loader_module": loader})
    code = config_walk.text(flavor, "code")
    if code:
        what = f"the directory '{printable(code, 80)}' of the model is put on the import path"
        yield _code(blob, f"{pointer}/code", what, {"code": code})
    script = config_walk.text(flavor, "model_code_path")
    if script:
        what = f"the model is the Python file '{printable(script, 80)}'"
        yield _code(blob, f"{pointer}/model_code_path", what, {"model_code_path": script})


def _paths(blob: Blob, pointer: str, flavor: Mapping[str, Json]) -> Observations:
    artifacts = flavor.get("artifacts")
    inner = artifacts.items() if isinstance(artifacts, dict) else ()
    named = [(f"{pointer}/{key}", config_walk.text(flavor, key)) for key in _MLFLOW_PATHS if key != "model_code_path"]
    named += [(f"{pointer}/artifacts/{key}", config_walk.text(item, "path")) for key, item in inner
              if isinstance(item, dict)]  # fmt: skip
    for place, path in named:
        if path and (how := escape(path)):
            yield _escapes(blob, place, path, how)


def _served(blob: Blob, document: dict[str, Json], examination: Examination) -> Observations:
    """Look at what MLServer (``model-settings.json``) and BentoML (``bento.yaml``, ``model.yaml``) import."""
    name = blob.name.rpartition("/")[2]
    for key, own in (_SERVED.get(name) or {}).items():
        target = config_walk.text(document, key)
        if not target or own.match(target):
            continue
        opinion = targets.judge(target, examination.judge, blob.subject)
        if opinion.verdict is targets.Verdict.DANGEROUS:
            yield from config_targets.examine_target(blob, config_targets.Named(key, target, f"/{key}"), examination)
        else:
            what = f"{key} is '{printable(target, 100)}', which the server imports"
            yield _code(blob, f"/{key}", what, {key: target})


def _shards(blob: Blob, weights: Mapping[str, Json]) -> Observations:
    """Report shards of an index that lie outside of the model's directory."""
    said: set[str] = set()
    for name, shard in weights.items():
        if isinstance(shard, str) and shard not in said and (how := escape(shard)):
            said.add(shard)
            yield _escapes(blob, f"/weight_map/{name}", shard, how)


def _escapes(blob: Blob, pointer: str, path: str, how: str) -> Finding:
    return rules.PATH_ESCAPE.finding(
        blob.subject,
        replace(blob.location, pointer=pointer),
        f"'{printable(path, 120)}' leaves the model's directory: {how}",
        key=(path,),
        facts={"path": path},
    )


def _langchain(blob: Blob, document: dict[str, Json], examination: Examination) -> Observations:
    for pointer, parts in _constructors(document):
        if parts and _LANGCHAIN.match(parts[0]):
            continue
        named = config_targets.Named("id", ".".join(parts), f"{pointer}/id")
        yield from config_targets.examine_target(blob, named, examination)


def _constructors(document: dict[str, Json]) -> Iterator[tuple[str, list[str]]]:
    """Yield the paths of the classes that LangChain's ``load`` would construct."""
    for pointer, item in jsonsafe.objects(document):
        parts = item.get("id")
        if isinstance(item.get("lc"), int) and item.get("type") == "constructor" and isinstance(parts, list):
            yield pointer, [part for part in parts if isinstance(part, str)]
