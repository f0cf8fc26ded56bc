"""Classifiers: each one YAML file under `configs/model`, all with scikit-learn's contract."""
