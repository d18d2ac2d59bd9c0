"""The signed payload: an in-toto Statement v1 with the predicate of OpenSSF Model Signing v1.0 (sections 5 and 6.6).

Read only after its signature is proven; still strictly, so that two readers cannot see two models in one signature.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from chainguard_ml.signing.hashing import LENGTHS, Recipe
from chainguard_ml.signing.interface import MalformedError
from chainguard_ml.signing.manifest import SINGLE_FILE, Manifest, canonical_exclusion, is_canonical, root_digest
from chainguard_ml.signing.strictjson import loads, member, only
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from chainguard_ml.codec import JsonObject
    from chainguard_ml.model import Json

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://model_signing/signature/v1.0"

_SOURCE = "chainguard-ml/digest-source"
"""Annotation of a resource whose digest the signer did not compute (in-toto ResourceDescriptor v1, ``annotations``)."""

_BEFORE_0_3 = "https://model_signing/Digests/v0.1"  # files as subjects, no serialization (section 5.1)
_STRUCTURE = 20_000_000  # members and items: four for each file
_HEX = re.compile("[0-9a-f]+")
_SHARD = re.compile(r"(.+):(0|[1-9][0-9]{0,18}):([1-9][0-9]{0,18})\Z", re.DOTALL)

_Item = tuple[str, str]  # name and digest of a resource


def build(manifest: Manifest) -> bytes:
    """Return the statement about a manifest of whole files, as bytes to sign."""
    algorithm = manifest.recipe.algorithm
    serialization: dict[str, Json] = {"method": "files", "hash_type": algorithm, "allow_symlinks": False}
    if manifest.ignored:
        serialization["ignore_paths"] = sorted(manifest.ignored)
    resources: list[JsonObject] = []
    for name, hexa in manifest.files.items():
        resources.append({"name": name, "digest": hexa, "algorithm": algorithm})
        if name in manifest.sources:
            resources[-1]["annotations"] = {_SOURCE: manifest.sources[name]}
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": manifest.name, "digest": {"sha256": manifest.root}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {"resources": resources, "serialization": serialization},
    }
    return json.dumps(statement, separators=(",", ":"), ensure_ascii=False).encode()


def parse(payload: bytes) -> Manifest:
    """Return the manifest in a statement of any release from 0.2 on.

    Raises:
        MalformedError: It is another statement, or breaks a rule of the specification.
        UnverifiableError: A budget is hit.
    """
    value = loads(payload, "the statement", _STRUCTURE)
    if value.get("_type") != STATEMENT_TYPE:
        raise MalformedError(f"'_type' is not {STATEMENT_TYPE}")
    only(value, {"_type", "subject", "predicateType", "predicate"}, "the statement")
    predicate = member(value, "predicate", dict)
    subjects = member(value, "subject", list)
    match value.get("predicateType"):
        case str(kind) if kind == PREDICATE_TYPE:
            return _current(subjects, predicate)
        case str(kind) if kind == _BEFORE_0_3:
            return _before_0_3(subjects)
    raise MalformedError(f"'predicateType' is not {PREDICATE_TYPE}")


def _current(subjects: list[Json], predicate: JsonObject) -> Manifest:
    only(predicate, {"resources", "serialization"}, "'predicate'")
    if len(subjects) != 1:
        raise MalformedError(f"there are {len(subjects)} subjects instead of one")
    name, root = _subject(subjects[0])
    serialization = member(predicate, "serialization", dict)
    recipe = _recipe(serialization)
    resources = member(predicate, "resources", list)
    items = _resources(resources, recipe)
    if root_digest(digest for _, digest in items) != root:
        raise MalformedError("the subject's digest is not that of the resources")
    files = _joined(items, recipe.shard_size) if recipe.shard_size else dict(items)
    links = member(serialization, "allow_symlinks", bool)
    return Manifest(name, root, checked(files), recipe, _ignored(serialization), links, dict(_sources(resources)))


def _before_0_3(subjects: list[Json]) -> Manifest:
    """Return the manifest of release 0.2, where each subject is a file."""
    items = [_subject(subject) for subject in subjects]
    _hold_sorted([name for name, _ in items], 0)
    return Manifest("", root_digest(digest for _, digest in items), checked(dict(items)), Recipe())


def _subject(value: Json) -> _Item:
    """Return a subject's name and SHA-256."""
    if not isinstance(value, dict):
        raise MalformedError("a subject is not an object")
    name, digest = member(value, "name", str), member(member(value, "digest", dict), "sha256", str)
    if not name:
        raise MalformedError("a subject has an empty name")
    _hold_hex(digest, "sha256", name)
    return name, digest


