"""Measure the kit against its peers in one run: `python -m bench [PART ...]`.

What is found goes into `bench/results.json` and the page of it, `bench/README.md`.
"""

import argparse
import importlib

from bench.comparisons import keep

PARTS = ("intervals", "starting", "training", "few_shot", "labelling", "asking", "size")


def main() -> None:
    """Run the parts that are named, or all; what one part finds is kept before the next begins."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    asked = parser.parse_args().parts or PARTS
    if unknown := set(asked) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; parts are {', '.join(PARTS)}")
    for name in asked:
        rows = importlib.import_module(f"bench.{name}").measure()
        for row in rows:
            print(f"{row.name}: {row.ratio:.3g} times {row.peer}", flush=True)
        keep(rows)


if __name__ == "__main__":
    main()
