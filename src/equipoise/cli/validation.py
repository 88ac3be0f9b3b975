"""`equipoise validation`: what each method is held against, and where nothing outside this software holds it."""

from __future__ import annotations

import click

from equipoise.cli.common import emit, json_option, show_table
from equipoise.cli.usage import Command


@click.command(cls=Command, name="validation", short_help="What each method is held against.")
@click.option("--markdown", is_flag=True, help="Answer as the page docs/validation.md.")
@json_option
def command(markdown: bool, as_json: bool) -> None:
    """Every method with its grade, the numbers it is held against, and the test that holds it.

    published: a table in a paper. independent: another implementation, or a plain enumeration written for the test.
    property: general laws on generated input. unvalidated: nothing outside this software.
    """
    from equipoise.design import shelf
    from equipoise.files.grades import grade_of, grades, grades_table, markdown_page

    kinds = {k.name: grade_of(k.module) for k in shelf.described()}
    if as_json:
        emit({"methods": list(grades()), "designs": {name: g.grade for name, g in kinds.items()}})
        return
    if markdown:
        click.echo(markdown_page(shelf.described()), nl=False)
        return
    show_table(grades_table())
    bare = [name for name, g in kinds.items() if g.grade == "unvalidated"]
    click.echo(f"Kinds of design: {len(kinds)}. UNVALIDATED: {', '.join(bare) if bare else 'none'}.")
