/**
 * The key that was probably meant by an unknown one. Case, dashes and underscores do not count
 * (`maxconcurrency`, `MAX_CONCURRENCY`), and one or two letters may differ. Otherwise it is the only
 * key whose name has the unknown one as a part (`timeout`).
 */
export function closestKey(unknown: string, known: readonly string[]): string | undefined {
  const bare = letters(unknown);
  const [best] = known
    .map((key) => ({ key, slips: editDistance(bare, letters(key)) }))
    .filter(({ key, slips }) => slips <= Math.min(2, key.length / 3))
    .sort((a, b) => a.slips - b.slips);
  return best?.key ?? onlyOneWith(bare, known);
}

/** The one key that a part of its name can mean: `useFips`, `timeout`. */
function onlyOneWith(part: string, known: readonly string[]): string | undefined {
  const longer = known.filter((key) => letters(key).includes(part));
  return part.length >= 4 && longer.length === 1 ? longer[0] : undefined;
}

/** The hint for an unknown key: which was probably meant, or which keys there are. */
export function hintFor(unknown: string, known: readonly string[], kind: string): string {
  const meant = closestKey(unknown, known);
  return meant === undefined ? `known ${kind} are ${known.join(', ')}` : `did you mean ${meant}?`;
}

function letters(key: string): string {
  return key
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .slice(0, 100);
}

/** Levenshtein's distance, row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, x] of a.split('').entries()) {
    let left = i + 1;
    const next = [left];
    for (const [j, y] of b.split('').entries()) {
      const above = row[j + 1] ?? 0;
      const diagonal = row[j] ?? 0;
      left = Math.min(above + 1, left + 1, diagonal + (x === y ? 0 : 1));
      next.push(left);
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
