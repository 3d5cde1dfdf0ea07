"""What holds for all tests: one time zone, wherever they run."""

import os
import time

os.environ["TZ"] = "UTC"
time.tzset()
