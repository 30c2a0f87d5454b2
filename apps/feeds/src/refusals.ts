import { rm, rename, mkdir, cp } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SourceRefused, type SourceChange } from '@plimsoll/contracts';
import type { Say } from '@plimsoll/bus';
import type { Problem } from '@plimsoll/problem';
import type { EntityManager } from 'typeorm';

/** Refusals kept for each source. */
const keptAtMost = 20;

/** Keeps what is known of a feed that was not believed, and alarms: an event, the source's state, its words. */
export async function refuse(tx: EntityManager, say: Say, source: string, { code = 'feed-refused', detail }: Problem, { change, keptAside, files, revision }: { change?: SourceChange | undefined; keptAside: number; files?: string | undefined; revision: number }): Promise<void> {
  await tx.query('insert into refusals (source, code, detail, change, kept_aside, files) values ($1, $2, $3, $4, $5, $6)', [source, code, detail.toWellFormed().replaceAll('\0', ''), change ? JSON.stringify(change) : null, keptAside, files ?? null]);
  await tx.query(`delete from refusals where source = $1 and id not in (select id from refusals where source = $1 order by id desc limit ${keptAtMost})`, [source]);
  await say(SourceRefused, { source, code, detail: detail.slice(0, 4000), revision, ...(change ? { change } : {}) });
}

/** Moves fetched files to where somebody can look into them; those of the refusal before make room. Answers the directory. */
export async function keepFiles(scratch: string, source: string, files: readonly string[]): Promise<string> {
  const folder = join(scratch, 'refused', source);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const file of files) {
    const to = join(folder, basename(file));
    await rename(file, to).catch(() => cp(file, to));
  }
  return folder;
}
