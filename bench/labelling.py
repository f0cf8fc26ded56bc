"""Labelling, end to end and in its parts, against what people would write without the kit."""

import json
import logging
import os
import random
import subprocess
import sys
import tempfile
import warnings
from itertools import islice
from pathlib import Path

import spacy
from sklearn.linear_model import LogisticRegression
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from bench.comparisons import Comparison, eight_bit, seconds, take_turns
from stancekit.codebook import load_codebook
from stancekit.corpus import FixedSplit, bundled
from stancekit.labelling.archive import label_archive
from stancekit.labelling.labeller import LabellingJob
from stancekit.labelling.labels import read_labels
from stancekit.labelling.models import find_models
from stancekit.labelling.score_matrix import unit_rows
from stancekit.models import persistence
from stancekit.models.classifier import fit
from stancekit.models.encoder.finetuned import Encoder
from stancekit.models.encoder.pretrained import MINILM, resolve
from stancekit.models.features import Marked
from stancekit.models.linear import Linear
from stancekit.text import ActorFinder
from stancekit.text.clean import clean
from stancekit.text.examples import split_body
from stancekit.text.nlp import NER_PACKAGE
from stancekit.text.pairs import ask_pairs
from stancekit.text.syntax import parse_sentences
from stancekit.types import Article

ARTICLES, LOOPED, TIMES = 150, 320, 3


def articles() -> list[Article]:
    """Return bundled articles."""
    lines = Path("data/un_votes/articles.jsonl").read_text(encoding="utf-8").splitlines()[:ARTICLES]
    rows = [json.loads(line) for line in lines]
    return [Article(row["id"], row["text"], topic=row["title"]) for row in rows]


def text_to_examples() -> list[Comparison]:
    """Split sentences, find actors and targets; the peer is spaCy's recogniser alone, on the sentences ready made."""
    some, finder = articles(), ActorFinder()
    bodies = [[one.text for one in split_body(article)] for article in some]
    sentences = [text for texts in bodies for text in texts]
    recogniser = spacy.load(
        NER_PACKAGE, exclude=["tagger", "parser", "attribute_ruler", "lemmatizer"]
    )

    def ours() -> None:
        cut = [split_body(article) for article in some]
        found = finder.find_all([[one.text for one in of] for of in cut])
        # Together, as `label` does.
        syntax = iter(parse_sentences([clean(one.text).text for of in cut for one in of]))
        for article, of, mentions in zip(some, cut, found, strict=True):
            ask_pairs(article, of, mentions, parsed=list(islice(syntax, len(of))))

    def peer() -> None:
        list(recogniser.pipe(sentences))

    took, theirs = take_turns(ours, peer, times=TIMES)
    return [
        Comparison(
            name="text to examples",
            peer=peer_name,
            unit="sentences/s",
            ours=len(sentences) / took,
            theirs=rate,
            goal=1,
            times=TIMES,
        )
        for peer_name, rate in (
            ("spaCy's recogniser alone", len(sentences) / theirs),
            ("what was aimed at", 4000),
        )
    ]


def words(folder: Path) -> Comparison:
    """Label examples by `logreg`; the peer is the rate that was aimed at."""
    stance = persistence.load(baseline(folder) / "stance")
    parts = FixedSplit()(bundled().read(load_codebook("stance")), random_state=0)
    some = [*parts.test.examples, *parts.validation.examples] * 2
    (took,) = take_turns(lambda: stance.predict(some), times=TIMES)
    return Comparison(
        name="`logreg` labels",
        peer="what was aimed at",
        unit="examples/s",
        ours=len(some) / took,
        theirs=30_000,
        goal=1,
        times=TIMES,
    )


def baseline(folder: Path) -> Path:
    """Save `logreg` for both codebooks."""
    for name in ("stance", "diplomacy"):
        parts = FixedSplit()(bundled().read(load_codebook(name)), random_state=0)
        model = Linear(
            LogisticRegression(C=1, class_weight="balanced", max_iter=1000), features=Marked()
        )
        persistence.save(fit(model, parts.train, parts.validation, name="logreg"), folder / name)
    return folder


