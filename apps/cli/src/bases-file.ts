import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { BaseList, type KnownBase, knownBaseOf } from '@plimsoll/inventory';
import type { OpenOptions } from '@plimsoll/oci';
import { Problem } from '@plimsoll/problem';

const maxBytes = 64 * 1024 * 1024;

/** Where this machine keeps its approved base images. */
export const basesPath = (): string => process.env['PLIMSOLL_BASES'] ?? join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'plimsoll', 'bases.json');

/** The bases of a file; none where there is no file, unless `must` says that it has to be there. Throws Problem `bases-missing`, `bases-unreadable`. */
export function readBases(path: string, must = false): KnownBase[] {
  if (!must && !existsSync(path)) return [];
  try {
    if (statSync(path).size > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
    return BaseList.parse(JSON.parse(readFileSync(path, 'utf8'))).bases;
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new Problem(missing ? 'missing' : 'invalid', `${path}: ${missing ? 'there is no such file' : 'no list of base images'}; \`plimsoll bases add IMAGE\` makes one`, { code: missing ? 'bases-missing' : 'bases-unreadable', cause });
  }
}

/** Writes the whole list at once: whoever reads meanwhile sees the old one or the new one. */
export function writeBases(path: string, bases: readonly KnownBase[]): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, `${JSON.stringify({ version: 1, bases: [...bases] } satisfies BaseList, null, 2)}\n`);
    renameSync(`${path}.new`, path);
  } catch (cause) {
    throw new Problem('invalid', `${path} cannot be written: ${(cause as Error).message}`, { code: 'bases-unwritable', cause });
  }
}

/** Those of this machine, and those named: a list in a file, or an image. */
export async function wantedBases(named: readonly string[], options: OpenOptions = {}): Promise<KnownBase[]> {
  const more = await Promise.all(named.map(async (name) => (name.endsWith('.json') && existsSync(name) ? readBases(name, true) : [await knownBaseOf(name, options)])));
  return [...readBases(basesPath()), ...more.flat()];
}
