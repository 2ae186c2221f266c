"""The last parts of a report: what a person should know of the data, what failed, how to run it again."""

from collections import defaultdict

from automl.report.content import ReportContent
from automl.report.markup import Section, bullets, folded, pairs, paragraph, text
from automl.trial import TrialState

_MOST_NUMBERS, _MOST_REASONS = 12, 20
_FACTS = {
    "data_digest": "digest of the table",
    "training_rows": "training rows",
    "test_rows": "locked test rows",
}


def notes(content: ReportContent) -> Section | None:
    """Splits, schema, the leak audit, earlier readings of the test set, and why trials failed."""
    said = bullets(content.state.started.notes)
    reasons = _failures(content)
    if reasons:
        said += f"<h3>Trials that failed</h3>{bullets(reasons)}"
    return Section("Data and audit", said) if said else None


def _failures(content: ReportContent) -> list[str]:
    """Each reason with the trials that it ended."""
    by_reason: dict[str, list[int]] = defaultdict(list)
    for trial in content.trials:
        if trial.state is TrialState.FAILED:
            by_reason[trial.reason or "no reason is recorded"].append(trial.number)
    said = []
    for reason, numbers in sorted(by_reason.items(), key=lambda each: -len(each[1]))[:_MOST_REASONS]:
        shown = ", ".join(map(str, numbers[:_MOST_NUMBERS])) + (", …" if len(numbers) > _MOST_NUMBERS else "")
        said.append(f"{reason} ({len(numbers):,} {'trial' if len(numbers) == 1 else 'trials'}: {shown})")
    rest = len(by_reason) - _MOST_REASONS
    return [*said, f"{rest:,} more reasons, of fewer trials each"] if rest > 0 else said


def reproduction(content: ReportContent) -> Section:
    """Facts, commands, and the study file."""
    started = content.state.started
    name = started.name
    commands = [
        ("run it again", f"automl run {name}.yaml"),
        ("all trials as a table", f"automl show {name} --format csv"),
        ("the best network as a SavedModel", f"automl export {name} --to model"),
        ("predict new rows with it", "automl predict model rows.csv"),
    ]
    lines = "".join(
        f"<dt>{text(what)}</dt><dd><code>{text(command)}</code></dd>" for what, command in commands
    )
    rows = [
        (_FACTS.get(fact, fact.replace("version_", "").replace("_", " ")), value)
        for fact, value in started.facts.items()
        if value
    ]
    rows.append(("recorded in", str(content.state.folder)))
    body = paragraph(
        "The study file, the table of this digest and these versions give the same numbers again."
    )
    body += f'<dl class="commands">{lines}</dl>'
    body += folded("Data, environment and versions", pairs(rows))
    if content.study_text:
        body += folded("The study file", f"<pre><code>{text(content.study_text)}</code></pre>")
    return Section("Reproduction", body)
