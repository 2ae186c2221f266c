"""Tries a user's builder in a process of its own, where it may hang, exit or crash without ending the study."""

import hashlib
import json
import logging
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, Self, final

from automl.networks.child import Attempt, Child
from automl.networks.sources import BUILDER_KEY, find_builder
from automl.trial import Hyperparameters

LOGGER = logging.getLogger(__name__)

TIMEOUT_SECONDS = 60.0
"""For one import of the file, and for one network."""

_START_SECONDS = 300.0
"""For Python and Keras to start, on a machine that is busy."""


class Valued(Protocol):
    """A space with values: a `keras_tuner.HyperParameters`."""

    def get_config(self) -> dict[str, Any]:
        """The space and the values, as JSON holds them."""


@final
class BuilderProbe:
    """Builds networks in a process of its own, started when it is first needed and again after it was lost.

    Args:
        reference: `file.py:function`.
        folder: The folder of the study file.
        timeout_seconds: Most time for one import of the file, and for one network.
        key: The key of the study file that names it.

    Raises:
        NetworkError: There is no such file.
    """

    def __init__(
        self,
        reference: str,
        folder: Path,
        timeout_seconds: float = TIMEOUT_SECONDS,
        key: str = BUILDER_KEY,
    ) -> None:
        self._file = find_builder(reference, folder, key)
        self._timeout_seconds = timeout_seconds
        self._with_keras = key == BUILDER_KEY
        self._child: Child | None = None
        self._loaded: Attempt | None = None
        self._known: dict[str, Attempt] = {}
        self._num_features = 0
        self._unavailable = False
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the process without waiting for it, so that it loads Keras while the table is read."""
        with self._lock:
            self._start()

    def close(self) -> None:
        """End the process. It is started again when there is more to try."""
        with self._lock:
            if self._child is not None:
                self._child.end()

    def feed(self, num_features: int) -> None:
        """From now on, give each network two rows as well."""
        self._num_features = num_features

    def load(self, timeout_seconds: float | None = None) -> Attempt:
        """Import the builder's file."""
        with self._lock:
            return self._ready(timeout_seconds or self._timeout_seconds)

    def attempt(self, space: Valued, timeout_seconds: float | None = None) -> Attempt:
        """Build the network for a space with values, once: later calls with the same ones give the same answer."""
        return self._attempt(space.get_config(), timeout_seconds)

    def _attempt(self, config: Mapping[str, Any], timeout_seconds: float | None) -> Attempt:
        request = {"space": config, "num_features": self._num_features}
        key = hashlib.blake2b(json.dumps(request, default=str).encode(), digest_size=16).hexdigest()
        with self._lock:
            if key not in self._known:
                self._known[key] = self._try({"build": request}, timeout_seconds or self._timeout_seconds)
            return self._known[key]

    def measure(self, *arrays: Sequence[Any]) -> Attempt:
        """Call the function, a metric, with target, prediction and weights as plain lists."""
        with self._lock:
            return self._try({"measure": arrays}, self._timeout_seconds)

    def build(self, hyperparameters: Hyperparameters, timeout_seconds: float | None = None) -> str:
        """Build the network for some values.

        Returns:
            What went wrong, as the end of a sentence about the builder; empty when nothing did.
        """
        return self._attempt({"space": [], "values": dict(hyperparameters)}, timeout_seconds).reason

    def _try(self, request: Mapping[str, Any], seconds: float) -> Attempt:
        loaded = self._ready(seconds)
        if loaded.reason:
            return Attempt(f"cannot be imported: it {loaded.reason}", loaded.fatal)
        return self._ask(request, seconds)

    def _start(self) -> None:
        if self._unavailable or (self._child is not None and self._child.runs):
            return
        try:
            self._child, self._loaded = Child(self._file.path, self._with_keras), None
        except OSError as error:
            self._give_up(f"cannot be started: {error}")

    def _ready(self, seconds: float) -> Attempt:
        """Have a process that has imported the builder's file, or say why there is none."""
        self._start()
        if self._loaded is None and self._child is not None and not self._unavailable:
            started = self._child.answer(_START_SECONDS)
            if started.fatal:
                self._give_up(started.reason)
            else:
                self._loaded = self._ask({"load": self._place}, seconds)
        return self._loaded or Attempt()

    def _give_up(self, reason: str) -> None:
        """Go on without a process: its start does not depend on the builder, which may well be sound."""
        self._unavailable, self._loaded = True, None
        LOGGER.warning("networks are built without a trial run in a separate process: it %s", reason)
        if self._child is not None:
            LOGGER.debug("it printed:\n%s", self._child.printed)

    @property
    def _place(self) -> dict[str, Any]:
        """What a process must know to import the file as this one would."""
        file = self._file
        return {"path": str(file.path), "name": file.name, "folder": str(file.folder), "sys_path": sys.path}

    def _ask(self, request: Mapping[str, Any], seconds: float) -> Attempt:
        if self._unavailable or self._child is None:
            return Attempt()
        attempt = self._child.ask(request, seconds)
        if attempt.fatal:
            LOGGER.debug("the network builder %s; it printed:\n%s", attempt.reason, self._child.printed)
        return attempt
