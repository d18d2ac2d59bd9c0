"""What commands install: in shell text, in Dockerfiles, in notebooks, in scripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainguard_ml.inventory import packages
from chainguard_ml.inventory.packages import dockerfile, notebook, shell
from chainguard_ml.inventory.packages.shell_commands import commands, installs
from chainguard_ml.model import Artifact, ArtifactKind, Component, Gap, GapReason

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def words(text: str) -> list[list[str]]:
    return [found for _, found in commands(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b", [["a", "b"]]),
        ("a&&b||c;d|e&f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]),
        ("a 'b c' \"d e\" f\\ g", [["a", "b c", "d e", "f g"]]),
        ('a "x\\"y" \'x\'y"z"', [["a", 'x"y', "xyz"]]),
        ("a \\\n b # c && d\ne", [["a", "b"], ["e"]]),
        ("a b#c", [["a", "b#c"]]),
        ("a >out 2>&1 b >>log c <in d <<<text", [["a", "b", "c", "d"]]),
        ("a x>=1", [["a", "x"]]),  # a shell writes to the file "=1"
        ("(a; b)", [["a"], ["b"]]),
        ("cat <<EOF\npip install x\nEOF\nb", [["cat"], ["b"]]),
        ("cat <<-'E F'\nx\n\tE F\nb", [["cat"], ["b"]]),
        ("cat <<EOF\nx", [["cat"], ["x"]]),
        ("a 'b", [["a", "'", "b"]]),
        ("a x/cu$(echo $V | tr -d '.') `b; c` $d b", [["a", "x/cu$(echo $V | tr -d '.')", "`b; c`", "$d", "b"]]),
        ("a $(b (c) d) e", [["a", "$(b (c) d)", "e"]]),
        ("", []),
    ],
)
def test_commands(text: str, expected: list[list[str]]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "pip install torch",
        "pip3 install torch",
        "pip3.11 --no-cache-dir install --upgrade torch",
        "/opt/venv/bin/pip install torch",
        "python -m pip install torch",
        "{sys.executable} -m pip install torch",
        "sudo pip install torch",
        "PIP_NO_CACHE_DIR=1 pip install torch",
        "if true; then pip install torch; fi",
        "uv pip install --system torch",
        "uv tool install torch",
        "pipx install torch",
        "conda run -n env pip install torch",
        "poetry run pip install torch",
        "bash -c 'cd /x && pip install torch'",
        "apt-get update && pip install -q -t /opt --progress-bar off torch",
        "pip install --platform=any --target=/opt -U torch",
        "pip install -- torch",
        "pip download -d out torch",
        "pip wheel -w out torch",
    ],
)
def test_every_way_to_install(text: str) -> None:
    assert [found.wanted for found in installs(text) if found.wanted] == [("torch",)]


@pytest.mark.parametrize(
    "text", ["echo pip install torch", "pip --version", "pip list", "pip uninstall torch", "apt install pip", "uv sync",
             "conda info", "python -m venv x", "python -m pip", "poetry run python x.py", "conda list install"]
)  # fmt: skip
def test_what_installs_nothing(text: str) -> None:
    assert [found for found in installs(text) if found.wanted] == []


def test_options_that_matter() -> None:
    (found,) = installs(
        "pip install -r a.txt -rb.txt -qr c.txt --requirement=d.txt -c e.txt -i https://i --extra-index-url=https://e "
        "--no-index --trusted-host h -e git+https://g#egg=x numpy torch -r"
    )
    assert found.wanted == ("numpy", "torch")
    assert found.options == (
        ("requirement", "a.txt"), ("requirement", "b.txt"), ("requirement", "c.txt"), ("requirement", "d.txt"),
        ("constraint", "e.txt"), ("index-url", "https://i"), ("extra-index-url", "https://e"), ("no-index", ""),
        ("trusted-host", "h"), ("editable", "git+https://g#egg=x"), ("requirement", ""),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("pip install --extra-index-url https://e a", "extra-index-url"),
        ("uv pip install --extra-index-url https://e a", "index-url"),
        ("uv pip install --extra-index-url https://e --index-strategy unsafe-best-match a", "extra-index-url"),
    ],
)
def test_what_an_extra_index_means(text: str, option: str) -> None:
    (found,) = installs(text)
    assert found.options == ((option, "https://e"),)


@pytest.mark.parametrize(
    ("strategy", "option"), [("first-index", "index-url"), ("unsafe-best-match", "extra-index-url")]
)
def test_indexes_of_uv_in_an_image(strategy: str, option: str, collect: Callable) -> None:
    text = f"ENV UV_EXTRA_INDEX_URL=https://e.example UV_INDEX_STRATEGY={strategy}\nRUN uv pip install a==1\n"
    (component,), _ = collect({"Dockerfile": text}, {"Dockerfile": "dockerfile"})
    assert [index["option"] for index in component.facts["indexes"]] == [option]


def test_conda_commands() -> None:
    (found,) = installs("conda install -y -c pytorch -n env pytorch=2.3.0 'numpy>=1'")
    assert (found.installer, found.wanted) == ("conda", ("pytorch=2.3.0", "numpy>=1"))
    assert [found.wanted for found in installs("mamba create -n x -f env.yml python")] == [("python",)]


DOCKERFILE = """# syntax=docker/dockerfile:1
ARG TORCH=2.3.0
FROM python:3.11 AS build
ENV INDEX=https://u:p@index.example/simple MORE="a b"
COPY --chown=x deps/*.txt requirements.txt /tmp/
RUN --mount=type=cache,target=/root/.cache \\
    # a comment inside
    pip install --no-cache-dir \\
      torch==${TORCH} \\
      "numpy>=1.26,<2" \\
      --extra-index-url $INDEX && \\
    pip install 'scipy==1.13.0'
RUN pip install -r /tmp/requirements.txt
RUN ["pip", "install", "jax==0.4.30", "x y"]
RUN pip install . -e .[dev] /wheels/*.whl ./dist/x-1.0-py3-none-any.whl
RUN pip install flax==$UNKNOWN $PACKAGES
run <<EOF
pip install keras==3.3.3
EOF
RUN pip install git+https://git.example/mine@main#egg=mine "own @ https://x.example/own-1.0.tar.gz"
RUN conda install -y pytorch==2.3.0
FROM scratch
COPY --from=build /app/frozen.txt /x/
RUN pip install -r frozen.txt && uv export -o made.txt && pip install -r made.txt
RUN pip install -r gone.txt -r https://x.example/r.txt -c gone.txt
"""


def test_a_dockerfile(collect: Callable) -> None:
    files = {"d/Dockerfile": DOCKERFILE, "requirements.txt": "pandas==2.2.0\n"}
    components, gaps = collect(files, {"d/Dockerfile": "dockerfile"})
    found = {(item.name, item.version, str(item.origin)) for item in components}
    assert found == {
        ("torch", "2.3.0", "d/Dockerfile:9"),
        ("numpy", None, "d/Dockerfile:10"),
        ("scipy", "1.13.0", "d/Dockerfile:12"),
        ("pandas", "2.2.0", "requirements.txt:1"),
        ("jax", "0.4.30", "d/Dockerfile:14"),
        ("flax", None, "d/Dockerfile:16"),
        ("keras", "3.3.3", "d/Dockerfile:18"),
        ("mine", None, "d/Dockerfile:20"),
        ("own", "1.0", "d/Dockerfile:20"),
        ("pytorch", "2.3.0", "d/Dockerfile:21"),
    }
    assert sorted((gap.location.line, gap.reason) for gap in gaps) == [
        (14, GapReason.MALFORMED),
        (16, GapReason.UNSUPPORTED),
        (25, GapReason.UNSUPPORTED),
        (25, GapReason.UNSUPPORTED),
    ]
    (indexes,) = (item.facts["indexes"] for item in components if "indexes" in item.facts)
    assert [(item["url"], item["line"]) for item in indexes] == [("https://****@index.example/simple", 6)]


@pytest.mark.parametrize(
    "text",
    [
        "FROM python\nCOPY . /app\nRUN pip install -r requirements.txt\n",
        "FROM python\nRUN --mount=type=bind,source=requirements.txt,target=/r.txt pip install -r requirements.txt\n",
        "# escape=`\nFROM python\nADD requirements.txt c:/\nRUN pip install `\n -r c:/requirements.txt\n",
        "FROM python\nRUN <<A\npip install -r requirements.txt\nA\nFROM x\nENV A b c\nCOPY [x\nONBUILD\n",
        'FROM python\nCOPY ["requirements.txt", "/x/"]\nONBUILD RUN pip install -r /x/requirements.txt\n',
    ],
)
def test_requirements_that_an_image_copies(text: str, collect: Callable) -> None:
    (component,), gaps = collect({"Dockerfile": text, "requirements.txt": "a==1"}, {"Dockerfile": "dockerfile"})
    assert (component.name, str(component.origin), gaps) == ("a", "requirements.txt:1", [])


def _notebook(*cells: str, **extra: object) -> str:
    listed = [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": "!pip install no"}, *listed], **extra}, indent=1)


def test_a_notebook(collect: Callable) -> None:
    text = _notebook(
        "import torch\n!pip install -q transformers==4.40.0 'accelerate>=0.30'\n%pip install peft",
        "%%bash\nset -e\npip install datasets==2.19.0 # why\n",
        "%%capture\n  x = !python -m pip install \\\n   trl==0.8.0\n# !pip install no\nprint('pip install no')",
        "%conda install -y numpy==1.26\n!pip install {name} -r r.txt -r /content/r/gone.txt",
        "%%html\n!pip install no",
    )
    components, gaps = collect({"n/a.ipynb": text, "n/r.txt": "pandas==2.0\n"}, {"n/a.ipynb": "notebook"})
    found = {(item.name, item.version) for item in components}
    assert found == {
        ("transformers", "4.40.0"), ("accelerate", None), ("peft", None), ("datasets", "2.19.0"), ("trl", "0.8.0"),
        ("numpy", "1.26"), ("pandas", "2.0"),
    }  # fmt: skip
    lines = text.split("\n")
    for item in components:
        if item.name in {"transformers", "accelerate", "peft", "datasets", "numpy"}:
            assert item.name in lines[item.origin.line - 1]
    assert [gap.reason for gap in gaps] == [GapReason.UNSUPPORTED] * 2


def test_what_is_not_there_is_a_gap(collect: Callable) -> None:
    for form in ("dockerfile", "notebook", "shell"):
        components, (gap,) = collect({}, {"gone": form})
        assert (components, gap.reason) == ([], GapReason.UNREADABLE)


def test_an_image_is_built_from_a_directory_further_up(collect: Callable) -> None:
    files = {"a/.dev/x/Dockerfile": "COPY requirements.txt .\nRUN pip install -r requirements.txt\n",
             "a/requirements.txt": "b==1\n", "requirements.txt": "c==1\n"}  # fmt: skip
    (component,), gaps = collect(files, {"a/.dev/x/Dockerfile": "dockerfile"})
    assert (component.name, gaps) == ("b", [])


def test_indexes_and_references_of_an_image(collect: Callable) -> None:
    text = """ARG PIP_INDEX_URL
ENV PIP_EXTRA_INDEX_URL=https://u:p@index.example/simple
RUN pip install --index-url https://other.example/cu$(echo $V | cut -d. -f1) torch==2.3.0
RUN pip install git+https://git.example/some/repository.git@main
"""
    components, gaps = collect({"Dockerfile": text}, {"Dockerfile": "dockerfile"})
    assert gaps == []
    assert [(item.name, item.version, item.purl) for item in components] == [
        ("torch", "2.3.0", "pkg:pypi/torch@2.3.0"),
        ("repository", None, "pkg:generic/repository"),
    ]
    (indexes,) = (item.facts["indexes"] for item in components if "indexes" in item.facts)
    assert [(item["option"], item["line"]) for item in indexes] == [("extra-index-url", 2), ("index-url", 3)]


def test_old_and_broken_notebooks(collect: Callable) -> None:
    old = json.dumps({"worksheets": [{"cells": [{"cell_type": "code", "input": ["!pip install a==1\n"]}]}]})
    (component,), gaps = collect({"a.ipynb": old}, {"a.ipynb": "notebook"})
    assert (component.name, gaps) == ("a", [])
    components, (gap,) = collect({"a.ipynb": "{install"}, {"a.ipynb": "notebook"})
    assert (components, gap.reason) == ([], GapReason.MALFORMED)
    assert collect({"a.ipynb": '{"cells": 1}'}, {"a.ipynb": "notebook"}) == ([], [])


def test_a_script(collect: Callable) -> None:
    text = '#!/bin/sh\r\nusage() { echo "first:\n  pip install no"; }\npip install \\\n  a==1 \\\n  b\n'
    text += "cat <<E\npip install no\nE\n"
    components, gaps = collect({"s.sh": text}, {"s.sh": "shell"})
    assert [(item.name, item.version, item.origin.line) for item in components] == [("a", "1", 5), ("b", None, 6)]
    assert gaps == []


def test_sources_of_other_formats_are_no_manifests(collect: Callable, pool: object, tmp_path: Path) -> None:
    from chainguard_ml.context import Context

    artifacts = (Artifact(ArtifactKind.SOURCE, "a.py", "python", 1),)
    assert list(packages._plan(Context(tmp_path, pool, artifacts))) == []


def test_what_is_asked_for_too_often_is_a_gap(collect: Callable) -> None:
    text = "".join(f"pip install -r gone{number}.txt\n" for number in range(201))
    _, gaps = collect({"s.sh": text}, {"s.sh": "shell"})
    assert sum(gap.reason is GapReason.BUDGET for gap in gaps) == 1
    _, gaps = collect({"s.sh": "conda install @ ./x.tar.bz2 'numpy=='"}, {"s.sh": "shell"})
    assert [gap.reason for gap in gaps] == [GapReason.MALFORMED]


PIECES = st.sampled_from(["pip ", "install ", "RUN ", "COPY ", "ARG A=b\n", "-r ", "-e ", "x==1 ", "$A ", "${A:-b} ",
                          "<<EOF\n", "EOF\n", "\\\n", "\n", "'", '"', "[", "]", "&& ", "git+https://g/x#egg=x ", ". ",
                          "conda ",
                          "%", "!", "#", "(", ")", ">", "--index-url ", "[a]", "{b}", "\\", " ; ", " @ "])  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(parts=st.lists(PIECES | st.text(max_size=3), max_size=30))
def test_any_text_gives_components_or_gaps(parts: list[str], tmp_path: Path) -> None:
    text = "".join(parts)
    (tmp_path / "m").write_text(text, encoding="utf-8", errors="replace")
    (tmp_path / "n").write_text(_notebook(text, "!pip install " + text, "%%sh\n" + text), encoding="utf-8")
    for module, path in ((dockerfile, "m"), (shell, "m"), (notebook, "n"), (notebook, "m")):
        for record in module.parse({"root": str(tmp_path), "path": path}):
            assert isinstance(record, Component | Gap)


def test_cost_is_linear(tmp_path: Path) -> None:
    for text in ("RUN pip install '" * 3_000, "pip install $(" * 3_000, "<<A\n" * 3_000, "sudo " * 10_000,
                 "pip install a\n" * 3_000, '"' * 10_001, "RUN \\\n" * 5_000):  # fmt: skip
        (tmp_path / "m").write_text(text)
        for module in (dockerfile, shell):
            list(module.parse({"root": str(tmp_path), "path": "m"}))
