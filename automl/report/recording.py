"""The last parts of a report: what a person should know of the data, what failed, how to run it again."""

from collections import defaultdict

from automl.report.blocks import Block, Bullets, Code, Folded, Heading, Pairs, Section, Text
from automl.report.content import ReportContent
from automl.trial import TrialState

_MOST_NUMBERS, _MOST_REASONS = 12, 20
_FACTS = {
    "data_digest": "digest of the table",
    "training_rows": "training rows",
    "test_rows": "locked test rows",
    "precision": "precision of matrix products",
    "backend": "Keras backend",
}


def notes(content: ReportContent) -> Section | None:
    """Splits, schema, the leak audit, earlier readings of the test set, and why trials failed."""
    blocks: list[Block] = [Bullets(content.state.started.notes)] if content.state.started.notes else []
    reasons = _failures(content)
    if reasons:
        blocks += [Heading("Trials that failed"), Bullets(reasons)]
    return Section("Data and audit", blocks) if blocks else None


def _failures(content: ReportContent) -> list[str]:
    """Each reason with the trials that it ended."""
    by_reason: dict[str, list[int]] = defaultdict(list)
    for trial in content.trials:
        if trial.state is TrialState.FAILED:
            by_reason[trial.reason or "no reason is recorded"].append(trial.number)
    reasons = []
    for reason, numbers in sorted(by_reason.items(), key=lambda entry: -len(entry[1]))[:_MOST_REASONS]:
        shown = ", ".join(map(str, numbers[:_MOST_NUMBERS])) + (", …" if len(numbers) > _MOST_NUMBERS else "")
        reasons.append(f"{reason} ({len(numbers):,} {'trial' if len(numbers) == 1 else 'trials'}: {shown})")
    rest = len(by_reason) - _MOST_REASONS
    return [*reasons, f"{rest:,} more reasons, each of fewer trials"] if rest > 0 else reasons


def reproduction(content: ReportContent) -> Section:
    """Facts, commands, and the study file."""
    started = content.state.started
    name = started.name
    commands = [
        ("run it again", f"automl run {name}.yaml"),
        ("all trials as a table", f"automl show {name} --format csv"),
        ("open it in MLflow", f"automl ui {name}"),
        ("the best network as a SavedModel", f"automl export {name} --to model"),
        ("predict new rows with it", "automl predict model rows.csv"),
    ]
    rows = [
        (_FACTS.get(fact, fact.replace("version_", "").replace("_", " ")), value)
        for fact, value in started.facts.items()
        if value
    ]
    rows.append(("recorded in", str(content.state.folder)))
    blocks: list[Block] = [
        Text("The study file, the table of this digest and these versions reproduce the same numbers."),
        Pairs([(task, f"`{command}`") for task, command in commands], "commands"),
        Folded("Data, environment and versions", [Pairs(rows)]),
    ]
    if content.study_text:
        blocks.append(Folded("The study file", [Code(content.study_text)]))
    return Section("Reproduction", blocks)
