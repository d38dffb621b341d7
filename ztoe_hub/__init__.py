"""Plugin-based integration middleware for the business cabinet of an electricity utility.

Plugin authors start here: `hookimpl` marks an implementation, `AdapterType` offers an adapter.
"""

from .hookspecs import hookimpl
from .ports import AdapterContext, AdapterType

__all__ = ["AdapterContext", "AdapterType", "hookimpl"]
