"""Write the weather example from the two published crowdsourcing tables.

python examples/weather/make.py /path/to/shared/data
"""

import sys
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
NAMES = {
    "Negative": "negative",
    "Neutral / author is just sharing information": "neutral",
    "Positive": "positive",
    "Tweet not related to weather condition": "unrelated",
    "I can't tell": "I can't tell",
}
NUMBERS = dict(zip("01234", NAMES.values(), strict=True))


def read(path):
    """Read every cell as a string, so that ids and odd words survive."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def renamed(labels, names):
    """Rename the labels; a label without a name is an error."""
    unknown = sorted(set(labels) - set(names))
    if unknown:
        raise SystemExit(f"labels without a name: {', '.join(unknown)}")
    return labels.map(names)


def check_numbers(numbered, confirmed):
    """Fail unless each number's commonest confirmed class is the name it maps to."""
    both = numbered.merge(confirmed, on="item", suffixes=("_number", "_confirmed"))
    commonest = both.groupby("label_number")["label_confirmed"].agg(lambda names: names.mode()[0])
    for number, name in NUMBERS.items():
        if number != "4" and commonest.get(number) != name:
            raise SystemExit(f"class {number} is not {name}: mostly {commonest.get(number)}")


def write(table, name):
    """Write a table beside this script and say how long it is."""
    table.to_csv(HERE / name, index=False, encoding="utf-8", lineterminator="\n")
    print(f"{name}: {len(table):,} rows")


def main(data):
    """Make the four tables."""
    ratings = read(data / "weather_full" / "votes.csv.gz")[["item", "annotator", "label"]]
    ratings["label"] = renamed(ratings["label"], NAMES)

    confirmed = read(data / "weather_full" / "truth.csv.gz")
    confirmed["label"] = renamed(confirmed["label"], NAMES)

    numbered = read(data / "weather_cf" / "truth.csv.gz")
    check_numbers(numbered, confirmed)
    truth = numbered.assign(label=renamed(numbered["label"], NUMBERS))

    write(read(data / "weather_full" / "items.csv.gz")[["item", "text"]], "tweets.csv")
    write(ratings, "ratings.csv")
    write(confirmed.assign(annotator="second-task")[["item", "annotator", "label"]], "confirmed.csv")
    write(truth[["item", "label"]], "truth.csv")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python examples/weather/make.py /path/to/shared/data")
    main(Path(sys.argv[1]))
