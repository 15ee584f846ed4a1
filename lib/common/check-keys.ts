import { formatValue } from './format-value.js';
import { hintFor } from './suggest-key.js';
import { isOptionsObject } from './type-tag.js';

/**
 * Checks that options are an object, and that every key is known. A misspelt one would go unnoticed.
 *
 * @throws TypeError that names the value, or the key and the one that was probably meant.
 */
export function checkKeys(where: string, options: unknown, known: readonly string[]): void {
  if (!isOptionsObject(options)) {
    // Of stop(5000), say.
    const hint =
      typeof options === 'number' && known.length === 1
        ? `; did you mean { ${known[0]}: ${options} }?`
        : '';
    throw new TypeError(
      `${where}: expected options to be an object, got ${formatValue(options)}${hint}`,
    );
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw new TypeError(
      `${where}: unknown option ${JSON.stringify(key)}; ${hintFor(key, known, 'options')}`,
    );
  }
}
