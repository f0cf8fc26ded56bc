"""What an article is about: the text or policy that it speaks of most."""

from collections import Counter
from collections.abc import Sequence

from stancekit.text.targets import find_issues, find_texts
from stancekit.types import Mention


def find_main_matter(texts: Sequence[str]) -> Mention | None:
    """Return the text, or else the act or policy, that sentences name most, in its first words; `None` without one.

    Examples
    --------
    >>> texts = ["Peru moved the oral amendment.", "A war began.", "The amendment fell."]
    >>> find_main_matter(texts).name
    'oral amendment'
    >>> print(find_main_matter(["It rained."]))
    None
    """
    for find in (find_texts, find_issues):
        named = [issue.name for text in texts for issue in find(text)]
        counts = Counter(map(_noun, named))
        if counts:
            # Of nouns that are as frequent, the first to be named.
            most = counts.most_common(1)[0][0]
            return Mention(next(name for name in named if _noun(name) == most))
    return None


def choose_matter(title: Mention | None, texts: Sequence[str]) -> Mention | None:
    """Return the title where it names a text, an act or a policy, otherwise what the sentences name most.

    Examples
    --------
    >>> choose_matter(Mention("A bad day in Lima"), ["Peru voted on the draft."]).name
    'draft'
    >>> choose_matter(Mention("Peru backs the levy"), ["Peru voted on the draft."]).name
    'Peru backs the levy'
    """
    if title is not None and find_issues(title.name):
        return title
    return find_main_matter(texts) or title


def _noun(name: str) -> str:
    return name.rsplit(maxsplit=1)[-1].lower().removesuffix("s")
