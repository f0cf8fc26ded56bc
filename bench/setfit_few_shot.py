"""Run in the peers' environment: learn by SetFit with its defaults, and guess."""

import json
import sys
import time
from pathlib import Path

from datasets import Dataset
from setfit import SetFitModel, Trainer, TrainingArguments

task = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
model = SetFitModel.from_pretrained(task["encoder"], local_files_only=True)
rows = Dataset.from_dict({"text": task["train"], "label": task["labels"]})
start = time.perf_counter()
Trainer(
    model=model,
    args=TrainingArguments(
        output_dir=str(Path(sys.argv[2]).parent), seed=task["seed"], report_to="none"
    ),
    train_dataset=rows,
).train()
took = time.perf_counter() - start
guesses = [str(code) for code in model.predict(task["test"])]
Path(sys.argv[2]).write_text(json.dumps({"seconds": took, "guesses": guesses}), encoding="utf-8")
