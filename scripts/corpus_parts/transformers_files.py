"""Repositories of models as transformers' save_pretrained writes them, with tiny models made here."""

# ruff: noqa: E501, NPY002, S106 (tables: one row is one object or one file; tokens are no passwords)

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from corpus_parts.frame import SEED, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXTS = ["the cat sat on the mat", "a dog ran to the house", "models are files", "def f(x): return x + 1"] * 5

TINY: dict[str, tuple[str, str, dict[str, Any]]] = {
    "bert": ("BertConfig", "BertForSequenceClassification", {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 60}),
    "gpt2": ("GPT2Config", "GPT2LMHeadModel", {"n_embd": 8, "n_layer": 1, "n_head": 2, "vocab_size": 60, "n_positions": 16}),
    "llama": ("LlamaConfig", "LlamaForCausalLM", {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 8, "vocab_size": 60}),
    "qwen2": ("Qwen2Config", "Qwen2ForCausalLM", {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 8, "vocab_size": 60}),
    "mistral": ("MistralConfig", "MistralForCausalLM", {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 8, "vocab_size": 60}),
    "t5": ("T5Config", "T5ForConditionalGeneration", {"d_model": 8, "num_layers": 1, "num_heads": 2, "d_ff": 8, "d_kv": 4, "vocab_size": 60}),
    "roberta": ("RobertaConfig", "RobertaForMaskedLM", {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 60}),
    "vit": ("ViTConfig", "ViTForImageClassification", {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8, "image_size": 8, "patch_size": 4}),
    "whisper": ("WhisperConfig", "WhisperForConditionalGeneration", {"d_model": 8, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 8, "decoder_ffn_dim": 8, "vocab_size": 60, "num_mel_bins": 8, "max_source_positions": 8, "max_target_positions": 8, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1}),
}  # fmt: skip

TEMPLATES = {
    "llama3": "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}"
              "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
    "chatml": "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "mistral": "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
               "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}",
    "tools": "{%- if tools %}{{- '<|im_start|>system\n' }}{%- if messages[0].role == 'system' %}{{- messages[0].content + '\n\n' }}{%- endif %}{{- '# Tools\n<tools>' }}{%- for tool in tools %}{{- '\n' }}{{- tool | tojson }}{%- endfor %}{{- '\n</tools><|im_end|>\n' }}{%- endif %}"
             "{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}{%- for message in messages[::-1] %}{%- set index = (messages|length - 1) - loop.index0 %}"
             "{%- if ns.multi_step_tool and message.role == 'user' and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}{%- set ns.multi_step_tool = false %}{%- set ns.last_query_index = index %}{%- endif %}{%- endfor %}"
             "{%- for message in messages %}{%- if message.content is string %}{%- set content = message.content %}{%- else %}{%- set content = '' %}{%- endif %}{%- if message.role == 'assistant' %}{%- set reasoning = '' %}{%- if '</think>' in content %}{%- set reasoning = content.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') %}"
             "{%- set content = content.split('</think>')[-1].lstrip('\n') %}{%- endif %}{%- for tool_call in message.tool_calls %}{%- if tool_call.function %}{%- set tool_call = tool_call.function %}{%- endif %}{{- '<tool_call>\n{\"name\": \"' + tool_call.name + '\", \"arguments\": ' }}{%- if tool_call.arguments is string %}{{- tool_call.arguments }}{%- else %}{{- tool_call.arguments | tojson }}{%- endif %}{{- '}\n</tool_call>' }}{%- endfor %}{%- endif %}{{- '<|im_start|>' + message.role + '\n' + content + '<|im_end|>\n' }}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}",
    "macros": "{%- macro render_content(content) %}{%- if content is iterable and content is not mapping %}{%- for item in content %}{%- if item.type == 'image' %}{{ '<image>' }}{%- elif item.type == 'text' %}{{ item.text }}{%- endif %}{%- endfor %}{%- else %}{{ content }}{%- endif %}{%- endmacro %}"
              '{%- if not date_string is defined %}{%- if strftime_now is defined %}{%- set date_string = strftime_now("%d %b %Y") %}{%- else %}{%- set date_string = "26 Jul 2024" %}{%- endif %}{%- endif %}{{ date_string }}'
              "{%- for message in messages %}{% generation %}{{ message['role'] | upper ~ ': ' ~ render_content(message['content']) }}{% endgeneration %}{%- endfor %}{{ tools | map(attribute='function') | list | tojson(indent=4) if tools else '' }}"
              "{%- set user_count = messages | selectattr('role', 'equalto', 'user') | list | length %}{{ user_count }}{% for key, value in (documents or {}).items() %}{{ key | replace('_', ' ') }}: {{ value | default('none', true) | join(', ') }}{% endfor %}",
}  # fmt: skip


