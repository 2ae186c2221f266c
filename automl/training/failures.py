"""Whatever goes wrong with a member, as a recorded state of its trial."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from automl.errors import AutoMLError, NetworkError
from automl.training.backend import is_out_of_memory
from automl.training.plan import TrialFailure

LOGGER = logging.getLogger(__name__)

OUT_OF_TIME = "the budget ended before all of its folds were trained"
"""Reason of a trial some of whose folds have begun and others not."""


class WatchError(BaseException):
    """What a study's own callback raised, on its way out of a training; its cause is the error itself."""


@contextmanager
def failures(task: str) -> Iterator[None]:
    """Whatever a network does wrong in the block, and a builder that ends the program, as a failure of its trial.

    Args:
        task: Named in the log.

    Raises:
        TrialFailure: The block raised. An interrupt and an error of the study itself pass as they are.
    """
    try:
        yield
    except (TrialFailure, AutoMLError) as error:
        if isinstance(error, NetworkError):
            raise TrialFailure(str(error)) from error
        raise
    except (Exception, SystemExit) as error:
        LOGGER.debug("%s", task, exc_info=True)
        raise TrialFailure(reason_of(error)) from error


def reason_of(error: BaseException) -> str:
    """An error in one line, as the reason of a failed trial."""
    if isinstance(error, SystemExit):
        return f"SystemExit: the network's code called exit with status {error.code!s:.100}"
    lines = str(error).strip().splitlines() or ["no message"]
    text = f"{type(error).__name__}: {lines[0][:300]}"
    if is_out_of_memory(error):
        return (
            f"out of memory: the network does not fit into memory; lower `batch_size` or its width ({text})"
        )
    return text
