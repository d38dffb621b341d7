"""Стан розрахунків."""

from __future__ import annotations

from decimal import Decimal

from flask import Blueprint, render_template, request

from ztoe_hub.values import Article

from ..context import the_hub, the_user
from ..formatting import parse_month, with_asked
from ..texts import _l

pages = Blueprint("statements", __name__)

ARTICLES = {
    Article.ACTIVE: _l("Активна електроенергія"),
    Article.REACTIVE: _l("Реактивна електроенергія"),
    Article.OVER_CONSUMPTION: _l("Перевищення договірних величин споживання"),
}
COLUMNS = {
    "opening_debit_uah": _l("С-до дебет на початок періоду"),
    "opening_credit_uah": _l("С-до кредіт на початок періоду"),
    "accrued_uah": _l("Нараховано"),
    "paid_uah": _l("Оплачено"),
    "closing_debit_uah": _l("С-до дебет на кінець періоду"),
    "closing_credit_uah": _l("С-до кредіт на кінець періоду"),
}


@pages.get("/accounts/<int:account_id>/statement", endpoint="page")
def show_statement(account_id: int) -> str:
    """The turnover sheet of a month, the newest unless another is asked for."""
    hub, user = the_hub(), the_user()
    months = hub.statements.months(user, account_id)
    period = parse_month(request.args.get("month", "")) or (months[0] if months else None)
    lines = hub.statements.lines(user, account_id, period) if period else []
    totals = {name: sum((getattr(line, name) for line in lines), Decimal(0)) for name in COLUMNS}
    return render_template(
        "statement.html",
        months=with_asked(months, period),
        period=period,
        lines=lines,
        totals=totals,
        columns=COLUMNS,
        articles=ARTICLES,
        unbalanced=[line for line in lines if not line.balanced],
    )
