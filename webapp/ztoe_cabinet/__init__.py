"""The consumer's cabinet: `ztoe_cabinet.app.create_app(hub)` makes the Flask application over a ready hub."""
