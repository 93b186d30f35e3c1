"""``python -m weakhitl`` is the command ``weakhitl``."""

from weakhitl.cli.main import run

if __name__ == "__main__":
    run()
