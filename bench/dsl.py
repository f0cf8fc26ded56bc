"""`regress` on the published examples of the R package dsl, beside what its pages print.

`python -m bench.dsl FOLDER` reads tables that R wrote, and nothing of them is kept here:

    for (name in c("PanChen", "data_unequal", "data_time")) { data(list = name, package = "dsl")
      write.csv(get(name), paste0(name, ".csv"), row.names = FALSE) }

dsl learns the label anew from its prediction and the covariates, in random folds, and then corrects by the annotated
rows. `regress` corrects the prediction itself. Both are right on average, and differ by a part of their intervals.
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

import stancekit as sk

COUNTY = "SendOrNot ~ yes + prefecWrong + connect2b + prevalence + regionj + groupIssue"


@dataclass(frozen=True)
class Example:
    """An example of the package: its table, and the estimates and intervals that its page prints."""

    table: str
    formula: str
    family: str
    gold: str
    prediction: str
    printed: dict[str, tuple[float, float, float]]
    probability: str = ""


# https://naokiegami.com/dsl/articles: intro, faq (sampling strategies), faq (category proportions), version 0.1.0.
EXAMPLES = (
    Example(
        "PanChen", COUNTY, "logistic", "countyWrong", "pred_countyWrong",
        {
            "Intercept": (2.0983, 1.3883, 2.8083),
            "yes": (-0.2609, -0.6979, 0.1760),
            "prefecWrong": (-1.1158, -1.6978, -0.5339),
            "connect2b": (-0.0789, -0.3135, 0.1557),
            "prevalence": (-0.3269, -0.6248, -0.0291),
            "regionj": (0.1255, -0.7693, 1.0203),
            "groupIssue": (-2.3229, -3.0282, -1.6177),
        },
    ),
    Example(
        "data_unequal", "yes ~ X1 + X2 + X3", "logistic", "Y", "pred_Y",
        {
            "Intercept": (-0.2155, -0.4478, 0.0168),
            "X1": (0.1051, -0.5515, 0.7618),
            "X2": (0.1072, -0.1058, 0.3203),
            "X3": (-0.0456, -0.2727, 0.1815),
        },
        probability="sample_prob",
    ),
    Example(
        "data_time", "yes ~ C(year) - 1", "linear", "Y", "pred_Y",
        {
            "C(year)[2001]": (0.6447, 0.5169, 0.7725),
            "C(year)[2002]": (0.6231, 0.4951, 0.7511),
            "C(year)[2003]": (0.2958, 0.1374, 0.4541),
            "C(year)[2004]": (0.4442, 0.3085, 0.5799),
            "C(year)[2005]": (0.6289, 0.4875, 0.7704),
            "C(year)[2006]": (0.4274, 0.2849, 0.5700),
            "C(year)[2007]": (0.5713, 0.4212, 0.7214),
            "C(year)[2008]": (0.6702, 0.5380, 0.8025),
            "C(year)[2009]": (0.4958, 0.3705, 0.6211),
            "C(year)[2010]": (0.4763, 0.3383, 0.6143),
        },
    ),
)  # fmt: skip


def compare(example: Example, source: Path, spare: Path) -> pd.DataFrame:
    """Return by term the estimate and the interval of both."""
    table = pd.read_csv(source / f"{example.table}.csv")
    rows = table.drop(columns=[example.gold])
    rows.insert(0, "id", [f"row{at}" for at in range(len(table))])
    rows["article"] = rows["id"]
    said = rows.pop(example.prediction).astype(float)
    rows["label"] = said.map({1.0: "yes", 0.0: "no"})
    rows["yes"], rows["no"] = said, 1 - said
    rows.to_csv(spare / "labels.csv", index=False)
    annotated = table[example.gold].notna()
    gold = rows.loc[annotated, ["id", "article"]]
    equal = annotated.mean()
    gold["probability"] = table[example.probability] if example.probability else equal
    gold["label"] = table[example.gold].map({1.0: "yes", 0.0: "no"})
    gold.to_csv(spare / "gold.csv", index=False)
    found = sk.regress(
        example.formula,
        labels=spare / "labels.csv",
        gold=spare / "gold.csv",
        family=example.family,
        output=None,
    ).to_frame()
    found = found.set_index("term")
    printed = pd.DataFrame(example.printed, index=["dsl", "dsl low", "dsl high"]).T
    return printed.join(found)


def main() -> None:
    """Print each example."""
    parser = argparse.ArgumentParser(prog="python -m bench.dsl", description="Examples of R's dsl.")
    parser.add_argument("folder", type=Path, help="where PanChen.csv and the others are")
    folder = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as spare:
        for example in EXAMPLES:
            print(f"\n{example.table}: {example.formula} ({example.family})")
            print(compare(example, folder, Path(spare)).round(3).to_string())


if __name__ == "__main__":
    main()
