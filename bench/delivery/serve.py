"""Starts the real service as `windsock serve` does, with the bench's publisher beside it.

Run by the bench: python -m bench.delivery.serve PORT (WINDSOCK_DATA and DJANGO_SETTINGS_MODULE in the environment)
"""

import os
import sys

from windsock.cli import serving
from windsock.cli.console import start_django


def main() -> None:
    port = int(sys.argv[1])
    taken = serving.listen("127.0.0.1", port)
    start_django()
    config = serving.configure(log_level="warning")
    if os.environ.get("BENCH_PUBLISHER"):
        config.app = "bench.delivery.application:application"
    serving.run(config, taken)


if __name__ == "__main__":
    main()
