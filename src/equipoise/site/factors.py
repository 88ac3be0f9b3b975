"""Second factors, in the app's words."""

from __future__ import annotations

from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm


class AddPasskey(AddWebAuthnForm):  # type: ignore[misc]
    """A passkey, which logs in by itself unless its owner says otherwise."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.label_suffix = ""
        self.fields["name"].label = "What you call it"
        alone = self.fields["passwordless"]
        alone.label, alone.initial = "It logs me in by itself", True
        alone.help_text = "Then it asks for your finger, your face or a PIN each time; without, it is asked for beside the pass phrase."
