"""Renders an inbox message as a notice: plain text and HTML with the same words."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from ztoe_hub.settings import Settings
from ztoe_hub.storage.tables import Message
from ztoe_hub.texts import msg, say
from ztoe_hub.values import Notice

_templates = Environment(
    loader=PackageLoader("ztoe_hub", "notices"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)


def make_notice(message: Message, *, to: str, language: str, settings: Settings) -> Notice:
    """The notice of this message to one address. Its key is the message's: repeats are recognised by it."""
    link = settings.hub.public_url.rstrip("/") + message.link
    utility = getattr(settings.hub.utility, language)
    footer = say(
        language,
        msg("Це автоматичне повідомлення кабінету юридичного споживача. Відповідати на нього не потрібно."),
    )
    html = _templates.get_template("notice.html").render(
        language=language,
        subject=message.subject,
        paragraphs=message.text.split("\n\n"),
        link=link,
        link_text=say(language, msg("Відкрити в кабінеті")),
        utility=utility,
        footer=footer,
    )
    return Notice(
        key=message.key,
        to=to,
        language=language,
        subject=message.subject,
        text=f"{message.text}\n\n{link}\n\n-- \n{utility}\n{footer}\n",
        html=html,
        created_at=message.created_at,
    )
