"""Write the data dictionary: docs/data-dictionary.md and the Table Schemas that Renkei ships.

python tools/data_dictionary.py            # write them again
python tools/data_dictionary.py --check    # say whether they are current
"""

import json
import sys
from pathlib import Path

from renkei.agreement.datasets import DATASETS, Column, Dataset
from renkei.matching.accepted_forms import accepted_form
from renkei.matching.labels import DATASET_NAMES, column_name
from renkei.matching.table_schemas import table_schema

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/data-dictionary.md"
SCHEMAS = ROOT / "src/renkei/agreement/tables/schemas"
_HEAD = (
    "# Data dictionary",
    "The datasets that come in, column by column. This page is written by `make docs` from the data "
    "dictionary of the code. A header may use the name or the Japanese label of a column. The same as Table "
    "Schemas (Frictionless) is in `renkei/agreement/tables/schemas/` of the installed package; they describe "
    "the first form of each column only. `renkei check FILE` says what is wrong in a file, by row and column "
    "([matching](matching.md)).",
    "*Required*: a blank is a fault. *If unreadable*: a value that is unreadable, or blank where it is "
    "required, costs the whole `row`, or only the `value`.\n",
)


def page() -> str:
    """Return the page."""
    return "\n".join(["\n\n".join(_HEAD), *(_section(dataset) for dataset in DATASETS.values())])


def _section(dataset: Dataset) -> str:
    names = DATASET_NAMES[dataset.name]
    rows = [_row(column) for column in dataset.columns]
    head = "| Column | Label | In English | Item | Required | If unreadable | Accepted forms | Rule |"
    return "\n".join(
        [f"## {dataset.name}: {names.ja}, {names.en}\n", head, "|---|---|---|---|---|---|---|---|", *rows, ""]
    )


def _row(column: Column) -> str:
    forms = accepted_form(column)
    cells = (
        f"`{column.name}`",
        column.label_ja,
        column_name(column.name, "en"),
        column.item,
        "yes" if column.required else "",
        "row" if column.costs_row else "value",
        f"{forms.en}<br>{forms.ja}",
        column.rule,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def files() -> dict[Path, str]:
    """Return what is to be written, by path."""
    schemas = {
        SCHEMAS / f"{name}.json": json.dumps(table_schema(dataset), ensure_ascii=False, indent=2) + "\n"
        for name, dataset in DATASETS.items()
    }
    return {PAGE: page(), **schemas}


def main() -> int:
    """Write the files, or say which are not current."""
    checks = sys.argv[1:] == ["--check"]
    stale = [
        path
        for path, text in files().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if not checks:
            path.parent.mkdir(exist_ok=True)
            path.write_text(files()[path], encoding="utf-8")
        print(path.relative_to(ROOT))
    return 1 if checks and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
