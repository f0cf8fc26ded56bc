"""A BERT of a few thousand random weights in a folder, for tests that need an encoder and not its quality."""

from collections import Counter

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import (
    AutoModel,
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    PreTrainedTokenizerFast,
)


def _vocabulary(texts, special, most=2000):
    """Return words by how common they are, and characters; a trained one is another in every process."""
    clean, apart = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    words = Counter(
        word for text in texts for word, _ in apart.pre_tokenize_str(clean.normalize_str(text))
    )
    letters = sorted(set("".join(words)))
    common = sorted(words, key=lambda word: (-words[word], word))
    every = [*special, *letters, *(f"##{letter}" for letter in letters), *common]
    return {word: at for at, word in enumerate(list(dict.fromkeys(every))[:most])}


def make_encoder(folder, texts):
    """Save a tiny encoder and a tokenizer that knows the commonest words of some texts."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(_vocabulary(texts, special), unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
    )
    names = {f"{name.strip('[]').lower()}_token": name for name in special}
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **names,
    ).save_pretrained(folder)
    torch.manual_seed(0)
    BertModel(
        BertConfig(
            vocab_size=tokenizer.get_vocab_size(),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=160,
        )
    ).save_pretrained(folder)
    return str(folder)


def make_nli(folder, texts, names):
    """Save a tiny classifier of sentence pairs with named outputs."""
    make_encoder(folder, texts)
    body = AutoModel.from_pretrained(folder)
    outputs = {
        "id2label": dict(enumerate(names)),
        "label2id": {name: at for at, name in enumerate(names)},
    }
    config = BertConfig(**body.config.to_dict() | outputs)
    BertForSequenceClassification(config).save_pretrained(folder)
    return str(folder)
