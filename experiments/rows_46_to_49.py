"""Rows 46 to 49 of docs/experiments.md, one after the other.

python -m experiments.rows_46_to_49
"""

from __future__ import annotations

from experiments import forms, gaps, levels, truths


def main() -> None:
    """Print every table, under its row's number."""
    for row, part in (("47", forms), ("46 and 47", truths), ("48", levels), ("49", gaps)):
        print(f"\n{row}: {(part.__doc__ or '').splitlines()[0]}\n", flush=True)
        part.main()


if __name__ == "__main__":
    main()
