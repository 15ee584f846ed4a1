/** What one phase of a cluster's life has come to: names of figures, and the figures. */
export type Figures = [name: string, value: string][];

/** The value below which a share of the sorted values lies. */
export function at(sorted: readonly number[], share: number): number {
  return sorted[Math.round((sorted.length - 1) * share)] ?? NaN;
}

/** Least, median and most. */
export function spread(values: readonly number[], format: (value: number) => string): string {
  const sorted = values.toSorted((a, b) => a - b);
  if (sorted.length === 0) return 'none';
  return [0, 0.5, 1].map((share) => format(at(sorted, share))).join(' / ');
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** Milliseconds if these are few. */
export function duration(ms: number): string {
  return ms < 1_000 ? `${ms.toFixed(0)} ms` : seconds(ms);
}

export function number(value: number): string {
  const digits = value < 10 && !Number.isInteger(value) ? 1 : 0;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}
