"""The parts of one simulated Paperless, handed to every group of routes."""

from dataclasses import dataclass

from ztoe_sandbox.faults import Faults
from ztoe_sandbox.paperless.accounts import Accounts
from ztoe_sandbox.paperless.desk import CustomerDesk
from ztoe_sandbox.paperless.keys import KeyChest
from ztoe_sandbox.paperless.rate import RateLimit
from ztoe_sandbox.paperless.sessions import Sessions
from ztoe_sandbox.paperless.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the command line decides."""

    token_lifetime_s: float = 86400
    raw_upload: bool = False  # the facts leave open whether the live service wants base64 text or raw bytes
    rate: float = 10  # requests a second; 0 is no limit
    withsign_base64: bool = False


class Paperless:
    """One service: its memory, its accounts and its moods."""

    def __init__(self, settings: Settings, store: Store, accounts: Accounts, faults: Faults) -> None:
        self.settings = settings
        self.store = store
        self.accounts = accounts
        self.faults = faults
        self.keys = KeyChest(store)
        self.desk = CustomerDesk(store, self.keys, faults)
        self.sessions = Sessions(store, settings.token_lifetime_s)
        self.rate = RateLimit(settings.rate)
