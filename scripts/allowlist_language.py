"""Judged entries of libraries for language and for learning by reward.

Read: gensim 3.8 and 4.4, NLTK 3.10, Gymnasium 1, Stable-Baselines3 2.
Each class was looked at for what loading runs (``allowlist_hooks.HOOKS``): none has such a method but RpModel and
VecNormalize, which take over their state, PunktLanguageVars, which drops it, and Gymnasium's spaces, which rename
entries of it and print numbers.
"""

# ruff: noqa: ISC004 (a row is one judgement)

from __future__ import annotations

_MODEL = "model of gensim: loading sets its state; further files are only opened by gensim's own load()"
_STATE = "holds vectors, counts or settings"
_TUPLE = "named tuple: holds its items"
_FUNCTION = "only referred to; a call is denied"
_NLTK = "NLTK: holds counts, patterns as text, or settings"

LANGUAGE: tuple[tuple[str, str, str, str], ...] = (
    # module, names, uses, how it was judged
    ("gensim.models.word2vec", "Word2Vec Word2VecVocab Word2VecTrainables", "nb", _MODEL),
    ("gensim.models.word2vec", "Heapitem", "n", _TUPLE),
    ("gensim.models.doc2vec", "Doc2Vec Doc2VecVocab Doc2VecTrainables", "nb", _MODEL),
    ("gensim.models.doc2vec", "TaggedDocument LabeledSentence Doctag", "n", _TUPLE),
    ("gensim.models.fasttext", "FastText FastTextKeyedVectors FastTextVocab FastTextTrainables", "nb", _MODEL),
    (
        "gensim.models.keyedvectors",
        "KeyedVectors Word2VecKeyedVectors Doc2VecKeyedVectors FastTextKeyedVectors WordEmbeddingsKeyedVectors "
        "BaseKeyedVectors Vocab CompatVocab",
        "nb",
        _STATE,
    ),
    ("gensim.models.ldamodel", "LdaModel LdaState", "nb", _MODEL),
    ("gensim.models.ldamulticore", "LdaMulticore", "nb", _MODEL),
    ("gensim.models.ldaseqmodel", "LdaSeqModel sslm", "nb", _MODEL),
    ("gensim.models.atmodel", "AuthorTopicModel AuthorTopicState", "nb", _MODEL),
    ("gensim.models.hdpmodel", "HdpModel", "nb", _MODEL),
    ("gensim.models.lsimodel", "LsiModel Projection", "nb", _MODEL),
    ("gensim.models.nmf", "Nmf", "nb", _MODEL),
    ("gensim.models.rpmodel", "RpModel", "nb", _MODEL),
    ("gensim.models.tfidfmodel", "TfidfModel", "nb", _MODEL),
    ("gensim.models.tfidfmodel", "df2idf", "", _FUNCTION),
    ("gensim.models.logentropy_model", "LogEntropyModel", "nb", _MODEL),
    ("gensim.models.normmodel", "NormModel", "nb", _MODEL),
    ("gensim.models.bm25model", "OkapiBM25Model LuceneBM25Model AtireBM25Model", "nb", _MODEL),
    ("gensim.models.ensemblelda", "EnsembleLda", "nb", _MODEL),
    ("gensim.models.phrases", "Phrases Phraser FrozenPhrases", "nb", _MODEL),
    ("gensim.models.phrases", "original_scorer npmi_scorer", "", _FUNCTION),
    ("gensim.models.poincare", "PoincareModel PoincareKeyedVectors", "nb", _MODEL),
    ("gensim.models.coherencemodel", "CoherenceModel", "nb", _MODEL),
    ("gensim.corpora.dictionary", "Dictionary", "nb", _STATE),
    ("gensim.corpora.hashdictionary", "HashDictionary", "nb", _STATE),
    ("gensim.similarities.docsim", "MatrixSimilarity SparseMatrixSimilarity", "nb", _STATE),
    ("gensim.utils", "FakeDict", "nb", _STATE),
    ("gensim.utils", "call_on_class_only identity", "", _FUNCTION),
    ("gensim.matutils", "unitvec", "", _FUNCTION),
    ("builtins", "hash", "", _FUNCTION),
    ("zlib", "adler32 crc32", "", _FUNCTION),
    (
        "nltk.tag.sequential",
        "UnigramTagger BigramTagger TrigramTagger NgramTagger AffixTagger DefaultTagger",
        "nb",
        _NLTK,
    ),
    ("nltk.tag.perceptron", "AveragedPerceptron", "nb", _NLTK),
    ("nltk.classify.naivebayes", "NaiveBayesClassifier", "nb", _NLTK),
    ("nltk.classify.decisiontree", "DecisionTreeClassifier", "nb", _NLTK),
    ("nltk.classify.maxent", "MaxentClassifier", "nb", _NLTK),
    ("nltk.probability", "FreqDist ConditionalFreqDist", "cnb", _NLTK),
    ("nltk.probability", "ELEProbDist LidstoneProbDist MLEProbDist LaplaceProbDist", "nb", _NLTK),
    ("nltk.lm.models", "MLE Laplace Lidstone WittenBellInterpolated KneserNeyInterpolated", "nb", _NLTK),
    ("nltk.lm.vocabulary", "Vocabulary", "nb", _NLTK),
    ("nltk.lm.counter", "NgramCounter", "nb", _NLTK),
    ("nltk.tokenize.punkt", "PunktSentenceTokenizer PunktParameters PunktLanguageVars PunktToken", "nb", _NLTK),
    ("nltk.tokenize.treebank", "TreebankWordTokenizer", "nb", _NLTK),
    ("nltk.tokenize.destructive", "NLTKWordTokenizer", "nb", _NLTK),
    ("nltk.stem.porter", "PorterStemmer", "nb", _NLTK),
    *(
        (f"{gym}.spaces.{module}", names, "nb", "bounds of observations or actions")
        for gym in ("gymnasium", "gym")
        for module, names in (
            ("box", "Box"),
            ("discrete", "Discrete"),
            ("multi_discrete", "MultiDiscrete"),
            ("multi_binary", "MultiBinary"),
            ("dict", "Dict"),
            ("tuple", "Tuple"),
            ("text", "Text"),
        )
    ),
    ("stable_baselines3.common.running_mean_std", "RunningMeanStd", "nb", _STATE),
    ("stable_baselines3.common.vec_env.vec_normalize", "VecNormalize", "nb", _STATE),
    ("stable_baselines3.common.buffers", "ReplayBuffer RolloutBuffer DictReplayBuffer DictRolloutBuffer", "nb", _STATE),
    (
        "stable_baselines3.common.noise",
        "NormalActionNoise OrnsteinUhlenbeckActionNoise VectorizedActionNoise",
        "nb",
        _STATE,
    ),
    ("stable_baselines3.common.utils", "FloatSchedule LinearSchedule ConstantSchedule", "nb", _STATE),
    ("stable_baselines3.common.type_aliases", "TrainFreq", "n", _TUPLE),
    ("stable_baselines3.common.type_aliases", "TrainFrequencyUnit", "cb", "enumeration: looks a member up by value"),
    (
        "stable_baselines3.common.policies",
        "ActorCriticPolicy ActorCriticCnnPolicy MultiInputActorCriticPolicy",
        "",
        _FUNCTION,
    ),
    ("stable_baselines3.sac.policies", "SACPolicy CnnPolicy MultiInputPolicy", "", _FUNCTION),
    ("stable_baselines3.td3.policies", "TD3Policy CnnPolicy MultiInputPolicy", "", _FUNCTION),
    ("stable_baselines3.dqn.policies", "DQNPolicy CnnPolicy MultiInputPolicy", "", _FUNCTION),
)

CONFINED: tuple[tuple[str, str, str], ...] = tuple(
    (module, names, "its constructor opens files") for module, names, _, reason in LANGUAGE if reason == _MODEL
)
"""Names whose instances are harmless, and whose calls are not."""
