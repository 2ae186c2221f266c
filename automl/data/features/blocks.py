"""Rows of columns as arrays, and what is learned of them: no cell is read here, and pandas is not needed."""

from abc import ABC, abstractmethod
from typing import Any

import numpy


class Block(ABC):
    """Rows of one column that are kept by themselves (`Store`): what they are, and what can be learned of them."""

    @abstractmethod
    def __len__(self) -> int:
        """Number of rows."""

    @abstractmethod
    def __getitem__(self, rows: numpy.ndarray | slice) -> "Block":
        """Some of the rows."""

    @abstractmethod
    def hashes(self) -> numpy.ndarray:
        """A number for each row, uint64 of shape (row,), equal for equal rows."""

    @abstractmethod
    def num_inputs(self) -> int:
        """Number of inputs, if these are all rows that any fold may fit on."""

    @abstractmethod
    def fit(self, num_inputs: int) -> "Fitted":
        """Learn what turns rows into so many inputs; these are the fit rows."""


class Fitted(ABC):
    """What was learned of fit rows: turns rows into inputs of a network."""

    @abstractmethod
    def apply(self, block: Any) -> numpy.ndarray:
        """Inputs of shape (row, input)."""

    @abstractmethod
    def graph(self, block: Any) -> Any:
        """The same as TensorFlow operations, float64; TensorFlow is imported inside."""
