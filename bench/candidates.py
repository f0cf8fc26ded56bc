"""Learn which pairs of an actor and a target are worth asking, from the bundled corpus: `seeds/candidates.json`.

`python -m bench.candidates` writes the file anew and prints what it is worth on the validation part;
`python -m bench.candidates FILE` writes another file and leaves the shipped one as it is.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from stancekit.codebook import load_codebook
from stancekit.corpus import bundled
from stancekit.corpus.positions import CodedArticle, Place, PlacedPosition, read_articles
from stancekit.text import ActorFinder
from stancekit.text.candidates import TargetRanker, describe_phrases, load_weights
from stancekit.text.clean import clean
from stancekit.text.examples import split_body
from stancekit.text.matters import choose_matter
from stancekit.text.pairs import AskedPair, ReadSentence, ask_pairs, read_sentences, texts_before
from stancekit.text.speaker import make_speaker
from stancekit.text.syntax import ParsedSentence, Spans, parse_sentences
from stancekit.text.targets import make_topic
from stancekit.types import Mention, Sentence

SHIPPED = Path(__file__).parents[1] / "seeds" / "candidates.json"
# Features that are rarer are left out, and weights that are smaller.
RAREST = {"actors": 4, "pairs": 6}
LEAST_WEIGHT = 0.05
C = 0.3


@dataclass(frozen=True)
class Gold:
    """A position with its places in the clean sentence; the actor's is `None` where it is not named."""

    speaks: bool
    actor: Mention | None
    targets: list[Mention]

    def has_actor(self, actor: Mention, *, speaks: bool) -> bool:
        """Say whether it is an actor's."""
        if speaks or self.speaks:
            return speaks and self.speaks
        return self.actor is not None and Spans([self.actor]).overlap(actor)

    def has_target(self, target: Mention, parsed: ParsedSentence) -> bool:
        """Say whether it is towards a target: both have one head, or the sentence names neither."""
        if not target.located or not self.targets:
            return not target.located and not self.targets
        return _head(parsed, target) in {_head(parsed, one) for one in self.targets}


@dataclass
class Seen:
    """What was seen of features, and whether it was a position."""

    features: list[list[str]] = field(default_factory=list)
    found: list[bool] = field(default_factory=list)

    def add(self, features: list[str], found: bool) -> None:
        """Add one case."""
        self.features.append(features)
        self.found.append(found)


def _head(parsed: ParsedSentence, mention: Mention) -> int | None:
    phrase = parsed.phrase(mention)
    return phrase.head.place if phrase else None


def read_gold(sentence: Sentence, positions: Sequence[PlacedPosition]) -> list[Gold]:
    """Return the positions of a sentence with offsets in its clean form."""
    cleaned = clean(sentence.text)

    def place(at: Place) -> Mention:
        return Mention("", *cleaned.to_clean(at[0] - sentence.start, at[1] - sentence.start))

    end = sentence.start + len(sentence.text)
    gold = []
    for one in positions:
        if sentence.start <= one.sentence[0] < end:
            actor = place(one.actor.place) if one.actor.place else None
            gold.append(Gold(one.actor.speaks, actor, [place(at) for at in one.target_places]))
    return gold


def read_parts() -> dict[str, list[tuple[CodedArticle, list[Sentence], list[list[Mention]]]]]:
    """Return the articles of training and validation with their sentences and the actors of each."""
    finder = ActorFinder()
    articles, _ = read_articles(bundled(), load_codebook("stance"), finder.names)
    parts = {}
    for part in ("train", "validation"):
        some = [article for article in articles if article.part == part]
        bodies = [split_body(one.article) for one in some]
        found = finder.find_all([[sentence.text for sentence in body] for body in bodies])
        parts[part] = list(zip(some, bodies, found, strict=True))
    return parts


def _speaker(article: CodedArticle) -> Mention | None:
    return make_speaker(article.speaker, ActorFinder().names) if article.speaker else None


