"""Silences what TensorFlow's C++ side writes to standard error when it is loaded; no setting of its own does."""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_SILENT = "3"


@contextmanager
def quiet_start() -> Iterator[None]:
    """Hold standard error back, below Python too; give it out after all when the block raises.

    Set `TF_CPP_MIN_LOG_LEVEL` to 0, 1 or 2 to see TensorFlow's own messages.
    """
    if (
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", _SILENT) != _SILENT
    ):  # it also rules what is logged later
        yield
        return
    # It warns of a trace for every new network, which is what a study is.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    try:
        saved = os.dup(2)
    except OSError:  # it is closed, as of a daemon: nothing can be written there
        yield
        return
    _flush()
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except Exception:
            held.seek(0)
            os.write(saved, held.read())
            raise
        finally:
            _flush()
            os.dup2(saved, 2)
            os.close(saved)


def _flush() -> None:
    if sys.stderr is not None:  # as of a program without a console
        sys.stderr.flush()
