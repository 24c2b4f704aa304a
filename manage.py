#!/usr/bin/env python
import gc
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "practice.settings")
    if "worker" not in sys.argv:  # which runs for months
        # A sixth of the time of `migrate` went into looking for what could be freed.
        gc.set_threshold(50_000, 20, 50)
    from practice.management import Utility

    Utility(sys.argv).execute()
