import { invalid } from '@plimsoll/problem';

/** A JSON object (or array, when asked) out of a file of unknown origin; Problem `code` says why not. */
export function parseJsonFile(bytes: Buffer, code: string): Record<string, unknown> {
  let value: unknown;
  try {
    // A byte order mark is not JSON, yet editors on Windows leave it and npm accepts it.
    value = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    throw invalid(code, `no JSON: ${(error as Error).message.slice(0, 120)}`);
  }
  if (!isRecord(value) && !Array.isArray(value)) throw invalid(code, 'the JSON is no object');
  return value as Record<string, unknown>;
}

export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The text itself when it is one, trimmed; undefined for everything else and for the empty text. */
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined);

/** JSON with comments and trailing commas as JSON: both become spaces. Texts stay as they are. */
export function jsonOfJsonc(bytes: Buffer): Buffer {
  const out = Buffer.from(bytes);
  let comma = -1;
  for (let i = 0; i < out.length; i++) {
    const byte = out[i]!;
    if (byte === quote) {
      for (i++; i < out.length && out[i] !== quote; i++) if (out[i] === backslash) i++;
    } else if (byte === slash && (out[i + 1] === slash || out[i + 1] === star)) {
      const end = out.indexOf(out[i + 1] === star ? '*/' : '\n', i + 2), to = end < 0 ? out.length : out[i + 1] === star ? end + 2 : end;
      out.fill(space, i, to);
      i = to - 1;
      continue;
    } else if ((byte === closingBrace || byte === closingBracket) && comma >= 0) {
      out[comma] = space;
    } else if (byte <= space) {
      continue;
    }
    comma = byte === commaSign ? i : -1;
  }
  return out;
}
const quote = 0x22, backslash = 0x5c, slash = 0x2f, star = 0x2a, space = 0x20, commaSign = 0x2c, closingBrace = 0x7d, closingBracket = 0x5d;
