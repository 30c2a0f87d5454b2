import { copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { openDatabase } from '@plimsoll/matching';
import { Problem } from '@plimsoll/problem';
import { showStatus } from './db-status.ts';

/** Puts a database file in its place: copied beside it, checked whole, then renamed, so that a scan meets the old one or the new one. */
export function importDatabase(path: string, [file]: readonly string[], asJson: boolean): number {
  if (file === undefined) throw new Problem('invalid', 'db import needs a FILE', { code: 'usage' });
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
  return showStatus(path, asJson);
}
