"""`equipoise guide`: the documentation in the terminal, a page a topic."""

from __future__ import annotations

import sys

import click

from equipoise import desk
from equipoise.cli.common import emit, json_option
from equipoise.cli.usage import Command


@click.command(cls=Command, name="guide", short_help="The documentation, a page a topic.")
@click.argument("topic", required=False)
@click.argument("section", required=False)
@json_option
def command(topic: str | None, section: str | None, as_json: bool) -> None:
    """Print a page of the documentation, or the section whose heading has these words. Without a topic: what there is.

    \b
    equipoise guide dose-finding
    equipoise guide guide cohorts
    """
    if topic is None:
        found = desk.guide.pages()
        if as_json:
            emit([{"topic": t.name, "title": t.title, "sections": t.sections} for t in found])
            return
        width = max(len(t.name) for t in found)
        for t in found:
            click.echo(f"{t.name:{width}}  {t.title}")
        return
    text = desk.guide.page(topic, section or "")
    if as_json:
        emit({"topic": topic, "section": section or "", "text": text})
    elif sys.stdout.isatty():
        click.echo_via_pager(text)
    else:
        click.echo(text, nl=False)
