"""Learn which pairs of an actor and a target are worth asking, from the bundled corpus: `seeds/candidates.json`."""
