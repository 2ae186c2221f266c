"""The command line. A command imports what it needs when it runs, so that help answers at once."""

import atexit
import logging
import os
import sys
from contextlib import suppress
from typing import Any, final

import click

from automl import __version__
from automl.cli.comparing import compare
from automl.cli.prepare import check, init, schema
from automl.cli.remote import cancel, fetch, resume, status, submit, watch
from automl.cli.results import explain, export, predict, report, show, ui
from automl.cli.running import run
from automl.cli.runs import journal, runs
from automl.cli.service import prune, serve, worker
from automl.cli.track import track
from automl.errors import AutoMLError
from automl.interrupts import INTERRUPTED
from automl.secrets import masked


@final
class _Commands(click.Group):
    """Turns the project's errors into one message and an exit status."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except AutoMLError as error:
            click.secho("error: ", fg="red", nl=False, err=True)
            click.echo(masked(str(error)), err=True)
            context.exit(error.exit_status)
        except KeyboardInterrupt:
            context.exit(INTERRUPTED)


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="automl")
@click.pass_context
def cli(context: click.Context) -> None:
    """Keras hyperparameter studies with cross-validation, MLflow and unbiased scores.

    \b
    automl init table.csv --target price --to study.yaml
    automl check study.yaml
    automl run study.yaml
    automl ui

    Exit status: 0 done, 1 no trial completed, 2 invalid input or environment (one error message), 130 interrupted.
    """
    if "NO_COLOR" in os.environ:
        context.color = False
    handler = logging.StreamHandler()
    handler.setFormatter(_Plain("warning: %(message)s"))
    logger = logging.getLogger("automl")
    logger.handlers, logger.propagate = [handler], False
    logging.getLogger("automl.tracking.mlflow.registry").setLevel(
        logging.INFO
    )  # which version is the champion


class _Plain(logging.Formatter):
    """Marks warnings, and leaves what is only said as it is."""

    def format(self, record: logging.LogRecord) -> str:
        return super().format(record) if record.levelno >= logging.WARNING else record.getMessage()


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL.

    For bash: `eval "$(automl completion bash)"` in `~/.bashrc`.
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cli, {}, "automl", "_AUTOML_COMPLETE").source())


_COMMANDS = (
    *(init, check, run, runs, show, explain, report, compare),
    *(ui, track, export, predict, journal, schema, completion),
    *(serve, worker, submit, status, watch, fetch, cancel, resume, prune),
)

for _command in _COMMANDS:
    cli.add_command(_command)


def main() -> None:
    """The console script."""
    try:
        cli(prog_name="automl")
    except SystemExit as ended:
        if "tensorflow" in sys.modules and (ended.code is None or isinstance(ended.code, int)):
            _end_at_once(ended.code or 0)
        raise


def _end_at_once(status: int) -> None:
    """End without tearing down native libraries: their threads may still run, and then crash a process that is done."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # nobody reads it any more
            stream.flush()
    os._exit(status)
