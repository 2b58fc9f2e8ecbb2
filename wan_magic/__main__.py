"""``python -m wan_magic`` is the ``wan-magic`` command."""

from wan_magic.cli import main

raise SystemExit(main())
