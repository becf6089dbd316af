"""Every error a user can cause: one sentence that names what was received and what to do."""


class GraftError(Exception):
    """Base of all errors whose message is for the user. The command line prints it as one line."""


class InvalidInput(GraftError):
    """A value, file or option is not acceptable."""


class NotFound(GraftError):
    """No dataset, run, model or backbone has that name or id.

    Args:
        what: is not there. elsewhere: how a command or a request finds what is there; a page has links in its place.
    """

    def __init__(self, what: str = "", elsewhere: str = "") -> None:
        super().__init__(f"{what} {elsewhere}".strip())
        self.what, self.elsewhere = what, elsewhere


class Refused(GraftError):
    """An upload violates the policy of ``docs/trust.md`` and was refused completely; nothing was stored."""


class Forbidden(GraftError):
    """The person who asks may not do it; nothing was changed."""


class Cancelled(GraftError):
    """The user stopped it; nothing was kept."""


class Conflict(GraftError):
    """It exists already, is in use, or another process is doing it now."""


class NoSpace(GraftError):
    """The disk is too full; nothing was changed."""


class OverQuota(NoSpace):
    """A person stores as much as each may; nothing was changed."""


class Unavailable(GraftError):
    """Something from outside (network, weights, device, supervisor) is needed and not available now."""
