"""`ztoe-hub check`: would it work?"""

from __future__ import annotations

import typer

from ztoe_hub.documents import ORIGINS

from .instance_checks import Finding, check_instances
from .opening import opened_hub


def check() -> None:
    """Check the settings, the database's schema, the routes, and every provider. Exit status 1 on a failure."""
    with opened_hub() as hub:
        findings = [Finding(True, f"settings: ok: {hub.settings.path}"), Finding(True, "database: ok")]
        if not hub.instances.signing:
            findings.append(Finding(False, f"signing: no instance: {', '.join(ORIGINS)} cannot be signed"))
        if not hub.instances.signatures:
            findings.append(Finding(False, "signatures: no reader: signed documents cannot be archived"))
        findings += check_instances(hub)
    for finding in findings:
        typer.echo(finding.line)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
