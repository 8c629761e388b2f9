"""The Python client: protocol and websockets only, no Django."""