def _bpe() -> transformers.PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=300, special_tokens=["<s>", "</s>", "<pad>"]))
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )


def _wordpiece() -> transformers.PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(
        TEXTS, trainers.WordPieceTrainer(vocab_size=60, special_tokens=["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"])
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        mask_token="[MASK]",
    )


def _unigram() -> transformers.PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(
        TEXTS, trainers.UnigramTrainer(vocab_size=60, special_tokens=["<unk>", "</s>"], unk_token="<unk>")
    )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", eos_token="</s>")


TOKENIZERS = {"bpe": _bpe, "wordpiece": _wordpiece, "unigram": _unigram}
CARD = """---
license: apache-2.0
language: [en]
tags:
- text-generation
pipeline_tag: text-generation
widget:
- text: "Hello"
---
# Model card

```python
from transformers import AutoModel
model = AutoModel.from_pretrained("org/model")
```
See https://example.com for more.
"""
ATTRIBUTES = "*.bin filter=lfs diff=lfs merge=lfs -text\n*.safetensors filter=lfs diff=lfs merge=lfs -text\n"


def _repository(path: Path, kind: str, tokenizer: str, template: str = "") -> None:
    torch.manual_seed(SEED)
    config, model, settings = TINY[kind]
    made = getattr(transformers, model)(getattr(transformers, config)(**settings))
    made.save_pretrained(path)
    tokens = TOKENIZERS[tokenizer]()
    if template:
        tokens.chat_template = TEMPLATES[template]
    tokens.save_pretrained(path)
    (path / "README.md").write_text(CARD)
    (path / ".gitattributes").write_text(ATTRIBUTES)


