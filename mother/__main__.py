"""`python -m mother`."""

import sys

from mother.cli import main

sys.exit(main())
