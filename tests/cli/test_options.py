import typer
from typer.main import get_command

from recsys.cli.app import app


def options() -> list[tuple[str, str, str]]:
    commands = getattr(get_command(app), "commands")  # noqa: B009  # typer's types hide it
    return [
        (name, "/".join(param.opts), param.help or "")
        for name, command in commands.items()
        for param in command.params
        if isinstance(param, typer.core.TyperOption)
    ]


def test_every_option_says_what_it_does() -> None:
    assert [(name, option) for name, option, text in options() if not text] == []


def test_an_option_means_the_same_in_every_command() -> None:
    shared = ("--events", "--items", "--item-tags", "--users", "--columns", "--json", "--where")
    for wanted in shared:
        assert len({text for _, option, text in options() if option == wanted}) == 1


def test_every_command_writes_json() -> None:
    commands = {name for name, _, _ in options()}
    assert {name for name, option, _ in options() if option == "--json"} == commands
