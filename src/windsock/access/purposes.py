"""What a ticket is for."""

from typing import Literal

Purpose = Literal["socket", "sign-in"]
