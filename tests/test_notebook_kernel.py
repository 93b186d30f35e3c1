"""In a real notebook: functions of its cells run, here and elsewhere, bars and results are seen, and edits count."""

import pytest

pytestmark = [pytest.mark.current, pytest.mark.filterwarnings("ignore"), pytest.mark.xdist_group("notebook")]

CELLS = [
    """
import pandas as pd
import weakhitl as wh
schema = wh.LabelSchema(["HAM", "SPAM"])
table = pd.DataFrame({"text": ["win cash", "hello", "free money", "how are you"] * 50})
WORDS = {"win"}

@wh.labeling_function
def spam(x):
    return "SPAM" if WORDS & set(x.text.split()) else None

wh.apply([spam], table, schema, progress=True)
""",
    "wh.apply([spam], table, schema, processes=2).n_votes",
    "WORDS = {'win', 'free'}\nwh.apply([spam], table, schema, processes=2).n_votes",
    """
@wh.labeling_function
def spam(x):
    return "SPAM" if "money" in x.text or "how" in x.text else "HAM"

votes = wh.apply([spam, wh.keyword("greets", ["hello"], label="HAM")], table, schema)
model = wh.LabelModel().fit(votes)
model.predict_proba(votes).argmax(axis=1)[:4].tolist()
""",
    "wh.explain(model, votes, 1)",
    "wh.calibration(model.predict_proba(votes), [0, 1, 1, 0] * 50).plot()",
    "wh.plot_lf_summary(votes)",
    """
import tempfile
with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
    table.to_csv(file.name, index_label="id")
    wh.apply([spam], file.name, schema, id="id", progress=True)
""",
]


@pytest.fixture(scope="module")
def shown():
    """What each cell shows: its outputs by their kinds."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return [cell.outputs for cell in notebook.cells]


def text(outputs):
    return outputs[-1].data["text/plain"]


def test_a_bar_stands_below_the_cell_and_needs_no_widgets(shown):
    bar, votes = shown[0]
    assert bar.data["text/html"] == '<label>labeling functions <progress value="200" max="200"></progress> 100%</label>'
    assert "200 items, 1 source, 50 votes" in votes.data["text/html"]


def test_a_bar_of_rows_that_nobody_counted_ends_with_the_run(shown):
    assert 'value="200" max="200"></progress> 100%' in shown[7][0].data["text/html"]


def test_functions_of_a_cell_run_in_other_processes_with_what_the_cells_hold_now(shown):
    assert (text(shown[1]), text(shown[2])) == ("50", "100")


def test_a_cell_that_is_edited_counts(shown):
    assert text(shown[3]) == "[0, 0, 1, 1]"


def test_an_explanation_is_a_table(shown):
    assert "<caption>Item 1: HAM (" in shown[4][-1].data["text/html"]
    assert text(shown[4]).startswith("Item 1: HAM (")


@pytest.mark.parametrize("cell", [5, 6])
def test_a_plot_is_seen(shown, cell):
    assert [one.output_type for one in shown[cell]] == ["execute_result", "display_data"]
    assert shown[cell][1].data["image/png"]
