/**
 * Rows as lines of text, their columns aligned: numbers to the right, all else to the left. The first
 * row is the head.
 */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => String(row[column] ?? '').length)),
  );
  const body = rows.slice(1);
  const isNumeric = widths.map((_, column) => body.every((row) => typeof row[column] === 'number'));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          isNumeric[column] === true
            ? String(cell).padStart(widths[column] ?? 0)
            : String(cell).padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `  ${line}`)
    .join('\n');
}
