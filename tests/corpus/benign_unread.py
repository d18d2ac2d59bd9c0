"""Ordinary templates in configurations, of Jinja and of others that write double braces."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.corpus.benign_templates import FOLDER
from tests.corpus.frame import benign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign

CODE = 'class A:\n    def __init__(self):\n        self.x = {{}}\n        print("{%s}" % self.__class__.__mro__)\n'
OTHERS = {
    "code-in-a-prompt.json": json.dumps({"prompt": CODE, "template": 'f"{{{type(x).__name__}}}"'}),
    "latex.json": json.dumps({"prompt": "\\frac{{a}}{{b}} and {%d} __init__", "template": "{{a}"}),
    "workflow.yaml": "a: ${{ matrix.os }}\nb: ${{ hashFiles('x') }}\n",
    "values.yaml": "a: '{{ .Values.name | quote }}'\nb: '{{- include \"x\" . }}'\n",
    "meta.yaml": "{% set v = os.environ.get('V', '1') %}\npackage:\n  version: {{ v }}\n",
    "recipe.yaml": "about:\n  template: \"{{ os.environ.get('V', '1') }}\"\n",
    "task.yaml": 'doc_to_text: "Q: {{question.strip()}}\\nA:"\ndoc_to_target: "{{choices[answer]}}"\n',
    "_helpers.tpl": '{{- define "x.name" -}}{{ include "y" . | nindent 4 }}{{- end }}\n',
    "stack.template": '{"AWSTemplateFormatVersion": "2010-09-09", "a": "{{resolve:ssm:x}}"}',
    "nginx.conf.template": "{% if os == 'linux' %}{{ os.lower() }}{% endif %}\n{{ open }} {{ item.system }}\n",
    "page.tmpl": "{{ if .Open }}{{ range .Items }}{{ .Name }}{{ end }}{{ end }}\n",
    "module.tmpl": "static struct S s = {{PyInit___main__, 0}; f(__class__, &x);}};\n{{ x.__init__; }}\n",
    "usage.txt": "Write {{ name }} where __init__ is called.\n",
    "pyproject.toml": '[tool.x]\nparse = "(?P<major>\\\\d+)"\nmessage = "v{{ new }}"\n',
    "notebook.ipynb": json.dumps({"cells": [{"source": ["t = '{{ x.__class__ }}'"]}], "metadata": {}}),
}


# Classes whose objects are a state, as protocol 2 writes them.
STATES = {
    "gensim-word2vec": ("gensim.models.word2vec", "Word2Vec"),
    "gensim-vectors": ("gensim.models.keyedvectors", "KeyedVectors"),
    "gensim-old-vocabulary": ("gensim.models.word2vec", "Word2VecVocab"),
    "gensim-topics": ("gensim.models.ldamodel", "LdaModel"),
    "gensim-dictionary": ("gensim.corpora.dictionary", "Dictionary"),
    "nltk-punkt": ("nltk.tokenize.punkt", "PunktSentenceTokenizer"),
    "nltk-tagger": ("nltk.tag.sequential", "UnigramTagger"),
    "nltk-bayes": ("nltk.classify.naivebayes", "NaiveBayesClassifier"),
}
MATRIX = (
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy.matrixlib.defmatrix\nmatrix\nK\0\x85U\1b\x87R"
    b"(K\1K\1K\1\x86cnumpy\ndtype\nU\2i1K\0K\1\x87R(K\3U\1|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89U\1atb."
)


def samples() -> Iterator[Benign]:
    """Chat templates of public models in YAML, JSON and TOML, and what is no such template."""
    for path in sorted(FOLDER.glob("*.jinja")):
        text = path.read_text(encoding="utf-8")
        quoted = json.dumps(text)  # a text of JSON is one of YAML too
        yield benign(f"unread-yaml-{path.stem}", "model.yaml", f"name: x\nchat_template: {quoted}\n".encode())
        yield benign(f"unread-config-{path.stem}", "config.json", json.dumps({"a": {"b": text}}).encode())
        yield benign(f"unread-as-template-{path.stem}", f"{path.stem}.template", text.encode())
    for name, text in OTHERS.items():
        yield benign(f"unread-braces-{name}", name, text.encode())
    for name, (module, kind) in STATES.items():
        stream = f"\x80\x02c{module}\n{kind}\n)\x81}}X\x01\0\0\0aK\x01sb.".encode("latin-1")
        yield benign(f"pickled-{name}", "model.model", stream)
    yield benign("pickled-old-matrix", "model.pkl", MATRIX)
