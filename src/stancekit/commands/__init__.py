"""The verbs: each a function whose parameters are the top-level keys of its config."""
