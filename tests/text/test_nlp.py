"""The English pipeline: loaded once, without the command line of spaCy."""

import subprocess
import sys

from stancekit.text.nlp import load_ner, load_parser


def test_names_and_syntax_share_one_pipeline():
    ner, parser = load_ner(), load_parser()
    assert ner.vocab is parser.vocab and ner.tokenizer is parser.tokenizer
    assert ner.pipe_names == ["ner"] and "ner" not in parser.pipe_names


def test_what_spacy_does_without_is_there_when_it_is_asked_for():
    program = (
        "import sys\n"
        "from stancekit.text.nlp import import_spacy\n"
        "spacy = import_spacy()\n"
        "print('spacy.cli' in sys.modules, 'spacy.cli.info' in sys.modules)\n"
        "print(spacy.info(silent=True)['spacy_version'] == spacy.__version__)\n"
        "import spacy.cli\n"
        "print(callable(spacy.cli.download), import_spacy() is spacy)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-3:] == ["False False", "True", "True True"]
