"""Whatever a project's owner does in whatever order, no command ends unexpectedly, and what is released verifies.

A few orders, the same each time; ORDERS=300 before the command tries so many others.
"""

import json
import os
import random
import shutil
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from weakhitl.cli.main import cli
from weakhitl.files import write_table

pytestmark = pytest.mark.current

CLASSES = ["ja, gerne", "nein", "1"]
PEOPLE = ["ana", "bo", "cy", "di"]
ENDINGS = ["csv", "tsv", "jsonl", "parquet"]
FUNCTIONS = """\
from weakhitl import labeling_function

CLASSES = {classes!r}

@labeling_function
def first(x):
    return CLASSES[int(x["text"].split()[0])]

@labeling_function
def second(x):
    return CLASSES[int(x["text"].split()[1])]

@labeling_function
def one_class(x):
    return CLASSES[{one}] if "{one}" in x["text"].split()[:3] else None
"""
CONFIG = """\
[project]
name = "any order"
[labels]
classes = {classes}
skip = ["?"]
[data]
path = "items.{ending}"
[labeling]
functions = ["labeling_functions/"]
[label_model]
name = "{model}"
[routing]
budget = {budget}
audit = {audit}
overlap = {overlap}
[annotation]
guideline = "guideline.md"
{annotation}
{checks}
[release]
min_confidence = {min_confidence}
{release}
"""
CHECKS = [
    ("coverage", "at_least = 0.01"),
    ("release-accuracy", "at_least = 0.01"),
    ("release-accuracy", 'at_least = 0.01\nslice = "lang"\notherwise = "withhold"'),
    ("release-accuracy", "at_least = 0.01\nsequential = true"),
    ("krippendorff-alpha", "at_least = -0.9\nmin_units = 5\nmin_minority = 0"),
    ("krippendorff-alpha", 'at_least = -0.9\nmin_units = 2\nmin_minority = 0\nclass = "*"'),
    ("percent-agreement", 'at_least = 0.01\nmin_units = 2\nmin_minority = 0\nslice = "lang"\notherwise = "withhold"'),
    ("calibration-error", "at_most = 0.99"),
    ("class-drift", "at_most = 0.99"),
    ("annotator-quality", "at_least = 0.01"),
]
LOOKS = [
    ["status", "--checks", "--kpis"],
    ["check"],
    ["doctor"],
    ["lfs"],
    ["agreement"],
    ["annotators"],
    ["plan"],
    ["refine"],
    ["threshold"],
    ["bias", "lang"],
    ["online"],
]


