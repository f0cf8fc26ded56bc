"""Networks in ONNX Runtime, opened in one way. Without torch."""

import os
from typing import Any


def open_network(model: str | bytes, threads: int) -> Any:
    """Return a session for a network in a file or in memory.

    Memory goes back after each batch, which costs little and saves what the longest one took.
    """
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.enable_cpu_mem_arena = False
    # A thread that waits in a loop takes the processor from the one it waits for.
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(
        model,
        settings,
        providers=["CPUExecutionProvider"],
        # That fusion takes a quarter of the time that it is meant to save.
        disabled_optimizers=["SkipLayerNormFusion"],
    )


def product_threads() -> int:
    """Return how many threads share a product: as many as torch would use."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked):
        return int(asked)
    # Some systems do not say which processors a program may use.
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
