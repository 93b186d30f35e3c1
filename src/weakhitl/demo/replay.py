"""Replay recorded ratings in place of people."""

import pandas as pd


def replay(recorded: pd.DataFrame, items: pd.Index, each: int | None, seed: int) -> pd.DataFrame:
    """Give up to ``each`` recorded ratings per item (all without), drawn at random among them."""
    there = recorded[recorded["item"].isin(items)]
    shuffled = there.sample(frac=1, random_state=seed)
    return shuffled if each is None else shuffled.groupby("item", sort=False).head(each)
