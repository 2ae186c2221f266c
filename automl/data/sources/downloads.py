"""Files from the web, with the standard library, into a folder."""

import shutil
import urllib.request
from http.client import HTTPException, InvalidURL
from pathlib import Path, PurePosixPath
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit

from automl.errors import DataError
from automl.secrets import masked

TIMEOUT = 30.0
"""Seconds that a server may be silent."""


def download(url: str, folder: Path, where: str, named: str) -> Path:
    """Fetch a file.

    Args:
        url: Of http or https.
        folder: The file is written here, under the last part of the URL's path.
        where: `file:line` of the study file that names it.
        named: What errors call it.

    Raises:
        DataError: The server does not answer, has no such file, or sends a part of it.
    """
    try:
        path = folder / (PurePosixPath(unquote(urlsplit(url).path)).name or "table")
    except ValueError as error:
        raise DataError(f"{where}: `data.url` must be a URL: {masked(str(error), url)}. Check it.") from None
    request = urllib.request.Request(url, headers={"User-Agent": "automl"})  # noqa: S310  the study file's own URL
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer, path.open("wb") as file:  # noqa: S310
            length = answer.headers.get("Content-Length")
            shutil.copyfileobj(answer, file)
    except (InvalidURL, ValueError):  # their texts repeat the whole URL
        raise DataError(f"{where}: {named} cannot be read: it is not a whole URL. Check it.") from None
    except (OSError, HTTPException) as error:
        cure = "Check the address and the network, or fetch the file yourself and name it under `path`."
        raise DataError(f"{where}: {named} cannot be read: {masked(_reason(error), url)}. {cure}") from None
    if length is not None and path.stat().st_size < int(length):
        received = f"{path.stat().st_size} of {length} bytes were received"
        raise DataError(f"{where}: {named} cannot be read: {received}. Try again.")
    return path


def _reason(error: Exception) -> str:
    if isinstance(error, HTTPError):
        return f"the server answers {error.code} {error.reason}".rstrip(" .")
    reason = getattr(error, "reason", None) or error
    return str(reason).strip().rstrip(".") or type(reason).__name__


def public_url(url: str) -> str:
    """The URL without what may be secret: user, password, and what follows `?` or `#`."""
    try:
        parts = urlsplit(url)
    except ValueError:  # no URL, which `download` says
        return masked(url)
    return masked(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")