class Owner(RuleBasedStateMachine):
    """Steps of a project's owner; what people say is drawn from the seed."""

    @initialize(
        seed=st.integers(0, 10**6),
        ending=st.sampled_from(ENDINGS),
        model=st.sampled_from(["auto", "auto", "majority", "dawid-skene"]),
        checks=st.lists(st.sampled_from(CHECKS), min_size=1, max_size=3, unique=True),
        waived=st.booleans(),
        annotation=st.sampled_from(["", "qualify_ratings = 4", "max_patterns = 0", "adjudicator_independent = false"]),
        release=st.sampled_from(["", "splits = { train = 0.8, test = 0.2 }", 'group = "lang"']),
        min_confidence=st.sampled_from([0, 0.5, 0.8]),
        budget=st.integers(5, 30),
        audit=st.integers(0, 5),
        overlap=st.integers(1, 3),
    )
    def start(self, *, seed, checks, waived, **settings):
        self.rng, self.ending = random.Random(seed), settings["ending"]
        self.folder = Path(tempfile.mkdtemp())
        self.truth, self.rows, self.releases = {}, [], []
        (self.folder / "labeling_functions").mkdir()
        (self.folder / "guideline.md").write_text("# Choose\n")
        text = ""
        for number, (metric, bar) in enumerate(checks):
            text += f'[[gate.check]]\nname = "{number}"\nmetric = "{metric}"\n{bar}\n'
            text += f'[[gate.waiver]]\ncheck = "{number}"\nreason = "r"\nowner = "o"\nexpires = 2999-01-01\n' * waived
        config = CONFIG.format(classes=json.dumps(CLASSES), checks=text, **settings)
        (self.folder / "weakhitl.toml").write_text(config)
        self.write_functions(one=2)
        self.items_arrive(30)

    def teardown(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *arguments):
        done = CliRunner().invoke(cli, [*map(str, arguments)])
        assert "should not happen" not in done.output, (arguments, done.output)
        assert done.exit_code in (0, 1, 2, 3, 4), (arguments, done.exception)
        return done

    def do(self, *arguments):
        return self.run(*arguments, "--project", self.folder)

    def say(self, item, right):
        return self.truth[item] if self.rng.random() < right else self.rng.choice(CLASSES)

    def write_functions(self, one):
        (self.folder / "labeling_functions" / "f.py").write_text(FUNCTIONS.format(classes=CLASSES, one=one))

    def label(self):
        done = self.do("label")
        assert done.exit_code == 0, done.output

    def answer(self, options, people):
        """Rate or decide most of what waits."""
        queue = self.folder / "queue.csv"
        if self.do("export", queue, *options).exit_code:
            return
        items = pd.read_csv(queue, dtype=str)["item"].unique()
        queue.unlink()
        rows = [
            (item, who, "?" if self.rng.random() < 0.05 else self.say(item, right))
            for item in items
            if self.rng.random() < 0.9
            for who, right in people()
        ]
        if rows:
            table = pd.DataFrame(rows, columns=["item", "annotator", "label"])
            write_table(self.folder / "said.jsonl", table)
            self.do("import", self.folder / "said.jsonl", *options)

    @rule(n=st.integers(1, 20))
    def items_arrive(self, n):
        for _ in range(n):
            item = f"{len(self.truth)}, ü"
            self.truth[item] = self.rng.choice(CLASSES)
            words = [str(CLASSES.index(self.say(item, 0.7))) for _ in range(3)]
            self.rows.append((item, " ".join([*words, item]), self.rng.choice(["en", "de"])))
        write_table(self.folder / f"items.{self.ending}", pd.DataFrame(self.rows, columns=["item", "text", "lang"]))
        self.label()

    @rule(one=st.integers(0, 2))
    def functions_change(self, one):
        self.write_functions(one)
        self.label()

    @rule(options=st.sampled_from([[], ["--another"], ["--pilot", 6], ["--budget", 8, "--audit", 0], ["--undo"]]))
    def route(self, options):
        self.do("route", *options)

    @rule(options=st.sampled_from([["--all"], ["--class", "nein"], ["--budget", 4]]))
    def ask_again(self, options):
        self.do("route", "--again", *options)

    @rule(right=st.sampled_from([0.5, 0.95]), more=st.booleans())
    def people_rate(self, right, more):
        if more:
            self.do("route", "--another", "--budget", 6, "--audit", 3)
        self.answer([], lambda: [(who, right) for who in self.rng.sample(PEOPLE, self.rng.randint(1, 4))])

    @rule()
    def the_adjudicator_decides(self):
        self.answer(["--adjudication"], lambda: [("senior", 0.95)])

    @rule(what=st.sampled_from(["first", "one_class", "ana", "bo", "items"]), lift=st.booleans())
    def something_is_recalled(self, what, lift):
        items = [f"item:{item}" for item in self.rng.sample([*self.truth], 2)]
        names = items[: 1 if lift else 2] if what == "items" else [what]
        self.do("recall", *names, "--reason", "r", *(["--lift"] if lift else []))

    @rule(look=st.sampled_from(LOOKS), as_json=st.booleans())
    def somebody_looks(self, look, as_json):
        told = self.do(*look, *(["--json"] if as_json else []))
        if as_json and told.exit_code in (0, 1, 4):
            json.loads(told.stdout, parse_constant=pytest.fail)  # of NaN and Infinity, which JSON has not

    @precondition(lambda self: len(self.releases) < 4)
    @rule()
    def release(self):
        version = f"1.{len(self.releases) + 1}.0"
        if self.do("release", version).exit_code:
            return
        folder = self.folder / "releases" / version
        verified = self.run("verify", folder)
        assert verified.exit_code == 0, verified.output
        if self.releases:
            assert self.run("diff", self.releases[-1], folder).exit_code == 0
        self.releases.append(folder)


ORDERS = int(os.environ.get("ORDERS", "0"))
Owner.TestCase.settings = settings(
    max_examples=ORDERS or 8,
    stateful_step_count=40 if ORDERS else 25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=not ORDERS,
)
test_any_order_of_steps = Owner.TestCase
