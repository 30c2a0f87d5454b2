import { closeSync, copyFileSync, mkdirSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { openDatabase } from '@plimsoll/matching';
import { Problem } from '@plimsoll/problem';
import type { Parsed } from './command.ts';
import { showStatus } from './db-status.ts';

/** Puts a database file, or what a bundle holds, in its place: copied beside it, checked whole, then renamed, so that a scan meets the old one or the new one. */
export async function importDatabase(path: string, [file]: readonly string[], parsed: Parsed): Promise<number> {
  if (file === undefined) throw new Problem('invalid', 'db import needs a FILE', { code: 'usage' });
  if (isBundle(file)) return (await import('./db-from-bundle.ts')).importBundle(path, file, parsed);
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.import`;
  try {
    try {
      copyFileSync(file, draft);
    } catch (cause) {
      throw new Problem('missing', `${file} cannot be read: ${(cause as Error).message}`, { code: 'import-missing', cause });
    }
    const database = openDatabase(draft);
    try {
      database.verify();
    } finally {
      database.close();
    }
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
  return showStatus(path, parsed.flag('json'));
}

/** A bundle begins with the name of its manifest; a file that cannot be read is none, and is named by whoever copies it. */
function isBundle(path: string): boolean {
  const head = Buffer.alloc(17);
  try {
    const file = openSync(path, 'r');
    try { readSync(file, head, 0, head.length, 0); } finally { closeSync(file); }
  } catch { return false; }
  return head.toString('latin1') === 'bundle.dsse.json\0';
}
