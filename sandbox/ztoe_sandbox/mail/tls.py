"""A TLS context with a certificate made at run time."""

import ssl
import tempfile
from pathlib import Path

from ztoe_sandbox.certificates import issue_to_loopback, make_authority


def make_tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """A server context for 127.0.0.1 and localhost; the authority that vouches for it is written to `ca_file`."""
    authority = make_authority("ztoe-sandbox mail CA", "ztoe-sandbox")
    if ca_file:
        ca_file.write_text(authority.certificate_pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as chain:  # ssl reads keys from files only
        chain.write(issue_to_loopback(authority).to_pem())
        chain.flush()
        context.load_cert_chain(chain.name)
    return context
