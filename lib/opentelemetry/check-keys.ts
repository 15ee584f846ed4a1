import { formatValue } from '../common/format-value.js';
import { hintFor } from '../common/suggest-key.js';

/**
 * Checks the keys of options.
 *
 * @throws TypeError that names an unknown key, and the key that was probably meant.
 */
export function checkKeys(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${where}: expected options to be an object, got ${formatValue(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw new TypeError(
      `${where}: unknown option ${JSON.stringify(key)}; ${hintFor(key, known, 'options')}`,
    );
  }
}
