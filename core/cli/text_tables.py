"""Results as text for people."""


def percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def table(header: tuple, rows: list[tuple]) -> str:
    cells = [header, *[tuple(map(str, row)) for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )
