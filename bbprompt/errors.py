"""Every error a person may meet, in one tree. Each says what was got, what was expected and what to do.

BbpromptError
├── UsageError          exit 2: arguments, configuration, data or files that cannot be used
│   ├── ConfigError     a run file or an option
│   │   └── MissingExtra    a package that is not installed
│   ├── DataError       images, targets, splits
│   └── OverlayError    a PNG that is not a prompt, or is damaged
├── BudgetExhausted     exit 3: the budget ended first; what was learned is kept
└── OracleError         exit 4: the classifier failed for good
    └── AnswerError     it answered, but not with usable scores
"""

from __future__ import annotations


class BbpromptError(Exception):
    """Base of every error that bbprompt raises on purpose; ``exit_status`` is what the command line returns."""

    exit_status = 1


class UsageError(BbpromptError):
    """What the caller gave cannot be used."""

    exit_status = 2


class ConfigError(UsageError):
    """A run file, a name or an option that cannot be used."""


class MissingExtra(ConfigError):
    """A package of an optional extra is not installed; the message names the extra."""


class DataError(UsageError):
    """Images or targets that cannot be used."""


class OverlayError(UsageError):
    """A PNG that is not a bbprompt overlay, or a damaged one."""


class BudgetExhausted(BbpromptError):
    """The next queries do not fit into the budget. Nothing was sent for them."""

    exit_status = 3


class OracleError(BbpromptError):
    """A query failed.

    Args:
        message: what was got, what was expected, what to do.
        billed: whether the service may have charged for it; ``False`` only when it certainly did not.
        retryable: whether the same query may go through later.
        retry_after_s: seconds the service asked to wait, if it said so.
        busy: whether the service asks for fewer requests.
    """

    exit_status = 4

    def __init__(
        self,
        message: str,
        *,
        billed: bool = True,
        retryable: bool = False,
        retry_after_s: float | None = None,
        busy: bool = False,
    ) -> None:
        super().__init__(message)
        self.billed = billed
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.busy = busy


class AnswerError(OracleError):
    """The oracle answered, but with something that is not a usable set of scores."""
