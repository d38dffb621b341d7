"""Names a downloaded file in any alphabet."""

from urllib.parse import quote


def attachment(name: str) -> dict[str, str]:
    """The header that makes a browser save the answer as `name`."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
