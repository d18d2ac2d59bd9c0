"""Parts of Keras configurations, as Keras 2 and 3 write them."""

from __future__ import annotations

import base64
import json
import marshal
import zipfile
from io import BytesIO


def dump(value: object) -> bytes:
    return json.dumps(value).encode()


def bytecode() -> str:
    """A function that would print, as Keras stores it: marshalled, in lines of base64."""
    return base64.encodebytes(marshal.dumps(compile("print('seen')", "<lambda>", "eval"))).decode()


def layer(name: str, module: str | None = "keras.layers", registered: str | None = None, /, **config: object) -> object:
    """An object of Keras 3."""
    return {"module": module, "class_name": name, "config": config, "registered_name": registered}


def function(name: str, module: str = "builtins") -> object:
    """A function of Keras 3."""
    return {"module": module, "class_name": "function", "config": name, "registered_name": "function"}


def old_layer(name: str, /, **config: object) -> object:
    """An object of Keras 2."""
    return {"class_name": name, "config": config}


def model(*layers: object) -> object:
    return layer("Functional", "keras.src.models.functional", "Functional", name="model", layers=list(layers))


def archive(config: bytes, **members: bytes) -> bytes:
    """A ``.keras`` archive."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        parts = {"metadata.json": dump({"keras_version": "3.15.1"}), "config.json": config}
        for name, data in (parts | {name.replace("__", "."): data for name, data in members.items()}).items():
            target.writestr(zipfile.ZipInfo(name), data)
    return stream.getvalue()
