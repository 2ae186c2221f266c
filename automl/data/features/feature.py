"""What a kind of feature is: the interface of the files beside this one, and what they are asked about."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

import numpy
import pandas

Tensor: TypeAlias = Any
Reading: TypeAlias = Mapping[str, Any]
"""How the cells of one column are read, decided once, by the training table: plain values that JSON can hold."""

SURE = 0.9
"""Confidence from which what other kinds say of a column is not worth saying."""

Store: TypeAlias = Literal["numbers", "codes", "others"]
"""Where the rows of a column are kept: numbers are encoded together, levels are codes, all else is blocks."""


@dataclass(frozen=True, slots=True)
class Cells:
    """What is asked about a column.

    Attributes:
        name: Its name.
        values: All of its cells, plain (`cells.plain_cells`).
        known: Those that are neither gaps nor infinite, text without spaces around it.
        decimal: What stands before the decimals of numbers in text, where the study file says so.
        usual: What does in the other columns, where that can be told.
        date_order: What stands first in dates whose cells cannot tell, `day_first`, `month_first` or `year_first`,
            where the study file says so.
    """

    name: str
    values: pandas.Series
    known: pandas.Series
    decimal: str | None = None
    usual: str | None = None
    date_order: str | None = None

    @property
    def inferred(self) -> str:
        """What pandas takes the known cells for: "string" and "boolean" where all of them are."""
        return str(pandas.api.types.infer_dtype(self.known))

    @property
    def counted(self) -> Counter[Any]:
        """The known cells, each with the number of times that it stands there."""
        return Counter(self.known.tolist())


@dataclass(frozen=True, slots=True)
class Detection:
    """What a kind says of a column.

    Attributes:
        confidence: Of the kinds that say something, the one with the highest has the column; 0 claims nothing, and
            its note is added to that of the kind that has it.
        reading: How its cells are read.
        note: What a person should know; empty when nothing is odd.
        is_said: Whether the note is said also where another kind is sure of the column.
    """

    confidence: float
    reading: Reading = field(default_factory=dict)
    note: str = ""
    is_said: bool = False


class Feature(ABC):
    """A kind of feature. It holds nothing: what it finds is the reading, what it learns is a `Fitted`.

    Attributes:
        name: In the study file, under `data.columns`.
        store: Where its rows are kept.
        input_type: What the graph of an exported model takes for a column: float64, or text for everything else.
    """

    name: ClassVar[str]
    store: ClassVar[Store]
    input_type: ClassVar[Literal["float64", "string"]] = "string"

    @abstractmethod
    def detect(self, cells: Cells) -> Detection | None:
        """Whether the column can be of this kind; None when it cannot."""

    @abstractmethod
    def declared(self, cells: Cells) -> Detection:
        """The best reading of a column that the study file calls this kind."""

    @abstractmethod
    def read(self, values: pandas.Series, reading: Reading) -> Any:
        """Cells as they are kept: float64 (row, part), level texts of shape (row,), or a block."""

    @abstractmethod
    def given(self, values: pandas.Series, reading: Reading) -> numpy.ndarray:
        """Cells of a table as the graph takes them: float64 or text of shape (row,).

        Raises:
            ValueError: They cannot be the cells of this column.
        """

    @abstractmethod
    def graph(self, cells: Tensor, reading: Reading) -> Tensor:
        """What `read` gives, as TensorFlow operations on what `given` gives."""

    def parts(self, name: str, reading: Reading) -> list[str]:
        """Names of the numbers that a column becomes, where it becomes numbers."""
        return [name]

    def contract(self, values: pandas.Series, reading: Reading) -> dict[str, Any]:
        """What an exported model's reader must know of a column; all of its reading, as JSON."""
        return {"kind": self.name, **reading}
