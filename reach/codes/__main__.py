"""``python -m reach.codes``: the page of the documentation on explanation codes."""

from __future__ import annotations

import sys

from reach.codes.page import page

sys.stdout.write(page())