def trained(folder: Path) -> Path:
    """Save `minilm` for both codebooks, trained on little: its labels are worse, and as slow as good ones."""
    for name in ("stance", "diplomacy"):
        parts = FixedSplit()(bundled().read(load_codebook(name)), random_state=0)
        model = Encoder(features=Marked(), epochs=1, min_steps=0)
        persistence.save(
            fit(model, parts.train.take(range(2000)), parts.validation.take(range(64))),
            folder / name,
        )
    return folder


def archive(folder: Path) -> list[Comparison]:
    """Label articles from text to file by `minilm`; the peers only classify some of the inputs that come of them."""
    source = folder / "articles.jsonl"
    rows = [{"id": one.id, "text": one.text, "title": one.topic} for one in articles()]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    saved, turns = trained(folder / "models"), iter(range(100))
    jobs = [LabellingJob(find_models([saved]), backend=backend) for backend in ("torch", "onnx")]
    ours = [
        lambda job=job: label_archive(source, folder / f"labels-{next(turns)}", job) for job in jobs
    ]
    ours[0]()
    labels = read_labels(folder / "labels-0")
    units = {name: unit_rows(labels, book) for name, book in labels.codebooks.items()}
    inputs = sum(map(len, units.values()))
    some = random.Random(0).sample(units["stance"], LOOPED)
    texts = [f"{row['sentence']} {row['actor']} # {row['target']}" for row in some]
    source_of = resolve(MINILM)
    classifier = pipeline(
        "text-classification",
        model=AutoModelForSequenceClassification.from_pretrained(source_of, num_labels=4),
        tokenizer=AutoTokenizer.from_pretrained(source_of),
        device="cpu",
    )

    def peer(size: int) -> None:
        for at in range(0, len(texts), size):
            classifier(texts[at : at + size], batch_size=size)

    *took, single, batched = take_turns(*ours, lambda: peer(1), lambda: peer(32), times=TIMES)
    goals = {"torch": (None, None), "8 bits": (10, 6) if eight_bit() else (4, 3)}
    return [
        Comparison(
            name=f"labelling end to end by `minilm`, {kind}",
            peer=f"`pipeline`, {peer}",
            unit="inputs/s",
            ours=inputs / of,
            theirs=len(texts) / theirs,
            goal=goal,
            times=TIMES,
        )
        for of, (kind, wanted) in zip(took, goals.items(), strict=True)
        for peer, theirs, goal in zip(
            ("single inputs", "batches of 32"), (single, batched), wanted, strict=True
        )
    ]


def engines(folder: Path, models: Path, sentences: int = 50_000) -> Comparison:
    """Label many sentences by `logreg` with two workers of Ray; the peer is one process. Both are started anew."""
    texts = [text for one in articles() for text in one.text.split("\n") if len(text) > 40]
    source = folder / "many.jsonl"
    with source.open("w", encoding="utf-8") as file:
        at = 0
        while at < sentences:
            row = " ".join(texts[(at * 7 + k) % len(texts)] for k in range(4))
            file.write(json.dumps({"text": row}) + "\n")
            at += len(split_body(Article("a", row)))
    took = {}
    for engine in ("local", "ray"):
        output = folder / f"{engine}-many"
        words = [
            f"input={source}",
            f"models={models}",
            f"output={output}",
            f"engine={engine}",
            "workers=2",
            "rows=all",
        ]
        program = [sys.executable, "-m", "stancekit", "label", *words]
        took[engine] = seconds(lambda of=program: subprocess.run(of, check=True, stdout=sys.stderr))
    return Comparison(
        name=f"{sentences:,} sentences by `logreg`, two workers of Ray",
        peer="one process",
        unit="sentences/s",
        ours=sentences / took["ray"],
        theirs=sentences / took["local"],
    )


def measure() -> list[Comparison]:
    """Return the rows about labelling."""
    warnings.filterwarnings("ignore")
    logging.getLogger("transformers").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as spare:
        folder, shown = Path(spare), sys.stdout
        os.environ["STANCEKIT_CACHE"] = spare
        sys.stdout = sys.stderr
        try:
            models = folder / "words"
            return [*text_to_examples(), words(models), *archive(folder), engines(folder, models)]
        finally:
            sys.stdout = shown