def _slow(path: Path) -> None:
    """Write the files of old repositories: vocabularies, merges, a .bin checkpoint, inline chat templates."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\n##ing\n")
    (path / "vocab.json").write_text(json.dumps({"<s>": 0, "\u0120the": 1}))
    (path / "merges.txt").write_text("#version: 0.2\n\u0120 t\nh e\n")
    (path / "special_tokens_map.json").write_text(
        json.dumps(
            {
                "bos_token": {
                    "content": "<s>",
                    "lstrip": False,
                    "normalized": False,
                    "rstrip": False,
                    "single_word": False,
                }
            }
        )
    )
    (path / "added_tokens.json").write_text(json.dumps({"<|extra|>": 50257}))
    several = [
        {"name": "default", "template": TEMPLATES["chatml"]},
        {"name": "tool_use", "template": TEMPLATES["tools"]},
    ]
    (path / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "LlamaTokenizer",
                "chat_template": several,
                "model_max_length": 1000000000000000019884624838656,
            },
            indent=2,
        )
    )
    (path / "preprocessor_config.json").write_text(
        json.dumps(
            {
                "image_processor_type": "ViTImageProcessor",
                "image_mean": [0.5, 0.5, 0.5],
                "size": {"height": 224, "width": 224},
                "do_resize": True,
            },
            indent=2,
        )
    )
    (path / "generation_config.json").write_text(
        json.dumps(
            {"bos_token_id": 1, "eos_token_id": [2, 3], "temperature": 0.6, "transformers_version": "4.43.0"}, indent=2
        )
    )
    (path / "config.json").write_text(
        json.dumps(
            {
                "architectures": ["GPT2LMHeadModel"],
                "model_type": "gpt2",
                "n_embd": 8,
                "task_specific_params": {"text-generation": {"do_sample": True}},
                "torch_dtype": "float16",
                "_name_or_path": "/home/someone/models/gpt2",
            },
            indent=2,
        )
    )
    made = transformers.GPT2LMHeadModel(transformers.GPT2Config(**TINY["gpt2"][2]))
    torch.save(made.state_dict(), path / "pytorch_model.bin")
    (path / "pytorch_model.bin.index.json").write_text(
        json.dumps(
            {"metadata": {"total_size": 1234}, "weight_map": {"transformer.wte.weight": "pytorch_model.bin"}}, indent=2
        )
    )
    (path / "chat_template.jinja").write_text(TEMPLATES["macros"])
    (path / "chat_template.json").write_text(json.dumps({"chat_template": TEMPLATES["llama3"]}))
    (path / "trainer_state.json").write_text(
        json.dumps(
            {
                "best_metric": None,
                "epoch": 1.0,
                "log_history": [{"loss": 0.1, "step": 1}],
                "is_world_process_zero": True,
            },
            indent=2,
        )
    )
    (path / "all_results.json").write_text(json.dumps({"eval_loss": 0.5}))
    torch.save(torch.optim.AdamW(made.parameters()).state_dict(), path / "optimizer.pt")
    torch.save({"base_lrs": [0.1], "last_epoch": 3, "_step_count": 4, "lr_lambdas": [None, {}]}, path / "scheduler.pt")
    import random

    import numpy as np

    torch.save(
        {"python": random.getstate(), "numpy": np.random.get_state(), "cpu": torch.random.get_rng_state()},
        path / "rng_state.pth",
    )


def _training(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    torch.save(transformers.TrainingArguments(output_dir="out", use_cpu=True), path / "training_args.bin")
    torch.save(
        transformers.Seq2SeqTrainingArguments(
            output_dir="out", use_cpu=True, lr_scheduler_type="cosine", save_strategy="epoch"
        ),
        path / "training_args_seq2seq.bin",
    )
    torch.save(transformers.BatchEncoding({"input_ids": torch.ones(1, 2, dtype=torch.long)}), path / "batch.pt")


def _whole(path: Path, kind: str) -> None:
    config, model, settings = TINY[kind]
    torch.save(getattr(transformers, model)(getattr(transformers, config)(**settings)), path)


def _adapter(path: Path) -> None:
    """Write an adapter as peft does."""
    from safetensors.torch import save_file

    path.mkdir(parents=True, exist_ok=True)
    save_file(
        {"base_model.model.q_proj.lora_A.weight": torch.zeros(2, 4)},
        path / "adapter_model.safetensors",
        metadata={"format": "pt"},
    )
    settings = {
        "peft_type": "LORA",
        "r": 8,
        "lora_alpha": 16,
        "target_modules": ["q_proj", "v_proj"],
        "base_model_name_or_path": "org/base",
        "auto_mapping": None,
        "revision": None,
        "task_type": "CAUSAL_LM",
        "modules_to_save": None,
    }
    (path / "adapter_config.json").write_text(json.dumps(settings, indent=2))
    (path / "README.md").write_text(CARD)


def _sentence(path: Path) -> None:
    """Write a repository as sentence-transformers does."""
    _repository(path, "bert", "wordpiece")
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    (path / "modules.json").write_text(json.dumps(modules, indent=2))
    (path / "1_Pooling").mkdir(exist_ok=True)
    (path / "1_Pooling" / "config.json").write_text(
        json.dumps({"word_embedding_dimension": 8, "pooling_mode_mean_tokens": True}, indent=4)
    )
    (path / "config_sentence_transformers.json").write_text(
        json.dumps(
            {
                "__version__": {"sentence_transformers": "3.0.0", "transformers": "4.41.0", "pytorch": "2.3.0"},
                "prompts": {},
                "default_prompt_name": None,
                "similarity_fn_name": "cosine",
            },
            indent=2,
        )
    )
    (path / "sentence_bert_config.json").write_text(
        json.dumps({"max_seq_length": 512, "do_lower_case": False}, indent=4)
    )


def _diffusers(path: Path) -> None:
    """Write a pipeline as diffusers does."""
    from safetensors.torch import save_file

    for part, kind in (("unet", "UNet2DConditionModel"), ("vae", "AutoencoderKL"), ("scheduler", "DDIMScheduler")):
        (path / part).mkdir(parents=True, exist_ok=True)
        name = "scheduler_config.json" if part == "scheduler" else "config.json"
        (path / part / name).write_text(
            json.dumps({"_class_name": kind, "_diffusers_version": "0.30.0", "sample_size": 64}, indent=2)
        )
        if part != "scheduler":
            save_file(
                {"conv_in.weight": torch.zeros(4, 4)},
                path / part / "diffusion_pytorch_model.safetensors",
                metadata={"format": "pt"},
            )
    index = {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.30.0",
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "safety_checker": [None, None],
        "requires_safety_checker": False,
    }
    (path / "model_index.json").write_text(json.dumps(index, indent=2))


def samples() -> Iterator[Sample]:
    """Yield the repositories."""
    choices = {"bert": "wordpiece", "t5": "unigram", "roberta": "bpe"}
    templates = {"llama": "llama3", "qwen2": "tools", "mistral": "mistral", "gpt2": "chatml"}
    for kind in TINY:
        yield Sample(
            f"transformers/{kind}",
            lambda path, kind=kind: _repository(path, kind, choices.get(kind, "bpe"), templates.get(kind, "")),
        )
        yield Sample(f"transformers/{kind}_whole.pt", lambda path, kind=kind: _whole(path, kind))
    yield Sample("transformers/macros", lambda path: _repository(path, "llama", "bpe", "macros"))
    yield Sample("transformers/old_style", _slow)
    yield Sample("transformers/checkpoint-10", _training)
    yield Sample("transformers/adapter", _adapter)
    yield Sample("transformers/sentence", _sentence)
    yield Sample("transformers/diffusers", _diffusers)