def observe(
    article: CodedArticle, sentences: list[Sentence], found: list[list[Mention]]
) -> Iterator[tuple[str, list[str], bool]]:
    """Yield by the model what features there are in an article, and whether with a position."""
    read = read_sentences(sentences, found, speaker=_speaker(article))
    texts = [one.text for one in read]
    before = texts_before(texts, choose_matter(make_topic(article.article), texts))
    rows = zip(sentences, read, parse_sentences(texts), before, strict=True)
    for sentence, one, parsed, text_before in rows:
        gold = read_gold(sentence, article.positions)
        unlisted = _unlisted(one, gold)
        heads = {_head(parsed, actor) for actor in unlisted}
        for phrase, features in describe_phrases(parsed, one.actors):
            yield "actors", features, _head(parsed, phrase) in heads
        ranker = TargetRanker(parsed, one.targets(parsed), one.named)
        for actor in (*one.actors, *unlisted):
            speaks = actor is one.speaker
            mine = [each for each in gold if each.has_actor(actor, speaks=speaks)]
            unnamed = None if speaks else text_before
            for target, features in ranker.describe(actor, unnamed=unnamed):
                yield "pairs", features, any(each.has_target(target, parsed) for each in mine)


def _unlisted(one: ReadSentence, gold: Sequence[Gold]) -> list[Mention]:
    """Return the actors of positions that the finder does not find."""
    known = Spans(one.actors)
    found: dict[int | None, Mention] = {}
    for each in gold:
        if each.actor and not each.speaks and not known.overlap(each.actor):
            found.setdefault(each.actor.start, each.actor)
    return list(found.values())


def learn(seen: Seen, rarest: int) -> dict[str, object]:
    """Fit a logistic regression and return it as plain data."""
    vectorizer = CountVectorizer(
        analyzer=lambda features: features, min_df=rarest, binary=True, lowercase=False
    )
    matrix = vectorizer.fit_transform(seen.features)
    model = LogisticRegression(C=C, max_iter=1000).fit(matrix, np.array(seen.found))
    weights = {}
    for feature, column in sorted(vectorizer.vocabulary_.items()):
        weight = round(float(model.coef_[0][column]), 2)
        if abs(weight) >= LEAST_WEIGHT:
            weights[feature] = weight
    return {"intercept": round(float(model.intercept_[0]), 3), "weights": weights}


def count(
    article: CodedArticle, sentences: list[Sentence], found: list[list[Mention]]
) -> Iterator[tuple[bool, int, int, int]]:
    """Yield of each sentence, for the speaker and for others: positions, those asked, and all pairs asked."""
    speaker = _speaker(article)
    pairs: dict[str, list[AskedPair]] = {sentence.id: [] for sentence in sentences}
    for pair in ask_pairs(article.article, sentences, found, speaker=speaker):
        pairs[pair.sentence].append(pair)
    texts = [clean(sentence.text).text for sentence in sentences]
    for sentence, parsed in zip(sentences, parse_sentences(texts), strict=True):
        gold = read_gold(sentence, article.positions)
        for speaks in (False, True):
            asked = [
                (pair.example.actor, pair.example.target)
                for pair in pairs[sentence.id]
                if pair.example.actor
                and pair.example.target
                and speaks == bool(speaker and pair.example.actor.name == speaker.name)
            ]
            of_kind = [one for one in gold if one.speaks == speaks]
            met = sum(
                any(
                    one.has_actor(actor, speaks=speaks) and one.has_target(target, parsed)
                    for actor, target in asked
                )
                for one in of_kind
            )
            yield speaks, len(of_kind), met, len(asked)


def main(path: Path = SHIPPED) -> None:
    """Learn from the training part, write the file, and print recall and rows on the validation part."""
    parts = read_parts()
    seen = {name: Seen() for name in RAREST}
    for row in parts["train"]:
        for name, features, is_position in observe(*row):
            seen[name].add(features, is_position)
    models = {name: learn(seen[name], RAREST[name]) for name in RAREST}
    lines = json.dumps(models, ensure_ascii=False, indent=0, separators=(",", ":"))
    path.write_text(lines + "\n", encoding="utf-8")
    for name, model in models.items():
        print(f"{name}: {len(model['weights'])} weights of {len(seen[name].found)} cases")
    if path != SHIPPED:
        print("the numbers below are those of the shipped file")
    load_weights.cache_clear()
    counts = [each for row in parts["validation"] for each in count(*row)]
    for kind, chosen in (("speaker", [True]), ("others", [False]), ("all", [True, False])):
        totals = np.array([each[1:] for each in counts if each[0] in chosen]).sum(axis=0)
        positions, met, asked = (int(total) for total in totals)
        told = f"{met / positions:.3f} of {positions} positions, {asked / positions:.2f} rows each"
        print(f"validation, {kind}: {told}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
