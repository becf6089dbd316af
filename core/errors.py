"""Every error a user can cause: one sentence that names what was received and what to do."""


class GraftError(Exception):
    """Base of all errors whose message is meant for a person. The command line prints it as one line."""


class InvalidInput(GraftError):
    """A value, file or option is not acceptable."""


class NotFound(GraftError):
    """No dataset, run, model or backbone has that name or id."""


class Refused(GraftError):
    """An upload breaks the policy of ``docs/trust.md`` and was refused whole; nothing of it was kept."""


class Cancelled(GraftError):
    """The user stopped it; nothing is left behind."""


class Conflict(GraftError):
    """It is already there, in use, or somebody else is doing it right now."""


class NoSpace(GraftError):
    """The disk is too full; nothing was changed."""


class Unavailable(GraftError):
    """Something from outside (network, weights, device, supervisor) is needed and cannot be had now."""
