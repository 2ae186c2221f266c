"""The statistical terms of a page: what they mean, and where in a text they stand."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the glossary.

    Attributes:
        name: As it is listed.
        pattern: A regular expression of the words that lead to it.
        meaning: In one or two sentences.
    """

    name: str
    pattern: str
    meaning: str

    @property
    def key(self) -> str:
        """The target of its links."""
        return "term-" + re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")


TERMS: tuple[Term, ...] = (
    Term(
        "fold",
        r"folds?",
        "One part of the training rows. Each fold is predicted by a network that was trained on the other folds; a "
        "score by cross-validation is the mean over all folds.",
    ),
    Term(
        "out-of-fold prediction",
        r"out-of-fold predictions?|out-of-fold",
        "The prediction of a row by the network that was trained without the fold of that row.",
    ),
    Term(
        "standard error",
        r"standard errors?|± SE",
        "How much a mean would typically change if other rows had been drawn: one standard deviation of the mean. It "
        "allows for folds that share training rows.",
    ),
    Term(
        "95 % interval",
        r"95 % intervals?",
        "A range that contains the true value in 95 of 100 such studies.",
    ),
    Term(
        "not significantly different",
        r"not significantly different|significantly (?:better|worse)|tied with",
        "The 95 % interval of the difference, measured on the same rows, contains 0, so the order may be due to "
        "chance.",
    ),
    Term(
        "corrected for the choice",
        r"corrected for the choice(?: among [\d,]+(?: trials)?)?|corrected score",
        "The best of many trials looks better than it is, because chance contributed to its selection. The corrected "
        "score selects the best trial on some rows and scores it on others, many times.",
    ),
    Term(
        "locked test set",
        r"locked test(?: set| rows)?",
        "Rows that are not used in the search. They are read once, at the end.",
    ),
    Term(
        "bias",
        r"bias² \+ noise|bias \+ noise",
        "Bias is the loss that stays when a network is averaged over all tables it might have been trained on: it is "
        "too simple, or features are missing. Noise is the loss that no model can avoid. One target per row cannot "
        "separate the two. For log_loss the bias is not squared.",
    ),
    Term(
        "variance",
        r"variance(?! of the score)",
        "The loss that comes from the rows that happened to be drawn and from the seed. More rows, regularization and "
        "averaging reduce it.",
    ),
    Term(
        "resample",
        r"resamples?",
        "A table drawn with replacement from the training rows, which simulates another sample of rows.",
    ),
    Term(
        "capacity",
        r"capacity",
        "The number of trainable weights of a network.",
    ),
    Term(
        "validation curve",
        r"validation curves?",
        "The score against one hyperparameter, at the best values found of the others.",
    ),
    Term(
        "learning curve",
        r"learning curves?",
        "The loss against the number of rows that are learned from.",
    ),
    Term(
        "calibration",
        r"calibration error|calibration",
        "How well predicted probabilities agree with the shares that come true.",
    ),
    Term(
        "permutation importance",
        r"permut(?:ed|ing)(?: its values)?",
        "How much worse a score becomes when the values of one column are shuffled among the rows.",
    ),
    Term(
        "share of the variance of the score",
        r"variance of the score",
        "How much of the differences between trials one hyperparameter explains, over the whole space (fANOVA).",
    ),
)
"""In the order of the glossary."""

_ANY = re.compile(
    "|".join(rf"(?P<t{index}>(?<![\w-])(?:{term.pattern})(?![\w-]))" for index, term in enumerate(TERMS)),
    re.IGNORECASE,
)


def marked(words: str) -> list[tuple[str, Term | None]]:
    """Pieces of a text; the first time that it uses a term, that piece has the term with it.

    >>> [(piece, term and term.name) for piece, term in marked("Each fold, and the fold after.")]
    [('Each ', None), ('fold', 'fold'), (', and the fold after.', None)]
    """
    pieces: list[tuple[str, Term | None]] = []
    seen: set[str] = set()
    end = 0
    for match in _ANY.finditer(words):
        assert match.lastgroup is not None
        term = TERMS[int(match.lastgroup[1:])]
        if term.name in seen:
            continue
        seen.add(term.name)
        pieces += [(words[end : match.start()], None), (match[0], term)]
        end = match.end()
    return [piece for piece in [*pieces, (words[end:], None)] if piece[0]]
