"""Shares of codes in a corpus: samples, estimators, planning."""
