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
