"""A BERT of a few thousand random weights in a folder, for tests that need an encoder and not its quality."""

from collections import Counter

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    AutoModel,
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    LlamaConfig,
    LlamaForCausalLM,
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


CHAT = (
    "{% for message in messages %}<{{ message.role }}>{{ message.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def make_causal(folder, texts, *, chat=True, steps=60):
    """Save a causal model of two layers over bytes, trained for seconds to go on with some texts."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: at for at, letter in enumerate(["<s>", *letters])}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="<s>")
    fast.chat_template = CHAT if chat else None
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 64, "intermediate_size": 128, "max_position_embeddings": 8192}
    heads = {"num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
    ids = {"vocab_size": len(vocabulary), "bos_token_id": 0, "eos_token_id": 0}
    network = LlamaForCausalLM(LlamaConfig(**sizes, **heads, **ids))
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    rows = [fast(text, add_special_tokens=False).input_ids[-96:] for text in texts]
    width = max(map(len, rows))
    batch = torch.tensor([[*row, *[0] * (width - len(row))] for row in rows])
    labels = torch.where(batch == 0, -100, batch)
    for _ in range(steps):
        network(input_ids=batch, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    network.save_pretrained(folder)
    return str(folder)
