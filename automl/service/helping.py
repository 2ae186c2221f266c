"""A trainer as its worker sees it: a process that trains cohorts of a study that another worker runs."""

import json
import logging
from collections.abc import Mapping
from typing import Any, final

from automl.records.cohort_claims import Offered
from automl.service.child import Child, Ending
from automl.service.job import LEAVE, TRAINS, Job

LOGGER = logging.getLogger(__name__)


@final
class Helping:
    """A trainer that runs.

    Args:
        job: What it does.
        offered: The run that it helps.
    """

    def __init__(self, job: Job, offered: Offered) -> None:
        self.offered = offered
        self.num_lost = 0
        self._is_training = False
        self._child = Child("automl.service.trainer", job, self._take)
        LOGGER.info("[%s] this worker helps", offered.identifier)

    def look(self) -> Ending | None:
        """How it ended; None while it runs."""
        return self._child.ending()

    @property
    def is_training(self) -> bool:
        """Whether it has a cohort."""
        return self._is_training

    def leave(self) -> None:
        """End it as soon as it has no cohort."""
        self._child.tell(f"{LEAVE}\n".encode())

    def interrupt(self) -> None:
        """End it soon: what has ended is committed, and its cohort is given back."""
        self._child.interrupt()

    def kill(self) -> None:
        """End it at once."""
        self._child.kill()

    def _take(self, line: str) -> bool:
        """Take in what it says of cohorts; says whether a line was that."""
        if not line.startswith('{"helper": '):
            return False
        content: Mapping[str, Any] = json.loads(line)
        self._is_training = content["helper"] == TRAINS
        if self._is_training:
            LOGGER.info("[%s] helps with cohort %d", self.offered.identifier, content["cohort"])
        else:
            self.num_lost = content["lost"]
            how = "trained" if content["whole"] else "gave up"
            seconds = content["seconds"]
            LOGGER.info("[%s] %s cohort %d in %g s", self.offered.identifier, how, content["cohort"], seconds)
        return True
