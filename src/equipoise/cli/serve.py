"""`equipoise serve`: the site app, set up in a folder and served on this computer, or behind a proxy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from equipoise.cli.common import emit, json_option, trial_argument
from equipoise.cli.extras import need
from equipoise.cli.log_place import LOG
from equipoise.cli.usage import Command

if TYPE_CHECKING:
    from equipoise.files.log_address import Address
    from equipoise.site.serving import Begun


def _sizes(_ctx: click.Context, _param: click.Parameter, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.split(",") if word.strip())
    except ValueError:
        raise click.BadParameter(f"got {text!r}; sizes such as 6,9") from None


@click.command(cls=Command, name="serve", short_help="The site app: the trial in a browser.")
@trial_argument
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="What it keeps (default: TRIAL-site, or TRIAL-demo).",
)
@click.option(
    "--log", "log_path", type=LOG, help="Where the trial's log is, or will be (default: SQLite in the folder)."
)
@click.option(
    "--database",
    default="",
    metavar="URL",
    help="postgresql://USER@HOST/DATABASE for accounts, sessions and, without --log, the log.",
)
@click.option(
    "--administrator",
    default="administrator",
    show_default=True,
    metavar="NAME",
    help="Who grants the first roles, of a log that is opened.",
)
@click.option(
    "--blocks", default="", callback=_sizes, help="Sizes of blocks, where the trial file has them sealed: 6,9."
)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option(
    "--behind-proxy",
    default="",
    metavar="HOST",
    help="The host name under which a proxy on this computer serves it by https.",
)
@click.option(
    "--demo",
    is_flag=True,
    help="With people in each role and virtual patients; known pass phrases, this computer only.",
)
@click.option("--set-up-only", is_flag=True, help="Set it up, say the first links, and serve nothing.")
@json_option
def command(
    trial: str,
    folder: Path | None,
    log_path: Address | None,
    database: str,
    administrator: str,
    blocks: tuple[int, ...],
    port: int,
    behind_proxy: str,
    demo: bool,
    set_up_only: bool,
    as_json: bool,
) -> int:
    """Set up the site app of a trial in a folder, as far as it is not yet, and serve it on this computer.

    It seals the allocation's secret, makes a key that signs the log's heads, opens the trial's log with people, and says a link by which
    the first administrator chooses a pass phrase. docs/serve.md says how to run it behind a proxy, back it up, restore and check it.
    """
    need("equipoise serve", "site", *(["postgres"] if database or str(log_path or "").startswith("postgres") else []))
    from equipoise.files.bundled import find_trial
    from equipoise.site import serving

    if not set_up_only:
        serving.refuse_taken(port)
    named = find_trial(trial).parent.name if not Path(trial).is_file() else Path(trial).stem
    place = folder or Path(f"{named}-{'demo' if demo else 'site'}")
    root = f"https://{behind_proxy}" if behind_proxy else f"http://{serving.HOST}:{port}"
    done = serving.set_up(
        place,
        trial,
        str(log_path or ""),
        database,
        administrator=administrator,
        demo=demo,
        behind_proxy=behind_proxy,
        root=root,
        blocks=blocks,
    )
    if as_json:
        emit(
            {
                "address": f"{root}/",
                "folder": str(done.installation.folder),
                "log": done.installation.log,
                **_told(done),
            }
        )
    else:
        _say(done, root, demo=demo)
    if not set_up_only:
        serving.serve(port, behind_proxy=bool(behind_proxy))
    return 0


def _told(done: Begun) -> dict[str, object]:
    return {"new": done.new, "links": dict(done.links), "people": dict(done.people)}


def _say(done: Begun, root: str, *, demo: bool) -> None:
    click.echo(f"{'Set up' if done.new else 'Found'} {done.installation.folder}; the log is {done.installation.log}.")
    if done.installation.secret.exists() and done.new:
        click.echo(
            f"The allocation's secret is {done.installation.secret}: keep a copy of it locked away, not with the log."
        )
    for person, link in done.links:
        click.echo(f"\n{person} chooses a pass phrase by this link. It works once, for three days:\n  {link}")
    if demo:
        from equipoise.site.words import DEMO_PASSPHRASE

        click.echo(
            f"\nA demonstration: every patient is simulated, no second factor is asked. Everybody's pass phrase: {DEMO_PASSPHRASE}\n"
        )
        width = max(len(person) for person, _ in done.people)
        for person, roles in done.people:
            click.echo(f"  {person:<{width}}  {roles}")
    click.echo(f"\nServing {root}/ (Ctrl-C ends it)")
