"""The process that imports a user's builder and builds networks on request: `python -m automl.networks.probe_main`.

It reads requests from standard input and writes answers to standard output, one line of JSON for each, and ends when
its input does. Whatever the builder reads is empty, and whatever it prints goes to standard error.
"""

import faulthandler
import gc
import json
import math
import os
import queue
import select
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

WITHOUT_KERAS = "--without-keras"
"""Argument of a process that tries a metric."""

_PAUSE = 2.0
"""Seconds between looks at whether the process that asks is there: another one may keep the pipe open."""

_GRACE = 30.0
"""Seconds after which a request that holds Python's lock ends this process, where nobody is left to kill it."""


def main() -> None:
    """Serve requests until there are no more."""
    requests, answers = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    faulthandler.enable(answers)
    faulthandler.register(signal.SIGUSR1, answers)
    waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(requests, os.getppid(), waiting), daemon=True).start()
    server = _Server(with_keras=WITHOUT_KERAS not in sys.argv)
    _answer(answers, {})
    while True:
        request = waiting.get()
        faulthandler.dump_traceback_later(request["seconds"] + _GRACE, exit=True, file=answers)
        name = next(name for name in ("load", "build", "measure") if name in request)
        answer = getattr(server, name)(request[name])
        faulthandler.cancel_dump_traceback_later()
        _answer(answers, answer)


@final
class _Server:
    """Holds the builder. Keras is loaded before the first answer, so that this does not count as the builder's time.

    Args:
        with_keras: Whether to load it: a metric needs none, and would wait for it for seconds.
    """

    def __init__(self, with_keras: bool) -> None:
        from automl.networks import loading

        if with_keras:
            import keras  # noqa: F401

            import automl.search.space.keras_tuner  # noqa: F401
        self._loading = loading
        self._function: Any = None
        self._modules: Any = None

    def load(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Import the builder's file; whether it holds the function is for the process that asks to say."""
        from automl.networks.sources import BuilderFile

        sys.path[:] = request["sys_path"]
        file = BuilderFile(Path(request["path"]), request["name"], Path(request["folder"]))
        self._modules = self._loading.LocalModules.of(file)
        try:
            self._function = getattr(self._loading.import_builder(file, self._modules), file.name, None)
        except BaseException as error:
            return self._raised(error)
        gc.collect()
        gc.freeze()  # what is there now is not looked at again after each network
        return {}

    def build(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Build a network, and feed it two rows where their width is known."""
        import keras
        import numpy

        from automl.search.space.keras_tuner import load_config

        keras.utils.set_random_seed(1)
        space, width = load_config(request["space"]), request["num_features"]
        try:
            with self._modules.importable():
                model = self._function(space)
            if width and isinstance(model, keras.Model):
                model(numpy.zeros((2, width), numpy.float32))
        except BaseException as error:
            return self._raised(error)
        del model
        gc.collect()
        return {}

    def measure(self, arrays: Sequence[Any]) -> dict[str, Any]:
        """Call a metric, which must give a finite number."""
        import numpy

        try:
            with self._modules.importable():
                value = float(self._function(*map(numpy.array, arrays)))
        except BaseException as error:
            return self._raised(error)
        return {} if math.isfinite(value) else {"reason": f"returns {value}, which is not a finite number"}

    def _raised(self, error: BaseException) -> dict[str, Any]:
        """No signal reaches this process: a KeyboardInterrupt is the builder's own, and would end the study."""
        return {
            "reason": f"raises {self._loading.short(error)}",
            "fatal": isinstance(error, KeyboardInterrupt),
        }


def _receive(requests: int, parent: int, waiting: "queue.SimpleQueue[dict[str, Any]]") -> None:
    """Queue requests; end the process, whatever it does, when the one that asks has ended."""
    begun = b""
    while os.getppid() == parent:
        if not select.select([requests], [], [], _PAUSE)[0]:
            continue
        content = os.read(requests, 65536)
        if not content:
            break
        *lines, begun = (begun + content).split(b"\n")
        for line in lines:
            waiting.put(json.loads(line))
    os._exit(0)


def _answer(answers: int, content: Mapping[str, Any]) -> None:
    os.write(answers, json.dumps(content).encode() + b"\n")


if __name__ == "__main__":
    main()
