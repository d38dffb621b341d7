"""A simulated 1C base: strict OData 3.0 in 1C's dialect, the hub's HTTP service, and the operator's page."""
