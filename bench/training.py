"""Fine-tuning an encoder against the recipe people copy, on the same rows, alone and beside other work."""

import logging
import os
import subprocess
import sys
import tempfile
import time
import warnings
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
)

from bench.comparisons import TIMES, Comparison, take_turns
from stancekit.codebook import load_codebook
from stancekit.corpus import FixedSplit, bundled
from stancekit.corpus.dataset import LabelledSet
from stancekit.models.classifier import encode_labels
from stancekit.models.encoder.finetuned import Encoder
from stancekit.models.encoder.network import bf16
from stancekit.models.encoder.pretrained import MINILM, resolve
from stancekit.models.features import Pair

ROWS = 640


class Plain(Dataset):
    """Rows as `Trainer` takes them."""

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


def recipe(texts: list[str], labels: np.ndarray, source: str, *, padded: bool) -> None:
    """Load and train by `Trainer` with its defaults, padding to 128 or to the batch."""
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
            num_train_epochs=1,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
            use_cpu=True,
        )
        collator = None if padded else DataCollatorWithPadding(tokenizer)
        Trainer(model=model, args=arguments, train_dataset=data, data_collator=collator).train()


def rows() -> LabelledSet:
    """Return the rows that are learned."""
    train = FixedSplit()(bundled().read(load_codebook("stance")), random_state=0).train
    return train.take(range(ROWS))


def learn(some: LabelledSet) -> Encoder:
    """Fine-tune the kit's encoder once."""
    model = Encoder(features=Pair(), epochs=1, min_steps=0, eval_steps=10**6)
    return model.fit(some.examples, encode_labels(some))


def beside() -> None:
    """Print the seconds of two trainings, alone and beside a busy process, the second time of each."""
    some, found = rows(), {}
    learn(some)
    for busy in (0, 1):
        others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
        start = time.perf_counter()
        learn(some)
        found[busy] = time.perf_counter() - start
        for one in others:
            one.kill()
    print(found[0], found[1])


def beside_other_work(times: int = TIMES) -> Comparison:
    """Compare training with all cores beside one busy process with the same alone, as the program sets threads."""
    found = []
    for _ in range(times):
        program = "from stancekit.__main__ import _settle_process; _settle_process()"
        shown = subprocess.run(
            [sys.executable, "-c", f"{program}; from bench.training import beside; beside()"],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": "."},
        )
        found.append([float(word) for word in shown.stdout.split()])
    alone, busy = np.median(found, axis=0)
    return Comparison(
        name="fine-tuning beside one busy process",
        peer="alone",
        unit="examples/s",
        ours=ROWS / busy,
        theirs=ROWS / alone,
        goal=0.45,
        times=times,
    )


def measure() -> list[Comparison]:
    """Return the rows about fine-tuning."""
    warnings.filterwarnings("ignore")
    logging.getLogger("transformers").setLevel(logging.ERROR)
    some, source = rows(), resolve(MINILM)
    texts = [f"{one.text} {Pair().render(one).pair}" for one in some.examples]
    labels = np.unique(encode_labels(some), return_inverse=True)[1]
    ours, padded, dynamic = take_turns(
        lambda: learn(some),
        lambda: recipe(texts, labels, source, padded=True),
        lambda: recipe(texts, labels, source, padded=False),
    )
    model = learn(some)
    tokens = sum(len(one["input_ids"]) for one in model.inputs(some.examples)) / ROWS
    body = sum(
        one.numel() for name, one in model.network_.named_parameters() if "embeddings" not in name
    )
    fast, name = bf16(), "fine-tuning MiniLM"
    kind = "bf16" if fast else "32 bits"
    return [
        Comparison(
            f"{name}, {kind}", "`Trainer`, 32 bits, padded to 128", "examples/s",
            ROWS / ours, ROWS / padded, 9 if fast else 5, TIMES,
        ),
        Comparison(
            f"{name}, {kind}", "`Trainer`, 32 bits, padded to the batch", "examples/s",
            ROWS / ours, ROWS / dynamic, 3.5, TIMES,
        ),
        Comparison(
            "products of fine-tuning", "a product of 2,048 x 2,048", "GFLOP/s",
            6 * body * tokens * ROWS / ours / 1e9, product_rate(), 0.45 if fast else 0.7, TIMES,
            note=f"{tokens:.0f} tokens an example, {kind}",
        ),
        beside_other_work(),
    ]  # fmt: skip
