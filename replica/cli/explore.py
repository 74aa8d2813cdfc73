"""``replica explore``: the pages of the explorer in a browser."""

from __future__ import annotations

import click


@click.command("explore")
@click.option("--port", type=int, default=5006, show_default=True, help="Of this machine; 0 takes a free one.")
@click.option("--no-browser", "silent", is_flag=True, help="Serve without opening a browser.")
def command(port: int, silent: bool) -> int:
    """Sliders and phase diagrams in a browser.

    Served on this machine until Ctrl-C: landscapes of the binary perceptron, learning curves of clusters and of
    structured inputs, the negative perceptron.
    Needs the extra explore (bokeh).

    Example: replica explore --port 0
    """
    from replica.explore import serve

    def started(address: str) -> None:
        click.echo(f"serving {address} until Ctrl-C", err=True)

    serve(port, show=not silent, started=started)
    return 0
