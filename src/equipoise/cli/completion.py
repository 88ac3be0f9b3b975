"""`equipoise completion`: the line that completes commands in a shell."""

from __future__ import annotations

import click

from equipoise.cli.common import emit, json_option
from equipoise.cli.usage import Command

#: Shell → where its start-up file is, and the line that goes there.
SHELLS = {
    "bash": ("~/.bashrc", 'eval "$(_EQUIPOISE_COMPLETE=bash_source equipoise)"'),
    "zsh": ("~/.zshrc", 'eval "$(_EQUIPOISE_COMPLETE=zsh_source equipoise)"'),
    "fish": ("~/.config/fish/completions/equipoise.fish", "_EQUIPOISE_COMPLETE=fish_source equipoise | source"),
}


@click.command(cls=Command, name="completion", short_help="The line that completes commands in your shell.")
@click.argument("shell", type=click.Choice(list(SHELLS)))
@json_option
def command(shell: str, as_json: bool) -> None:
    """Print the line that makes the Tab key complete commands and options, and say where it goes.

    equipoise completion bash >> ~/.bashrc
    """
    file, line = SHELLS[shell]
    if as_json:
        emit({"shell": shell, "file": file, "line": line})
        return
    click.echo(line)
    click.echo(f"This line goes into {file}.", err=True)
