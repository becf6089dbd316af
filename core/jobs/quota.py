"""The quota of an account: what its datasets, the folders of its runs and its uploads may take (``GRAFT_USER_GB``).

It is asked before something is begun that stores more, whatever the role of the account, and holds nothing up that has
begun: a run that trains beyond it is not ended. So an account may come to have more than its quota; then nothing new
begins. What has no owner (the command line, a home without a login) has no quota.
"""

from dataclasses import dataclass

from core.errors import OverQuota
from core.files.uploads import pending_bytes
from core.people.acting import acting
from core.registry import Registry
from core.registry.stored_sizes import StoredByOwner
from core.settings import Settings
from core.text.units import listed, size

_NAMED = 2
"""Of the largest datasets and runs."""


@dataclass(frozen=True, kw_only=True)
class QuotaUse:
    """What an account has of its quota.

    Args:
        stored: datasets and runs. uploads: bytes of its uploads that nothing has used yet, as they were announced.
        limit: bytes that each account may have; 0: any number.
    """

    stored: StoredByOwner
    uploads: int = 0
    limit: int = 0

    @property
    def used(self) -> int:
        return self.stored.bytes + self.uploads

    @property
    def sentence(self) -> str:
        """For the account and for admins."""
        if not self.used and not self.limit:
            return "nothing stored"
        parts = [("datasets", self.stored.datasets), ("runs", self.stored.runs), ("uploads", self.uploads)]
        by_part = ", ".join(f"{name} {size(number)}" for name, number in parts if number)
        limit = f" of {size(self.limit)}" if self.limit else ""
        return f"{size(self.used)}{limit} stored" + (f" ({by_part})" if by_part else "")


def quota_use(settings: Settings, registry: Registry, owner: str) -> QuotaUse:
    """What an account has now: two sums of the registry and the few uploads that are open."""
    return QuotaUse(
        stored=registry.stored_by(owner),
        uploads=pending_bytes(settings).get(owner, 0),
        limit=settings.user_limit_bytes,
    )


def quota_uses(settings: Settings, registry: Registry) -> dict[str, QuotaUse]:
    """What all accounts have that have something, by name."""
    stored, uploads = registry.stored_by_all(), pending_bytes(settings)
    return {
        owner: QuotaUse(
            stored=stored.get(owner, StoredByOwner(owner=owner)),
            uploads=uploads.get(owner, 0),
            limit=settings.user_limit_bytes,
        )
        for owner in sorted({*stored, *uploads} - {""})
    }


def require_quota(
    settings: Settings,
    registry: Registry | None = None,
    *,
    adds: int = 1,
    begun: str = "started",
    owner: str | None = None,
) -> None:
    """Refuse to begin something where the quota is used up.

    Args:
        registry: opened when it is not given. adds: bytes that are known to come. begun: of the sentence:
            ``Nothing was <begun>``. owner: of what is added; the acting person by default.

    Raises:
        OverQuota: the account would have more than its quota.
    """
    name = acting().name if owner is None else owner
    if not settings.user_limit_bytes or not name:
        return
    registry = registry or Registry.of(settings)
    use = quota_use(settings, registry, name)
    if use.used + adds <= use.limit:
        return
    coming = f" and {size(adds)} would come" if adds > 1 else ""
    largest = [f"{title} ({size(number)})" for title, number in registry.largest_of(name, _NAMED)]
    advice = f", the largest are {listed(largest, _NAMED)}" if largest else ""
    raise OverQuota(
        f"{name} has {size(use.used)} of the {size(use.limit)} that each person may store (GRAFT_USER_GB){coming}. "
        f"Nothing was {begun}: delete datasets, runs or their weights{advice}, or ask an admin."
    )
