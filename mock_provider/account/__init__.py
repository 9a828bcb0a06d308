"""The account behind the mock: one stored state that all its processes share.

What is created, changed and deleted in any of them is seen by all. `store` keeps it, `prerequisites` says what has to
be there first, `collisions` what must not be there already, `quotas` how much a new account may have, `deletions` what
is still in use, and `events` what happens to an account without Terraform.
"""

from __future__ import annotations

from mock_provider.account.store import Account, Refused, Thing

__all__ = ["Account", "Refused", "Thing"]
