"""The documents of the repository, whose examples and numbers the tests hold to be true."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
PATHS = [ROOT / name for name in ("README.md", "aigini/GUIDE.md", "experiments/README.md", "benchmarks/README.md")]
README, GUIDE, EXPERIMENTS, BENCHMARKS = (path.read_text(encoding="utf-8") for path in PATHS)
USE = README + GUIDE
"""What a user reads: the one screen of the README and the guide."""
