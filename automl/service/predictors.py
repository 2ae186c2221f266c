"""Models that are ready to predict: each in a process of its own, ended when nobody asks it any more."""

import asyncio
import contextlib
import json
import logging
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, final

from automl.service.problems import ProblemError
from automl.service.settings import Limits

LOGGER = logging.getLogger(__name__)

_LONGEST_LINE = 1 << 20
_PAUSE_SECONDS = 5.0


@dataclass(slots=True)
class _Ready:
    """A process with a model.

    Attributes:
        process: The process.
        lock: Held by who asks it.
        last_used: When it was asked last, by `time.monotonic`.
    """

    process: asyncio.subprocess.Process
    last_used: float
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def ask(self, head: Mapping[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Send a request; gives the head and the body of the answer."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({**head, "size": len(body)}).encode() + b"\n" + body)
        await self.process.stdin.drain()
        line = await self.process.stdout.readline()
        if not line:
            raise EOFError("the process of the model has ended")
        answer = dict(json.loads(line))
        return answer, await self.process.stdout.readexactly(int(answer["size"]))

    def end(self) -> None:
        """End the process."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()


@final
class Predictors:
    """The models that are ready.

    Args:
        limits: How many, and how long each is kept.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._ready: dict[Path, _Ready] = {}
        self._changing = asyncio.Lock()

    @property
    def num_ready(self) -> int:
        """Models that are ready."""
        return len(self._ready)

    async def ask(self, model: Path, head: Mapping[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Predictions of a model, which is loaded where it is not ready.

        Raises:
            ProblemError: It takes too long, or its process dies.
        """
        try:
            async with asyncio.timeout(self._limits.predict_seconds):
                ready = await self._get(model)
                async with ready.lock:
                    try:
                        return await ready.ask(head, body)
                    except BaseException:  # half a request is in its pipe
                        self._drop(model, ready)
                        raise
        except TimeoutError:
            detail = f"the prediction took longer than {self._limits.predict_seconds:g} s. Send fewer rows."
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail) from None
        except (EOFError, OSError, ValueError) as error:
            LOGGER.warning("the process of the model %s has ended: %s", model, error)
            detail = "the process of this model has ended. Send the rows again, or fewer of them."
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail) from None

    async def _get(self, model: Path) -> _Ready:
        async with self._changing:
            ready = self._ready.get(model)
            if ready is not None and ready.process.returncode is None:
                ready.last_used = time.monotonic()
                return ready
            while len(self._ready) >= self._limits.models:
                oldest = min(
                    self._ready,
                    key=lambda path: (self._ready[path].lock.locked(), self._ready[path].last_used),
                )
                self._drop(oldest, self._ready[oldest])
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "automl.service.predicting", str(model)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=_LONGEST_LINE,
            )
            self._ready[model] = _Ready(process, time.monotonic())
            return self._ready[model]

    def _drop(self, model: Path, ready: _Ready) -> None:
        ready.end()
        if self._ready.get(model) is ready:
            del self._ready[model]

    async def keep_few(self) -> None:
        """End models that nobody has asked for a while, for as long as the server runs."""
        while True:
            await asyncio.sleep(_PAUSE_SECONDS)
            for model, ready in list(self._ready.items()):
                is_idle = time.monotonic() > ready.last_used + self._limits.idle_seconds
                if ready.process.returncode is not None or (is_idle and not ready.lock.locked()):
                    self._drop(model, ready)

    def forget(self, model: Path) -> None:
        """A model is deleted."""
        if model in self._ready:
            self._drop(model, self._ready[model])

    def close(self) -> None:
        """End all of them."""
        for model, ready in list(self._ready.items()):
            self._drop(model, ready)
