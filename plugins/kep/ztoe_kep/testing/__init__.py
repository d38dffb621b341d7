"""Keys, certificates and containers for tests: real signatures of invented people. Never for real documents."""

from .containers import Signing, sign, time_stamp
from .identities import Identity, Issue, issue
from .keys import TestKey

__all__ = ["Identity", "Issue", "Signing", "TestKey", "issue", "sign", "time_stamp"]
