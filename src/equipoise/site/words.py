"""What is known to everybody."""

from __future__ import annotations

#: Of the people of a demonstration, which is served on this computer only.
DEMO_PASSPHRASE = "equipoise shows itself"
