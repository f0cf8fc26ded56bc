"""Judgements in the files of other programs, one module per format, written and read back."""
