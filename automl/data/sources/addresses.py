"""Addresses in a study file: environment variables in them, and secrets that a stored copy does not have."""

import os
import re
from urllib.parse import quote

from automl.errors import DataError
from automl.secrets import MASK

_VARIABLE = re.compile(r"(?P<colon>:)?\$\{(?P<name>\w+)\}(?P<at>@)?")


def full_address(text: str, key: str, where: str) -> str:
    """An address with the values of the environment variables that it names, `${NAME}`.

    A variable that is the whole password is one as people know it: what is special in URLs is escaped here.

    Args:
        text: As it stands in the study file.
        key: Where it stands.
        where: `file:line` of the key.

    Raises:
        DataError: A variable is not set, or the address is of a stored copy, without its secrets.
    """
    if MASK in text:
        reason = f"the password or token in `{key}` is `{MASK}`, because copies of a study file contain no passwords"
        cure = "Write `${NAME}` in its place, and set the environment variable NAME."
        raise DataError(f"{where}: {reason}. {cure}")

    def value(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in os.environ:
            reason = f"`{key}` needs the environment variable {name}, which is not set"
            raise DataError(f"{where}: {reason}. Set it, as in `export {name}=…`.")
        is_password = match["colon"] and match["at"]
        value_of_name = quote(os.environ[name], safe="") if is_password else os.environ[name]
        return f"{match['colon'] or ''}{value_of_name}{match['at'] or ''}"

    return _VARIABLE.sub(value, text)
