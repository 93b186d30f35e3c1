"""How groups of items differ, and what is other than in the last release."""

from weakhitl.release.report.figures import changes
from weakhitl.release.report.figures.forest import estimates
from weakhitl.release.report.section import Content, Section, accuracy_text, estimate_text, percent_text, share_text
from weakhitl.wording import number_of


def groups(report: Content) -> Section:
    """Show release, agreement and accuracy by group."""
    found = report["groups"]
    if not found:
        return Section("Bias across groups", ("The policy looks at no column of the data, so no groups are compared.",))
    by_slice = report["agreement"]["by_slice"]
    rows = tuple(
        (
            f"{column} = {row['group']}",
            f"{row['items']:,}",
            f"{row['released']:,} ({row['released_share']:.1%})",
            estimate_text(by_slice[column][row["group"]]) if row["group"] in by_slice[column] else "no item was rated",
            accuracy_text(row["accuracy"]),
        )
        for column, one in found.items()
        for row in one["groups"]
    )
    text = [
        (
            "Of each group: how much of it is released, how far people agree on it (Krippendorff's alpha), and how "
            "often its released labels are right, by the audit. Each interval holds for one group; those of the "
            "largest gaps for all groups together."
        )
    ]
    for column, one in found.items():
        gaps = "; ".join(f"{name} {percent_text(gap)}" for name, gap in one["gaps"].items())
        text.append(f"Largest gaps by {column}: {gaps}.")
        if left := _left_out(column, one):
            text.append(left)
    header = ("group", "items", "released", "alpha [95 %]", "accuracy [95 %]")
    return Section("Bias across groups", tuple(text), header, rows, _draw_groups, short=True)


def _left_out(column: str, one: Content) -> str:
    left = one["left_out"]
    said = []
    if left["groups"]:
        said.append(f"small groups: {left['groups']:,}, with {number_of(left['items'], 'item')} in all")
    if left["without_value"]:
        said.append(f"{number_of(left['without_value'], 'item')} without a value")
    return f"Not shown of {column}: {'; '.join(said)}." if said else ""


def _draw_groups(report: Content) -> str:
    named = {
        f"{column} = {row['group']}": row["accuracy"]
        for column, one in report["groups"].items()
        for row in one["groups"]
    }
    return estimates("groups", "Accuracy of each group's released labels, with 95 % intervals", named)


def classes_of_groups(report: Content) -> Section:
    """Show the released classes of each group."""
    classes = [row["class"] for row in report["classes"]]
    rows = tuple(
        (
            f"{column} = {row['group']}",
            *(f"{row['classes'][name]:,} ({row['classes'][name] / max(row['released'], 1):.0%})" for name in classes),
        )
        for column, one in report["groups"].items()
        for row in one["groups"]
    )
    text = ("Released items of each class, and their share of the group's; counted.",)
    return Section("Classes by group", text, ("group", *classes), rows)


def drift(report: Content) -> Section:
    """Show the class mix before and now."""
    found = report["drift"]
    if found is None:
        return Section("Against the last release", ("There is no earlier release to compare with.",))
    rows = tuple(
        (
            row["class"],
            share_text(row["before"]),
            share_text(row["now"]),
            f"{100 * (row['now'] - row['before']):+.1f} points",
        )
        for row in found["classes"]
    )
    of = f" of {found['created']}" if found["created"] else ""
    text = (
        f"Compared with release {found['version']}{of}.",
        (
            "Released shares of the classes: total variation "
            f"{_counted(found['total_variation'])}, population stability index {_counted(found['stability'])}. Both "
            "are counted over released items, so they have no interval; how large a change matters is for those to say "
            "who use the data (0.1 and 0.25 are often taken as bounds of the index)."
        ),
    )
    return Section(
        "Against the last release", text, ("class", "before", "now", "change"), rows, changes.classes_before_and_now
    )


def _counted(estimate: Content) -> str:
    return f"undefined ({estimate['reason']})" if estimate["value"] is None else f"{estimate['value']:.3f}"


def figures_before(report: Content) -> Section:
    """Show counts, agreement and checks before and now, each with its interval."""
    found = report["drift"]
    if found is None:
        return Section("Figures before and now")
    text = (
        (
            "Intervals that overlap leave open whether anything changed. Both releases may share items and people, so "
            "a test of their difference would not hold."
        ),
    )
    return Section("Figures before and now", text, ("figure", "before", "now"), tuple(figure_rows(found)))


def figure_rows(drift: Content) -> list[tuple[str, str, str]]:
    """Name each count, coefficient and check, with what it was and what it is now."""
    rows = [
        (name, "unknown" if row["before"] is None else f"{row['before']:,}", f"{row['now']:,}")
        for name, row in drift["counts"].items()
    ]
    rows += [
        (f"{row['name']}, {what}", _estimate(row["before"]), _estimate(row["now"]))
        for what, part in (("people", drift["agreement"]), ("check", drift["checks"]))
        for row in part
    ]
    return rows


def _estimate(estimate: Content | None) -> str:
    return "not there" if estimate is None else estimate_text(estimate)


def functions_before(report: Content) -> Section:
    """Show coverage and conflicts of each function before and now."""
    found = report["drift"]
    if found is None:
        return Section("Functions before and now")
    rows = tuple(
        (
            row["name"],
            *(cell for key in ("coverage", "conflicts") for cell in _change(row[key])),
        )
        for row in found["functions"]
    )
    header = ("function", "coverage before", "now", "conflicts before", "now")
    text = ("Shares of all items, counted; a function that is new or gone has only one side.",)
    return Section("Functions before and now", text, header, rows)


def _change(pair: Content) -> tuple[str, str]:
    before, now = (pair[side] for side in ("before", "now"))
    return "new" if before is None else share_text(before), "gone" if now is None else share_text(now)
