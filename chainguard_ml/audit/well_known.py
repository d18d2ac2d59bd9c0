"""Names of Python packages that machine-learning projects use, as data; PEP 503 names.

``NAMES`` are what attackers imitate. ``REAL`` are packages that exist in their own right although their names are near
one of these; neither is ever taken for an imitation.
"""

from __future__ import annotations

_NAMES = """
absl-py accelerate adapters aiobotocore aiofiles aiohttp airflow albumentations alembic altair anthropic anyio
apache-airflow apache-beam arize arrow astropy asyncpg attrs audiocraft autogluon autogptq autoawq azure-core
azure-identity azure-storage-blob bandit beautifulsoup4 bentoml bertopic bitsandbytes black blessed bokeh boto3
botocore bottleneck cachetools catboost celery certifi cffi chainer chardet charset-normalizer chromadb
click clearml cloudpickle colorama coloredlogs comet-ml contourpy coremltools coverage cryptography ctranslate2
cupy-cuda11x cupy-cuda12x cycler cython dagster dash dask databricks-sdk datasets dateparser dbt-core
deepspeed detectron2 diffusers distlib distributed django docker docutils duckdb einops elasticsearch evaluate
evidently fairscale fairseq faiss-cpu faiss-gpu fastai fastapi fastparquet fasttext feast filelock fire flair
flake8 flash-attn flask flax fonttools frozenlist fsspec ftfy gensim gevent gitpython google-api-core google-auth
google-cloud-storage google-cloud-aiplatform google-generativeai gradio great-expectations greenlet grpcio
grpcio-tools gunicorn gymnasium h5py haystack-ai httpcore httptools httpx huggingface-hub hydra-core hyperopt
hypothesis idna imageio imbalanced-learn imgaug importlib-metadata inflect ipykernel ipython ipywidgets isort
jax jaxlib jinja2 joblib jsonschema jupyter jupyterlab jupyter-client jupyter-core kaggle keras
keras-nlp keras-tuner kfp kornia kubeflow kubernetes langchain langchain-community langchain-core langchain-openai
langgraph langsmith librosa lightgbm lightning litellm llama-cpp-python llama-index llvmlite lxml mako markdown
markdown-it-py markupsafe marshmallow matplotlib mlflow mlflow-skinny mlserver modelscan monai more-itertools mpmath
msgpack multidict mypy nbconvert nbformat neptune networkx nltk notebook numba numexpr numpy onnx onnxruntime
onnxruntime-gpu openai openai-whisper opencv-contrib-python opencv-python opencv-python-headless openpyxl
opentelemetry-api opentelemetry-sdk optimum optuna orjson packaging paddlepaddle pandas paramiko parso peft
pathspec patsy pexpect pillow pinecone-client platformdirs plotly pluggy polars prefect prometheus-client
prompt-toolkit protobuf psutil psycopg2 psycopg2-binary py4j pyarrow pyasn1 pycparser pycryptodome pydantic
pydantic-core pydantic-settings pydub pygments pyjwt pymongo pynvml pyopenssl pyparsing pyspark pytesseract pytest
pytest-cov python-dateutil python-dotenv python-multipart pytorch-lightning pytz pyyaml pyzmq qdrant-client rasterio
ray redis regex requests requests-oauthlib rich rouge-score ruamel-yaml sacrebleu sacremoses safetensors sagemaker
scikit-image scikit-learn scipy seaborn sentence-transformers sentencepiece sentry-sdk setuptools shap shapely
simplejson skops sktime smart-open snowflake-connector-python soundfile soupsieve spacy speechbrain sqlalchemy
stable-baselines3 starlette statsmodels streamlit sympy tabulate tenacity tensorboard tensorboardx tensorflow
tensorflow-cpu tensorflow-datasets tensorflow-gpu tensorflow-hub tensorflow-probability tensorflow-serving-api
termcolor tf-keras threadpoolctl tifffile tiktoken timm tokenizers toolz torch torchaudio torchmetrics torchserve
torchtext torchvision tornado tqdm traitlets transformers triton tritonclient trl typing-extensions ultralytics
umap-learn unstructured urllib3 uvicorn uvloop vllm wandb watchdog weaviate-client websockets werkzeug wheel
wrapt xarray xformers xgboost yarl ydata-profiling zarr zipp
"""
_REAL = """
airflow attr autograd boto cupy datadog dataset faster-whisper gym gymnax haystack jaxopt keras-cv keras-hub lightly
markdown2 mistralai mypy-extensions nptyping numpyro optax orbax pandera plotnine polars-lts-cpu psycopg psycopg2cffi
pyaml pycryptodomex pytest-env pytest-mock ruyaml skorch tables tablib tensorflow-io tensorstore torchao torchdata
torchtune torchtyping torchx traits typing ujson zarrs
"""
NAMES = frozenset(_NAMES.split())
REAL = frozenset(_REAL.split())
