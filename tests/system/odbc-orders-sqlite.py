#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example orders over SQLite."""
import os, sys
sys.path.insert(0, os.path.join(os.environ.get("SL_SOURCE", "."), "tests", "harness"))
from orders_cases import *

orders_tests(Sqlite)
