"""How an actor of a cluster prepares a study, as the process has prepared it that runs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from automl import __version__
from automl.config.reading import dump_study, read_study
from automl.config.study import StudyConfig
from automl.errors import ClusterError
from automl.execution.acting import Equipment
from automl.quiet import quiet_start


@final
@dataclass(frozen=True, slots=True)
class Instruction:
    """What an actor is sent of a study. Its table is read where the actor runs, and must be the same one.

    Attributes:
        text: The study file.
        file: What messages call it.
        folder: Where relative paths in it start; relative to the working folder where it lies within that, since a
            job has it elsewhere on each machine.
        name: Of the study.
        digests: Of what the run was begun with.
        version: Of automl.
    """

    text: str
    file: str
    folder: str
    name: str
    digests: Mapping[str, str]
    version: str = __version__

    def __call__(self) -> Equipment:
        """Prepare the study on this machine.

        Raises:
            AutoMLError: The study cannot be prepared, or is another one here.
        """
        if self.version != __version__:
            cure = "Install the same version on all machines of the cluster."
            raise ClusterError(
                f"the study is run by automl {self.version}, and here is {__version__}. {cure}"
            )
        with quiet_start():  # here, so that an actor answers before TensorFlow is loaded
            from automl.study.opening import check_digests
            from automl.study.preparation import prepare_study
            from automl.training.backend import device_name

            device_name()
        config = read_study(self.text, Path(self.file), folder=Path(self.folder))
        prepared = prepare_study(config.model_copy(update={"name": self.name}))
        check_digests(prepared, self.digests)
        return Equipment(prepared.make_engine(), prepared.pruner, prepared.rungs)


def instruction_for(config: StudyConfig, digests: Mapping[str, str]) -> Instruction:
    """What actors are sent of a study.

    Args:
        config: The study.
        digests: Of what the run was begun with.
    """
    folder = config.folder.resolve()
    if folder.is_relative_to(Path.cwd()):
        folder = folder.relative_to(Path.cwd())
    file = config.where().rpartition(":")[0] or f"{config.name}.yaml"
    return Instruction(config.text or dump_study(config), file, str(folder), config.name, dict(digests))
