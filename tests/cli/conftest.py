"""The tests of commands build their rows with the helpers of the matching's tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "matching"))
