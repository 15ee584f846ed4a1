import { isUtf8 } from 'node:buffer';

/** A charset that a component declares, and the encodings that it may mean. */
export interface Charset {
  /** The component's own spelling. */
  label: string;
  /** The encodings that it may mean, the likeliest first. Empty if it is unknown. */
  encodings: readonly string[];
}

/** The charset that a `content-type` declares, quoted or not. Undefined if it declares none. */
export function charsetOf(contentType: string | undefined): Charset | undefined {
  const found = /;\s*charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;,"']+))/i.exec(contentType ?? '');
  const label = (found?.[1] ?? found?.[2] ?? found?.[3] ?? '').trim();
  return label === '' ? undefined : { label, encodings: encodingsOf(label) };
}

function encodingsOf(label: string): string[] {
  try {
    // Some builds of Node lack some of them.
    const { encoding } = new TextDecoder(label);
    // Without a BOM, `utf-16` does not say which byte comes first. The first character of JSON
    // shows it.
    return label.toLowerCase() === 'utf-16' ? [encoding, 'utf-16be'] : [encoding];
  } catch {
    return [];
  }
}

/** The encoding that a BOM at the beginning declares. */
export function bomOf(bytes: Uint8Array): { encoding: string; length: number } | undefined {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return { encoding: 'utf-8', length: 3 };
  if (a === 0xff && b === 0xfe) return { encoding: 'utf-16le', length: 2 };
  if (a === 0xfe && b === 0xff) return { encoding: 'utf-16be', length: 2 };
  return undefined;
}

/** The text of valid UTF-8, without a BOM. Undefined if it is not valid. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  const start = bomOf(bytes)?.length ?? 0;
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start).toString();
}

/** The text of bytes in an encoding. Undefined if they are not valid in it. */
export function decodeAs(encoding: string, bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return encoding === 'windows-1252' ? withWindowsCharacters(text) : text;
  } catch {
    return undefined;
  }
}

/**
 * A text for people, made of any bytes. It tries BOM, UTF-8 and the declared charset, in this
 * order. If the bytes are valid in none of them, invalid ones are replaced.
 */
export function decodeLeniently(bytes: Uint8Array, contentType: string | undefined): string {
  const utf8 = decodeUtf8(bytes);
  if (utf8 !== undefined) return utf8;
  const bom = bomOf(bytes);
  const [declared] = charsetOf(contentType)?.encodings ?? [];
  const encoding = bom?.encoding ?? declared ?? 'utf-8';
  const text = new TextDecoder(encoding).decode(bytes);
  return encoding === 'windows-1252' ? withWindowsCharacters(text) : text;
}

/** The offset of the first byte that is not UTF-8. Undefined if all are. */
export function firstInvalidUtf8(bytes: Uint8Array): number | undefined {
  let at = 0;
  while (at < bytes.length) {
    const length = utf8Length(bytes[at] ?? 0);
    if (length > 1 && !isUtf8(bytes.subarray(at, at + length))) return at;
    at += length;
  }
  return undefined;
}

/**
 * How many bytes the character has that begins with this one. 2 if none begins with it, which is
 * invalid then.
 */
function utf8Length(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xf0) return 4;
  return first >= 0xe0 ? 3 : 2;
}

/** The characters of windows-1252 at 0x80 to 0x9f, where Latin-1 has control characters. */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/**
 * Node 20 to 23 decode windows-1252 as Latin-1. Other versions decode it right, and this replaces
 * nothing.
 */
function withWindowsCharacters(text: string): string {
  return text.replaceAll(
    /[\u0080-\u009f]/g,
    (char) => WINDOWS_1252[char.charCodeAt(0) - 0x80] ?? char,
  );
}
