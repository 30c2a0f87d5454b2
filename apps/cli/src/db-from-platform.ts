import { rmSync } from 'node:fs';
import type { Parsed } from './command.ts';
import { importDatabase } from './db-import.ts';
import { download } from './download.ts';
import { openPlatform } from './platform.ts';

/** Fetches the database of a platform's current revision and puts it in its place, after checking it whole. */
export async function updateFromPlatform(path: string, parsed: Parsed): Promise<number> {
  const file = await download(await openPlatform(parsed), '/v1/feeds/database', {}, () => `${path}.${process.pid}.download`);
  try {
    return await importDatabase(path, [file], parsed);
  } finally {
    rmSync(file, { force: true });
  }
}
