"""Passwords and tokens in addresses: which part of a text is one, and the text without them.

Every message, log line and copy that may hold an address goes through `masked`. What it takes for a secret:

- `scheme://user:password@host`; in web addresses also `https://token@host`, where the user is the secret;
- parameters of an address by their name: `?token=`, `&api_key=`, `&X-Amz-Signature=`, `&sig=` and the like;
- `password=` in a connection string of libpq, ODBC or Azure, also percent-encoded as in `?odbc_connect=`;
- the credentials of an `Authorization` header, and tokens whose own form gives them away, as `ghp_…`.

A reference to an environment variable, `${NAME}`, is no secret and stays.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

MASK = "***"
"""Stands in the place of a secret."""

_LONGEST = 4000
"""Characters of the longest password: bounds the search for the `@` that ends it."""

_NAMES = (
    r"(?:password|passwd|pwd|passphrase|passcode|secret|token|signature|credentials?|credentials[-_]base64"
    r"|(?:api|access|account|auth|encryption|hex|master|private|secret|shared|subscription)[-_.]?key(?:[-_]?id)?)"
)
"""What the name of a secret parameter ends in, as in `X-Amz-Security-Token` and `AWSAccessKeyId`."""

_WHOLE_NAMES = r"(?:pass|sas|sig|jwt|bearer|authorization|key-pair-id|googleaccessid)"
_PAGES = r"(?:(?:next[-_]?)?page|next|continuation)[-_]?token"
"""Names that end like a secret and tell only where a list goes on."""

_LONG_NAMES = r"(?:key|code|auth|sign|ticket|sid|session|session[-_]?id|hmac|policy)"
"""Names of secrets and of harmless parameters alike: what is short, as in `?code=DE`, is none."""

_REFERENCES = re.compile(r"(?:\$\{\w+\})+")
_ADDRESS = re.compile(
    r"\s*[a-z][\w+.-]*://(?:\S*|(?<!http://)(?<!https://)[^:/]*:(?!\d+\s)[^@]*@\S*)\s*", re.I
)
_QUERY = re.compile(r"(?:[\s(]|--[^\n]*\n|/\*(?s:.*?)\*/)*(?:select|with|values)\b", re.I)


def _in_front_of_hosts(blank: str) -> tuple[re.Pattern[str], ...]:
    """Passwords and tokens before an `@`; `blank` are characters that no address holds."""
    web, other = r"https?://", r"(?<![a-z0-9])[a-z][\w+.-]{0,40}(?<!http)(?<!https)://"
    password = rf"(?P<secret>[^{blank}@]{{1,{_LONGEST}}}+(?:@[^{blank}/?#@]*)*)(?=@)"
    port = r"\d*(?:[\s/?#'\")]|$)|\$\{\w+\}(?:[\s/?#]|$)"
    forms = (
        rf"{web}(?P<secret>[^{blank}/?#:@]++)(?=:(?:x-oauth-basic)?@)",
        rf"{web}[^{blank}/?#:\[]*:(?P<secret>[^{blank}/?#]{{1,{_LONGEST}}})(?=@)",
        rf"{web}[^{blank}/?#@:\[]*:(?!{port}){password}",  # a slash in a password, which ought to be %2F
        rf"{web}(?P<secret>[^{blank}/?#:@]++)(?=@)",
        rf"{other}[^{blank}:/\[]*:{password}",  # may hold a slash, as in SQLAlchemy
    )
    return tuple(re.compile(form, re.I) for form in forms)


def _in_parameters(end: str, last: str) -> tuple[re.Pattern[str], ...]:
    """Values behind `?`, `&` or `#`; `end` are characters that none holds, `last` those that none ends with."""
    value = rf"(?P<secret>[^&{end}]*[^&{end}{last}])"
    forms = (
        rf"[?&#](?!{_PAGES}=)(?:[\w.\[\]-]{{0,40}}{_NAMES}|{_WHOLE_NAMES})={value}",
        rf"[?&#]{_LONG_NAMES}=(?=[^&{end}]{{16}}){value}",
    )
    return tuple(re.compile(form, re.I) for form in forms)


_IN_ADDRESS = (_in_front_of_hosts(r"\n"), _in_parameters(r"\n", ""))
_IN_TEXT = (_in_front_of_hosts(r"\s"), _in_parameters(r"\s\"<>", r"'.,;:)\]}"))
"""A text that is an address ends where the address does; in a sentence, a blank or a quotation mark ends it."""

_QUOTED = r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\""
_VALUE = rf"(?P<secret>{_QUOTED}|\{{[^}}]*\}}|(?:\\.|[^\s;\\])*[^\s;\\'\".,)\]}}])"
_START = r"(?<![\w.\[\]?&#-])[\w.-]{0,40}?"
_IN_SETTINGS = (
    re.compile(rf"{_START}(?:password|passwd|pwd|passphrase)\s{{0,3}}=(?!=)\s{{0,3}}{_VALUE}", re.I),
    re.compile(rf"{_START}(?:{_NAMES}|sharedaccesssignature)=(?!=){_VALUE}", re.I),
)
"""In a connection string: `host=h password='a b'`, `PWD={a;b};`, `AccountKey=…;`."""

_IN_QUERY = (
    re.compile(r"(?:['\"]|\w=[^\s'\"]+\s)\s*(?:password|passwd|pwd|passphrase)=(?P<secret>[^\s;'\"]+)", re.I),
)
"""In a connection string within a query: outside of one, `password = 'x'` compares a column."""

_ANYWHERE = (
    re.compile(rf"['\"][\w.-]{{0,40}}{_NAMES}['\"]\s*:\s*(?P<secret>{_QUOTED})", re.I),
    re.compile(
        r"(?:pwd|password|accountkey)(?:%20|\+)*%3D(?P<secret>(?:%7B.*?%7D|(?:(?!%3B)[^\s&\"'])+))", re.I
    ),
    re.compile(r"authorization['\"]?\s*[:=]\s*['\"]?(?:bearer|basic|token)\s+(?P<secret>[^\s'\",]+)", re.I),
    re.compile(
        r"(?<![A-Za-z0-9])(?P<secret>gh[opsur]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{20,}|hf_[A-Za-z0-9]{20,}"
        r"|dapi[0-9a-f]{32}|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[\w-]{35}|xox[abprs]-[\w-]{10,}"
        r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+)"
    ),
)


def masked(text: str, address: str = "") -> str:
    """Text with `MASK` for the secrets in its addresses and connection strings.

    Args:
        text: A message, a value or a line.
        address: The full address that the text is about. Its secrets vanish from the text in whatever form they
            stand there, for drivers and servers repeat them.

    >>> masked("postgresql://me:secret@host/d and https://host/t.csv?page=2&token=abc")
    'postgresql://me:***@host/d and https://host/t.csv?page=2&token=***'
    >>> masked("no entry for 's@c'", "mysql://me:s%40c@host/d")
    "no entry for '***'"
    """
    for secret in _spellings(address):
        bounds = ("", "") if len(secret) > 3 else (r"(?<!\w)", r"(?!\w)")  # a short one is part of many words
        text = re.sub(re.escape(secret).join(bounds), MASK, text)
    return _hidden(text, [])


def masked_values(value: Any) -> Any:
    """Plain values as they stand in a study file, with all text in them masked."""
    if isinstance(value, dict):
        return {key: masked_values(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(masked_values, value))
    return masked(value) if isinstance(value, str) else value


def _spellings(address: str) -> list[str]:
    """The secrets of an address as they stand there, decoded and encoded anew; long ones first."""
    secrets: list[str] = []
    _hidden(address, secrets)
    plain = {form(secret) for secret in secrets for form in (str, unquote, unquote_plus)}
    spellings = plain | {form(secret, safe="") for secret in plain for form in (quote, quote_plus)}
    return sorted(
        (secret for secret in spellings if secret.strip("* ")), key=lambda secret: (-len(secret), secret)
    )


def _hidden(text: str, secrets: list[str]) -> str:
    """The text with its secrets masked; they are added to what was found."""

    def hide(match: re.Match[str]) -> str:
        start, end = match.span("secret")
        if match["secret"][0] + match["secret"][-1] in ("''", '""', "{}") and end - start > 1:
            start, end = start + 1, end - 1
        reference = _REFERENCES.match(match.string, start)
        if start == end or (reference and reference.end() >= end):
            return match[0]
        if (secret := match.string[start:end]) != MASK:
            secrets.append(secret)
        return match.string[match.start() : start] + MASK + match.string[end : match.end()]

    for form in _in_force(text):
        text = form.sub(hide, text)
    return text


def _in_force(text: str) -> Iterator[re.Pattern[str]]:
    """The forms that a text may hold."""
    before_hosts, parameters = _IN_ADDRESS if _ADDRESS.fullmatch(text) else _IN_TEXT
    if "@" in text:
        yield from before_hosts
    if "=" in text:
        yield from parameters
        yield from _IN_QUERY if _QUERY.match(text) else _IN_SETTINGS
    yield from _ANYWHERE
