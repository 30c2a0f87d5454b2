import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

let known: Buffer | undefined;

/**
 * SHA-256 of the code that makes advisories of records: this library and the orders of versions. What one code made of a
 * file says nothing about what the next one makes of it, and nobody has to remember to raise a number.
 */
export function codeStamp(): Buffer {
  if (known) return known;
  const sum = createHash('sha256');
  for (const url of [import.meta.url, import.meta.resolve('@plimsoll/versions')]) {
    const file = fileURLToPath(url);
    // Beside each other when compiled, one file when bundled.
    const names = /^(code-stamp|index)\.[jt]s$/.test(basename(file)) ? readdirSync(dirname(file)).filter((name) => /\.[jt]s$/.test(name) && !/\.(spec|spec-helper|d)\.ts$/.test(name)).sort() : [basename(file)];
    for (const name of names) sum.update(`${name}\0`).update(readFileSync(join(dirname(file), name)));
  }
  return known = sum.digest();
}
