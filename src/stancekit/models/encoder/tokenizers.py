"""The tokenizers of encoders, loaded from their folders and checked."""

from typing import Any

from transformers import AutoTokenizer

from stancekit.errors import KitError
from stancekit.models.encoder.inputs import readable

# Of different lengths, so that they differ even where every word is unknown.
_PROBES = (
    "Peru condemned the levy.",
    "A draft on trade and fishing was put to the vote by Chile today.",
)


def load_encoder_tokenizer(source: str) -> Any:
    """Load the tokenizer in an encoder's folder.

    Raises
    ------
    KitError
        When there is none, or it gives every sentence the same ids, as the empty one that
        `transformers` makes then.
    """
    with readable(f"the tokenizer in {source}"):
        tokenizer = AutoTokenizer.from_pretrained(
            source, trust_remote_code=False, local_files_only=True
        )
    check_tokenizer(tokenizer, source)
    return tokenizer


def check_tokenizer(tokenizer: Any, source: str, config: Any = None) -> None:
    """Check that a tokenizer gives sentences different ids, which, with the encoder's `config`, are the encoder's.

    Raises
    ------
    KitError
        When it does not.
    """
    with readable(f"the tokenizer in {source}"):
        if not getattr(tokenizer, "is_fast", False):
            raise KitError(
                f"the tokenizer in {source} has no fast version (tokenizer.json); save one beside the weights"
            )
        first, second = (tokenizer(text)["input_ids"] for text in _PROBES)
        words = set(tokenizer.get_vocab()) - set(tokenizer.all_special_tokens)
        if first == second or not words:
            raise KitError(
                f"the tokenizer in {source} has {len(words)} words and gives different sentences the same ids; "
                "save the encoder's tokenizer in its folder (tokenizer.json or its vocabulary)"
            )
        if config is None:
            return
        pair = tokenizer(*_PROBES)
        largest = max([*tokenizer.get_vocab().values(), *pair["input_ids"]])
        if largest >= config.vocab_size:
            raise KitError(
                f"the tokenizer in {source} has id {largest}; its encoder has {config.vocab_size} words"
            )
        segments = getattr(config, "type_vocab_size", None)
        if segments and max(pair.get("token_type_ids", [0])) >= segments:
            raise KitError(
                f"the tokenizer in {source} has more segments than the {segments} of its encoder"
            )
