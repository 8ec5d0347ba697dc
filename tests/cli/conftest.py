"""The commands' tests build their rows as the matching's tests do."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "matching"))
