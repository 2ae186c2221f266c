"""What a study file means that its reader might not expect, in sentences."""

from automl.config.study import StudyConfig


def notes_of(config: StudyConfig) -> tuple[str, ...]:
    """Sentences for `automl check` and for the beginning of a run."""
    return (*_notes_of_minutes(config), *_notes_of_ensemble(config))


def _notes_of_ensemble(config: StudyConfig) -> tuple[str, ...]:
    """Where the ensemble that is asked for will not be made, or will be another one."""
    setting = f"`ensemble: {config.ensemble}`"
    if config.ensemble == "folds" and config.splits.kind == "time":
        why = "the networks of earlier folds do not learn from the latest rows"
        return (
            f"{setting} has no effect with `splits.kind: time`, because {why}. A single network is exported.",
        )
    if config.ensemble == "none" and (config.budget.latency_ms, config.budget.model_mb) != (None, None):
        bounds = "`budget.latency_ms` and `budget.model_mb` have no effect with `ensemble: none`"
        return (f"{bounds}, because a single network is exported.",)
    if config.ensemble == "greedy" and config.search.trials == 1:
        return (f"{setting} averages networks of the only trial, because `search.trials` is 1.",)
    return ()


def _notes_of_minutes(config: StudyConfig) -> tuple[str, ...]:
    """What limits the study in time, where it is not plain."""
    search, budget = config.search, config.budget
    if search.minutes is not None and budget.minutes is not None:
        share = f"{search.minutes:g} of the {budget.minutes:g} minutes in `budget.minutes`"
        return (f"`search.minutes` limits the search to {share}.",)
    if search.minutes is not None:
        return (
            f"`search.minutes: {search.minutes:g}` limits the search only. The whole command has no time limit, "
            "because `budget.minutes` is null or left out. Set it to limit search, analysis, refit, baselines, "
            "export and MLflow together.",
        )
    if "minutes" in search.model_fields_set and budget.minutes is None:
        return (
            "`search.minutes: null` means that the whole command has no time limit, because `budget.minutes` is "
            "null or left out. Set `budget.minutes` for a limit.",
        )
    return ()
