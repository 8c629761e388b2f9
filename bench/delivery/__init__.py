"""The delivery bench: Windsock, the limit of the machine and its peers, side by side. See bench/README.md."""
