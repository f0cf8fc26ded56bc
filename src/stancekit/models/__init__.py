"""Classifiers: each one YAML file under `configs/model`, all with scikit-learn's contract."""

# Settings of models that had another name once, for the error that says the new one. `words` and
# `characters` were the length of the longest n-gram; a range is a pair, `null` leaves a view out.
RENAMED_SETTINGS = {
    "rate": "learning_rate",
    "head_rate": "head_learning_rate",
    "decay": "layer_decay",
    "smoothing": "label_smoothing",
    "every": "eval_steps",
    "length": "max_length",
    "least_steps": "min_steps",
    "rounds": "num_iterations",
    "words": "ngram_range",
    "characters": "char_ngram_range",
    "min_count": "min_df",
    "how": "method",
}
