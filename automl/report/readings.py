"""The readings of the locked test rows, as people are told of them."""

from automl.records.outcomes import TestReadingDone
from automl.records.state import StudyState


def readings_of(state: StudyState) -> list[tuple[TestReadingDone, int]]:
    """Each reading of the locked test rows with their number. One that was repeated after a kill counts once."""
    sizes = {(intended.trial, intended.digest): intended.num_rows for intended in state.intended}
    done = {(test.trial, test.digest): test for test in state.tests}
    return [(test, sizes.get(key, 0)) for key, test in done.items()]
