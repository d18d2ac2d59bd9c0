#!/bin/sh
# Resolve the requirements anew, for every supported Python, with hashes and without index addresses.
set -eu
uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q \
    pyproject.toml -o requirements/runtime.txt
uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q \
    pyproject.toml --group dev -o requirements/dev.txt -c requirements/runtime.txt
uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q \
    --group pyproject.toml:mutation -o requirements/mutation.txt -c requirements/dev.txt
# The frameworks that write the corpus: without the packages of their graphics-card builds and of what they do not need
# here, so they are installed with --no-deps. Torch's build without graphics cards may lie where pip looks first: its
# hash stands beside those of the public builds.
uv pip compile --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q \
    --group pyproject.toml:frameworks --excludes requirements/frameworks-excluded.txt -o requirements/frameworks.txt
sed -i '/^torch==/a\    --hash=sha256:6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b \\' requirements/frameworks.txt
