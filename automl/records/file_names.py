"""Names of files that are named by their digest, and whether a content has its name."""

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

_NAME = re.compile(r"[0-9a-f]{64}(?:\.[a-z0-9]{1,8}){1,2}")
_SUFFIX = re.compile(r"(?:\.[a-z0-9]{1,8}){1,2}")


def is_suffix(text: str) -> bool:
    """Whether a text can end a name.

    >>> is_suffix(".csv.gz"), is_suffix("csv")
    (True, False)
    """
    return _SUFFIX.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Whether a text has the form of a name of a file: a digest and a suffix.

    >>> is_name(64 * "a" + ".csv.gz"), is_name("../" + 64 * "a" + ".csv"), is_name(64 * "a")
    (True, False, False)
    """
    return _NAME.fullmatch(text) is not None


def suffix_of(name: str, is_known: Callable[[str], bool]) -> str | None:
    """The suffix of a file's name, of one or two parts, that is known; None where there is none.

    >>> suffix_of("my.table.csv.gz", lambda suffix: suffix == ".csv.gz")
    '.csv.gz'
    """
    parts = name.lower().split(".")[1:]
    suffixes = [f".{'.'.join(parts[-count:])}" for count in (2, 1) if len(parts) >= count]
    return next((suffix for suffix in suffixes if _SUFFIX.fullmatch(suffix) and is_known(suffix)), None)


def names_in(text: str) -> list[str]:
    """The names of files that a study file holds."""
    return _NAME.findall(text)


def digest_of(path: Path) -> str:
    """The digest of the content of a file.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_whole(path: Path, name: str) -> bool:
    """Whether a file is here with the content that its name tells."""
    try:
        return digest_of(path) == name.partition(".")[0]
    except OSError:
        return False
