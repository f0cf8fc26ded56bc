"""The kit's encoder against the recipe people copy: training and inference, on the same rows, in one run."""

import logging
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    pipeline,
)

from stancekit.codebook import load_codebook
from stancekit.corpus import FixedSplit, bundled
from stancekit.models.classifier import encode_labels
from stancekit.models.encoder.finetuned import Encoder
from stancekit.models.encoder.network import bf16
from stancekit.models.encoder.pretrained import MINILM, resolve
from stancekit.models.features import Pair

ROWS, EPOCHS = 640, 1


class Plain(Dataset):
    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, at: int) -> dict[str, Any]:
        return self.rows[at]


def product_rate() -> float:
    """Return this machine's rate of matrix products, in GFLOP/s, of the kind training uses."""
    kind = torch.bfloat16 if bf16() else torch.float32
    a, b = torch.rand(2048, 2048, dtype=kind), torch.rand(2048, 2048, dtype=kind)
    best = 0.0
    for _ in range(5):
        start = time.perf_counter()
        a @ b
        best = max(best, 2 * 2048**3 / (time.perf_counter() - start) / 1e9)
    return best


def recipe(texts: list[str], labels: np.ndarray, source: str, *, padded: bool) -> float:
    """Load and train by `Trainer` with its defaults, padding to 128 or to the batch; return examples per second."""
    start = time.perf_counter()
    tokenizer = AutoTokenizer.from_pretrained(source)
    model = AutoModelForSequenceClassification.from_pretrained(source, num_labels=4)
    ids = tokenizer(
        texts, truncation=True, max_length=128, padding="max_length" if padded else False
    )
    data = Plain(
        [
            {**{key: ids[key][at] for key in ids}, "labels": int(labels[at])}
            for at in range(len(texts))
        ]
    )
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder,
            num_train_epochs=EPOCHS,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
            use_cpu=True,
        )
        collator = None if padded else DataCollatorWithPadding(tokenizer)
        trainer = Trainer(model=model, args=arguments, train_dataset=data, data_collator=collator)
        trainer.train()
        return EPOCHS * len(texts) / (time.perf_counter() - start)


def measure() -> list[dict[str, object]]:
    """Return the rows of `bench/results.json` about encoders, all in examples per second."""
    warnings.filterwarnings("ignore")
    logging.getLogger("transformers").setLevel(logging.ERROR)
    train = FixedSplit()(bundled().read(load_codebook("stance")), random_state=0).train
    some = train.take(range(ROWS))
    texts = [f"{one.text} {Pair().render(one).pair}" for one in some.examples]
    gold, source = encode_labels(some), resolve(MINILM)
    labels = np.unique(gold, return_inverse=True)[1]
    start = time.perf_counter()
    model = Encoder(features=Pair(), epochs=EPOCHS, min_steps=0, eval_steps=10**6).fit(
        some.examples, gold
    )
    ours = EPOCHS * ROWS / (time.perf_counter() - start)
    copied, dynamic = (recipe(texts, labels, source, padded=padded) for padded in (True, False))
    found = [
        {
            "name": "training against Trainer padded to 128",
            "ours": ours,
            "peer": copied,
            "unit": "examples/s",
        },
        {
            "name": "training against Trainer padded to the batch",
            "ours": ours,
            "peer": dynamic,
            "unit": "examples/s",
        },
    ]
    model.predict_proba(some.examples[:32])
    start = time.perf_counter()
    model.predict_proba(some.examples)
    ours = ROWS / (time.perf_counter() - start)
    classifier = pipeline(
        "text-classification",
        model=AutoModelForSequenceClassification.from_pretrained(source, num_labels=4),
        tokenizer=AutoTokenizer.from_pretrained(source),
        device="cpu",
    )
    for size in (1, 32):
        start = time.perf_counter()
        for at in range(0, ROWS, size):
            classifier(texts[at : at + size], batch_size=size)
        peer = ROWS / (time.perf_counter() - start)
        found.append(
            {
                "name": f"inference against pipeline, batches of {size}",
                "ours": ours,
                "peer": peer,
                "unit": "examples/s",
            }
        )
    tokens = sum(len(one["input_ids"]) for one in model.inputs(some.examples)) / ROWS
    body = sum(
        one.numel() for name, one in model.network_.named_parameters() if "embeddings" not in name
    )
    rate, reached = product_rate(), 6 * body * tokens * float(found[0]["ours"]) / 1e9
    found.append(
        {
            "name": "training's share of the matrix-product rate",
            "ours": reached,
            "peer": rate,
            "unit": "GFLOP/s",
        }
    )
    print(
        f"{tokens:.0f} tokens an example on average; bf16: {'yes' if bf16() else 'no'}; {Path(source).name}"
    )
    return found
