"""Language models that annotate by the codebook: asked over HTTP or in this process, every reply kept."""
