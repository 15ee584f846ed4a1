import { isUtf8 } from 'node:buffer';

/** A charset as a component may declare it, and whether it is one that can be decoded. */
export interface Charset {
  /** As the component wrote it. */
  label: string;
  /** What it may stand for, likeliest first; empty where it is unknown. */
  encodings: readonly string[];
}

/** The charset that a `content-type` declares, quoted or not; undefined where it declares none. */
export function charsetOf(contentType: string | undefined): Charset | undefined {
  const found = /;\s*charset\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;,"']+))/i.exec(contentType ?? '');
  const label = (found?.[1] ?? found?.[2] ?? found?.[3] ?? '').trim();
  return label === '' ? undefined : { label, encodings: encodingsOf(label) };
}

function encodingsOf(label: string): string[] {
  try {
    // Not in every build of Node are all of them known.
    const { encoding } = new TextDecoder(label);
    // Without a BOM, `utf-16` says nothing of the order of bytes: that of JSON shows by its first character.
    return /^utf-?16$/i.test(label) ? [encoding, 'utf-16be'] : [encoding];
  } catch {
    return [];
  }
}

/** What a BOM at the beginning says of the rest. */
export function bomOf(bytes: Uint8Array): { encoding: string; length: number } | undefined {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return { encoding: 'utf-8', length: 3 };
  if (a === 0xff && b === 0xfe) return { encoding: 'utf-16le', length: 2 };
  if (a === 0xfe && b === 0xff) return { encoding: 'utf-16be', length: 2 };
  return undefined;
}

/** The text of bytes that are valid UTF-8, without a BOM; undefined where they are not. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return undefined;
  const start = bomOf(bytes)?.length ?? 0;
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, bytes.byteLength - start).toString();
}

/** The text of bytes in an encoding; undefined where they are not valid in it. */
export function decodeAs(encoding: string, bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return encoding === 'windows-1252' ? withWindowsCharacters(text) : text;
  } catch {
    return undefined;
  }
}

/**
 * The text of bytes that are to be read by people: whatever they are, there is one. Takes BOM, UTF-8
 * and the declared charset in this order, and replaces what is invalid in all.
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

/** The offset of the first byte that is not UTF-8; undefined where all are. */
export function firstInvalidUtf8(bytes: Uint8Array): number | undefined {
  if (isUtf8(bytes)) return undefined;
  let at = 0;
  while (at < bytes.length) {
    const length = utf8Length(bytes[at] ?? 0);
    if (length > 1 && !isUtf8(bytes.subarray(at, at + length))) return at;
    at += length;
  }
  return undefined;
}

/** Bytes of the character that begins with this one; 2 for one that begins none, which is invalid then. */
function utf8Length(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xf0) return 4;
  return first >= 0xe0 ? 3 : 2;
}

/** What windows-1252 has at 0x80 to 0x9f, where Latin-1 has control characters. */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** Node 20 to 23 decode windows-1252 as Latin-1. Where they do not, nothing is left to be replaced. */
function withWindowsCharacters(text: string): string {
  return text.replaceAll(
    /[\u0080-\u009f]/g,
    (char) => WINDOWS_1252[char.charCodeAt(0) - 0x80] ?? char,
  );
}
