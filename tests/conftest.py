import gc
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import ComplementNB

from stancekit.codebook import Codebook, load_codebook
from stancekit.corpus import FixedSplit, LabelledSet, Splits, TableCorpus, bundled
from stancekit.corpus.dataset import indicator
from stancekit.labelling.labeller import LabellingJob, label_article
from stancekit.labelling.models import find_models
from stancekit.models import persistence
from stancekit.models.classifier import FittedClassifier, fit
from stancekit.models.features import Marked
from stancekit.models.linear import Linear
from stancekit.models.selective import fit_policy
from stancekit.text import ActorFinder, read_article
from stancekit.types import Example, Mention

ROOT = Path(__file__).resolve().parents[1]


CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium; .ci/run installs it, on Debian: apt install chromium"
)


# Files that take minutes begin first, so that no process waits for them at the end.
LONGEST = (
    *("test_study.py", "test_site.py", "test_pages.py", "test_coverage.py", "test_contract.py"),
    *("test_wheel.py", "test_launchers.py", "test_cli.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not any(name in item.nodeid for name in LONGEST))


# Modules and tests stay to the end: Python need not look through millions of objects again and again.
gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


# Whatever takes longer hangs; no machine is so slow.
PATIENCE = 1200


def growth(prepare: Callable[[int], Callable[[], object]], few: int, many: int) -> float:
    """Return how many times as long `prepare(many)()` takes as `prepare(few)()`.

    It is the processor's time, the least of three turns: what else the machine does, and how fast it is, is
    not measured. `prepare` makes what is worked on, and is not measured either.
    """

    def seconds(n: int) -> float:
        work = prepare(n)
        start = time.process_time()
        work()
        return time.process_time() - start

    seconds(few)
    least, most = (min(seconds(n) for _ in range(3)) for n in (few, many))
    return most / max(least, 0.002)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep embeddings of tests out of the user's cache."""
    os.environ["STANCEKIT_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def stance() -> Codebook:
    return load_codebook("stance")


@pytest.fixture(scope="session")
def diplomacy() -> Codebook:
    return load_codebook("diplomacy")


@pytest.fixture(scope="session")
def un_votes() -> TableCorpus:
    return bundled()


def every(part: LabelledSet, most: int) -> LabelledSet:
    """Return about as many rows of a part as a test needs, evenly over its articles."""
    return part.take(range(0, len(part), max(1, len(part) // most)))


@pytest.fixture(scope="session")
def vote_rows() -> list[dict[str, Any]]:
    """Return the rows of the bundled corpus whose pairs were chosen: first news, which names who acts."""
    files = sorted((ROOT / "data" / "un_votes" / "examples").glob("*.jsonl"))
    texts = [file.read_text(encoding="utf-8") for file in files]
    rows = [json.loads(line) for text in texts for line in text.split("\n") if line]
    return sorted(rows, key=lambda row: row["register"] != "newswire")


def corpus_of(rows: Iterable[dict[str, Any]], path: Path) -> TableCorpus:
    """Write rows of the bundled corpus to a file of JSON lines, and return the corpus of it."""
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return TableCorpus(path, name=path.stem, columns={"text": "sentence"}, labels={"": None})


def words_for(corpus: TableCorpus) -> list[str]:
    """Return what names such a corpus on the command line."""
    return ["corpus=table", f"corpus.path={corpus.path}", "corpus.columns.text=sentence"]


def take_articles(rows: list[dict[str, Any]], step: int, path: Path) -> TableCorpus:
    """Return the corpus of every so many articles one."""
    kept = set(list(dict.fromkeys(row["article"] for row in rows))[::step])
    return corpus_of((row for row in rows if row["article"] in kept), path)


@pytest.fixture(scope="session")
def some_votes(
    vote_rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> TableCorpus:
    """Half of the bundled corpus, which as a whole takes long to read and longer to learn from."""
    return take_articles(vote_rows, 2, tmp_path_factory.mktemp("some") / "some.jsonl")


@pytest.fixture(scope="session")
def few_votes(
    vote_rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> TableCorpus:
    """A few of the bundled corpus's articles, for runs whose quality is not the point."""
    return take_articles(vote_rows, 9, tmp_path_factory.mktemp("few") / "few.jsonl")


@pytest.fixture(scope="session")
def parts(some_votes: TableCorpus, stance: Codebook) -> Splits:
    return FixedSplit()(some_votes.read(stance), random_state=0)


@pytest.fixture(scope="session")
def frame_parts(some_votes: TableCorpus, diplomacy: Codebook) -> Splits:
    return FixedSplit()(some_votes.read(diplomacy), random_state=0)


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory, parts: Splits, frame_parts: Splits) -> Path:
    """Return a folder of a stance and a frame model that were quick to train, as `label` takes it."""
    folder = tmp_path_factory.mktemp("saved") / "un_votes"
    for name, of in (("stance", parts), ("diplomacy", frame_parts)):
        model = Linear(ComplementNB(), features=Marked(), char_ngram_range=None)
        fitted = fit(model, of.train, of.validation, name="nb")
        persistence.save(make_sure(fitted, of.validation), folder / name)
    return folder


def make_sure(fitted: FittedClassifier, validation: LabelledSet) -> FittedClassifier:
    """Return a model of single codes with higher scores: by default `label` writes no position of a low one."""
    if fitted.codebook.multi_label:
        return fitted
    sure = replace(fitted, temperature=fitted.temperature / 5)
    scores, names = sure.scores(validation.examples), sure.codebook.names
    truth = indicator(validation.labels, names)
    wrong = (indicator(sure.read(scores), names) != truth).any(axis=1)
    return replace(sure, policy=fit_policy(scores, truth, wrong, validation.articles))


@pytest.fixture(scope="session")
def risk(saved: Path) -> float:
    """Return a risk at which the stance model relies on some rows of a bundled article and declines others."""
    job = LabellingJob(find_models([saved]), ActorFinder(ner=False))
    article = read_article(ROOT / "seeds" / "articles" / "un_votes_2025.txt")
    predictions = [row.predictions.get("stance") for row in label_article(article, job).rows]
    surest = [max(prediction.scores) for prediction in predictions if prediction]
    risks = job.labeller().models["stance"].policy.risks
    return next(risk for risk, cut in risks if min(surest) < cut <= max(surest))


@pytest.fixture(scope="session")
def few_parts(few_votes: TableCorpus, stance: Codebook) -> Splits:
    return FixedSplit()(few_votes.read(stance), random_state=0)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, parts: Splits) -> str:
    """Return the folder of an encoder of a few thousand random weights."""
    from tiny import make_encoder

    return make_encoder(
        tmp_path_factory.mktemp("tiny"), [one.text for one in every(parts.train, 600).examples]
    )


@pytest.fixture
def jsonl(tmp_path: Path):
    """Write rows to a file of JSON lines; a string is written as it stands."""

    def write(*rows: object, name: str = "mine.jsonl") -> Path:
        path = tmp_path / name
        path.write_text(
            "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows),
            encoding="utf-8",
        )
        return path

    return write


ROWS = [
    {"text": "Peru shunned the levy.", "actor": "Peru", "target": "the levy", "stance": "condemn"},
    {
        "text": "Oman kept its counsel on the levy.",
        "actor": "Oman",
        "target": "the levy",
        "stance": "abstain",
    },
    {"text": "Fiji cheered the levy.", "actor": "Fiji", "target": "the levy", "stance": "support"},
    {
        "text": "Mali lies inland, far from the levy.",
        "actor": "Mali",
        "target": "the levy",
        "stance": "none",
    },
]


def padded(text: str, at: int) -> str:
    """Return a text with words of its own behind it, so that it is no copy of its neighbours."""
    return " ".join([text, *(f"w{at}x{k}" for k in range(15))])


@pytest.fixture(scope="session")
def speeches() -> pd.DataFrame:
    """Return a table with columns of its own names, as a user has it."""
    says = {
        "condemn": "{} denounced {} over item {} of the list",
        "support": "{} welcomed {} with item {} of the list",
        "abstain": "{} would not say what it makes of {} in item {}",
        "none": "{} lies far from where {} and item {} are discussed",
    }
    places = ["Peru", "Oman", "Fiji", "Mali", "Chad", "Cuba", "Iran", "Laos", "Togo", "Niue"]
    rows = []
    for number, place in enumerate(places):
        for code, text in says.items():
            words = " ".join(f"w{number}{code}{word}" for word in range(12))
            sentence = f"{text.format(place, 'the levy', number)}, {words}."
            row = {"sentence": sentence, "speaker": place, "motion": "the levy"}
            rows.append(row | {"position": code, "party": number % 2})
    return pd.DataFrame(rows)


@pytest.fixture(scope="session")
def speeches_corpus(speeches, tmp_path_factory):
    path = tmp_path_factory.mktemp("speeches") / "speeches.csv"
    speeches.to_csv(path, index=False)
    columns = {"text": "sentence", "actor": "speaker", "target": "motion", "labels": "position"}
    return TableCorpus(path, columns=columns)


@pytest.fixture(scope="session")
def speeches_model(speeches_corpus, tmp_path_factory):
    """Return a model that was trained on it."""
    import stancekit

    return stancekit.train(
        speeches_corpus, model="nb", output=tmp_path_factory.mktemp("out"), verbose=False
    )


@pytest.fixture
def hub():
    """Serve what the Hub does, on this machine."""
    from hub_server import StandInHub

    with StandInHub() as server:
        yield server


# For tests of language models: servers that answer by cues, rows with such cues, and models that ask.
VERBS = ("condemned", "supported", "abstained on", "left")


@pytest.fixture
def serve(monkeypatch):
    """Start stub servers, with faults by name, that end with the test."""
    from stub_server import Faults, Stub

    for name in ("STANCEKIT_LLM_ENDPOINT", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    running = []

    def start(**faults):
        stub = Stub(Faults(**faults)).__enter__()
        running.append(stub)
        return stub

    yield start
    for stub in running:
        stub.__exit__()


@pytest.fixture
def rows():
    """Make examples on a levy."""

    def make(n, start=0):
        return [
            Example(str(at), f"Peru {VERBS[at % 4]} the levy {at}.", Mention("Peru", 0, 4))
            for at in range(start, start + n)
        ]

    return make


@pytest.fixture
def make_llm(tmp_path, stance):
    """Make fitted language models whose store is in the test's folder."""
    from stancekit.models.llm.estimator import LLM

    def make(endpoint=None, codebook=stance, **settings):
        given = {"name": "stub", "folder": str(tmp_path / "run")} | settings
        model = LLM(endpoint=endpoint, codebook=codebook, **given)
        y = np.zeros((0, len(codebook.names)), dtype=int) if codebook.multi_label else np.array([])
        return model.fit([], y)

    return make