def _recipe(serialization: JsonObject) -> Recipe:
    """Return how digests were taken (section 5.2.2)."""
    known = {"method", "hash_type", "allow_symlinks", "ignore_paths", "shard_size"}
    only(serialization, known, "'serialization'")  # an unknown parameter could change what the rest means
    method, algorithm = member(serialization, "method", str), member(serialization, "hash_type", str)
    if algorithm not in LENGTHS:
        raise MalformedError(f"'hash_type' is none of {', '.join(LENGTHS)}")
    if method == "files" and "shard_size" not in serialization:
        return Recipe(algorithm)
    shard_size = serialization.get("shard_size")
    if isinstance(shard_size, float) and shard_size.is_integer():
        shard_size = int(shard_size)  # the reference implementation writes 1000000000.0
    if method != "shards" or type(shard_size) is not int or not 0 < shard_size < 1 << 63:
        raise MalformedError("'method' is neither 'files' nor 'shards' with a 'shard_size'")
    return Recipe(algorithm, shard_size)


def _resources(values: list[Json], recipe: Recipe) -> list[_Item]:
    """Return names and digests of the resources in their order, which must be the canonical one."""
    algorithms = {recipe.algorithm}
    if recipe.shard_size:  # as the reference implementation writes it
        algorithms.add(f"{recipe.algorithm}-sharded-{recipe.shard_size}")
    items = []
    for value in values:
        if not isinstance(value, dict):
            raise MalformedError("a resource is not an object")
        name, digest = member(value, "name", str), member(value, "digest", str)
        if member(value, "algorithm", str) not in algorithms:
            raise MalformedError(f"'{printable(name)}' has another algorithm than 'hash_type'")
        _hold_hex(digest, recipe.algorithm, name)
        items.append((name, digest))
    _hold_sorted([name for name, _ in items], recipe.shard_size)
    return items


def _sources(resources: Iterable[Json]) -> Iterator[_Item]:
    """Yield the resources whose digests the signer did not compute, and where they come from."""
    for value in resources:
        match value:
            case {"name": str(name), "annotations": {"chainguard-ml/digest-source": str(source)}}:
                yield name, source


def _hold_hex(digest: str, algorithm: str, name: str) -> None:
    if len(digest) != LENGTHS[algorithm] or not _HEX.fullmatch(digest):
        raise MalformedError(f"the digest of '{printable(name)}' is not one of {algorithm} in lower-case hexadecimal")


def _hold_sorted(names: list[str], shard_size: int) -> None:
    """Hold that no name is repeated and that they are sorted: by code points, or as the reference implementation does.

    It sorts by path components and by the shards' offsets. The order decides the root digest, so no other will do.
    """
    if len(set(names)) != len(names):
        raise MalformedError("a resource is listed twice")
    if names != sorted(names) and names != sorted(names, key=lambda name: _components(name, shard_size)):
        raise MalformedError("the resources are not sorted by name")


def _components(name: str, shard_size: int) -> tuple[list[str], int]:
    match = _SHARD.match(name) if shard_size else None
    return (match[1].split("/"), int(match[2])) if match else (name.split("/"), 0)


def _joined(items: Sequence[_Item], shard_size: int) -> dict[str, str]:
    """Return the digests of each file's shards, which must follow each other without a hole (section 6.3.2)."""
    shards: dict[str, list[tuple[int, int, str]]] = {}
    for name, digest in items:
        match = _SHARD.match(name)
        if not match:
            raise MalformedError(f"'{printable(name)}' is not the name of a shard")
        shards.setdefault(match[1], []).append((int(match[2]), int(match[3]), digest))
    files = {}
    for path, parts in shards.items():
        parts.sort()
        for index, (start, end, _) in enumerate(parts):
            last = index == len(parts) - 1
            if start != index * shard_size or not start < end <= start + shard_size or (not last and end % shard_size):
                raise MalformedError(f"the shards of '{printable(path)}' do not follow each other")
        files[path] = ",".join(digest for _, _, digest in parts)
    return files


def checked(files: Mapping[str, str]) -> Mapping[str, str]:
    """Return files by name, if there are any, their names are canonical, and none is the directory of another.

    Raises:
        MalformedError: They are not.
    """
    if not files:
        raise MalformedError("no file is signed")
    if list(files) == [SINGLE_FILE]:
        return files
    for path in files:
        if not is_canonical(path):
            raise MalformedError(f"'{printable(path)}' is not a canonical path beneath the model")
    for path in set(_parents(files)) & files.keys():
        raise MalformedError(f"'{printable(path)}' is both a file and a directory")
    return files


def _parents(files: Iterable[str]) -> Iterator[str]:
    """Yield the directories above each file, none above a directory that was yielded before."""
    seen = set()
    for path in files:
        parent = path.rpartition("/")[0]
        while parent and parent not in seen:
            seen.add(parent)
            yield parent
            parent = parent.rpartition("/")[0]


def _ignored(serialization: JsonObject) -> frozenset[str]:
    """Return the recorded exclusions; one that can name nothing in the model is no reason to refuse the rest."""
    values = member(serialization, "ignore_paths", list) if "ignore_paths" in serialization else []
    if not all(isinstance(value, str) for value in values):
        raise MalformedError("'ignore_paths' is not a list of strings")
    return frozenset(filter(None, map(canonical_exclusion, values)))
