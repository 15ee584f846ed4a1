import { readFileSync } from 'node:fs';

/** The texts that a fault replaces, by the file of lib that they stand in. */
export function changesOf({ file, find, replace, more = [] }) {
  const byFile = new Map();
  for (const change of [{ find, replace }, ...more]) {
    const its = change.file ?? file;
    byFile.set(its, [...(byFile.get(its) ?? []), change]);
  }
  return byFile;
}

/** Whether each text that a fault replaces stands in its file, once. */
export function fits(fault) {
  return [...changesOf(fault)].every(([file, changes]) => {
    const text = readFileSync(new URL(`../../../lib/${file}`, import.meta.url), 'utf8');
    return changes.every(({ find }) => text.split(find).length === 2);
  });
}
