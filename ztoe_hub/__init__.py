"""Plugin-based integration middleware for the business cabinet of an electricity utility."""
