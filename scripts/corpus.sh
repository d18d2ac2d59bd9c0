#!/bin/sh
# Install real frameworks from their lock into an environment of their own, and let them write benign files.
set -eu
python=${PYTHON:-python3} home=${FRAMEWORKS:-build/frameworks} out=${CORPUS:-build/corpus}
if ! "$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
    echo "corpus: the frameworks are locked for Python 3.11, this is $("$python" --version): nothing to do"
    exit 0
fi
if [ ! -e "$home/.installed" ] || [ requirements/frameworks.txt -nt "$home/.installed" ]; then
    echo "corpus: installing the frameworks into $home"
    rm -rf "$home"
    mkdir -p build
    "$python" -m venv "$home"
    pip="$home/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-compile --require-hashes"
    # Torch's build without graphics cards, where pip's own configuration knows a directory that has it.
    sed -n '/^torch==/,/^    #/p' requirements/frameworks.txt > build/torch.txt
    $pip --no-index -r build/torch.txt 2> /dev/null || echo "corpus: no build of torch for the processor alone at hand"
    $pip -r requirements/frameworks.txt
    touch "$home/.installed"
fi
"$home/bin/python" scripts/corpus.py --out "$out"
