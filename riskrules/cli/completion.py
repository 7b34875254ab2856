"""`riskrules completion`: the script that lets a shell complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from riskrules.cli.output import say
from riskrules.diagnostics.exits import FINE


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> int:
    """Print the completion script of a shell; it is read in with one line.

    \b
    bash   eval "$(riskrules completion bash)"       in ~/.bashrc
    zsh    eval "$(riskrules completion zsh)"        in ~/.zshrc
    fish   riskrules completion fish | source        in ~/.config/fish/config.fish
    """
    made = get_completion_class(shell)
    assert made is not None, "click knows these three"
    complete = made(click.get_current_context().find_root().command, {}, "riskrules", "_RISKRULES_COMPLETE")
    say((complete.source_template % complete.source_vars()).strip())
    return FINE
