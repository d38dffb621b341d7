"""Where everything is kept: tables, migrations and files. Knows no use case and no provider."""
