import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Problem } from '@plimsoll/problem';
import { z } from 'zod';
import { defaultFeedLimits } from './feed.ts';
import type { Fetched } from './fetch-source.ts';
import { inTurns } from './in-turns.ts';
import { patchZip } from './patch-zip.ts';
import { recordsOf } from './records-of.ts';

/** How an archive of records says what changed: `2026-01-02T00:00:00Z,GHSA-…`, newest first (https://google.github.io/osv.dev/data/#downloading-recent-changes). */
export interface Changes {
  readonly url: string;
  /** The address of one record. */
  record(name: string): string;
}

/** What is done in the world; given so that mirrors and limits are those of every fetch. */
interface World {
  readonly keep: string;
  all(url: string, file: string): Promise<void>;
  ask(url: string, validator: string | undefined): Promise<Response>;
  text(url: string): Promise<string>;
}

/** Changed records that are fetched one by one; more than that and the archive costs less. */
const mostChanges = 5_000;
/** Days after which the archive is fetched whole again: the list does not say what was taken away. */
const wholeDays = 7;

/** What is known of the archive that is kept. */
const State = z.object({ since: z.string(), whole: z.string(), validator: z.string().optional() });
type State = z.output<typeof State>;

/**
 * Brings the kept archive of a source up to date: the records that changed since, or the whole archive when there is none
 * yet, too many changed, or it is a week old. Undefined when nothing changed since the caller's `validators`. The archive
 * and what is known of it are replaced by renaming, archive first: whoever is interrupted fetches some records twice.
 */
export async function updateArchive({ id, archive, changes }: { readonly id: string; readonly archive: string; readonly changes: Changes }, validators: Readonly<Record<string, string>>, world: World): Promise<Fetched | undefined> {
  const folder = join(world.keep, id), file = join(folder, 'all.zip'), stateFile = join(folder, 'state.json'), draft = join(folder, `${process.pid}.draft`);
  await mkdir(folder, { recursive: true });
  const state = await stateOf(file, stateFile);
  const answer = await world.ask(changes.url, state?.validator);
  const fetched: Fetched = { files: [file], validators: {}, close: async () => undefined, records: () => recordsOf(file, defaultFeedLimits) };
  if (answer.status === 304) return state!.validator === validators[changes.url] ? undefined : { ...fetched, validators: { [changes.url]: state!.validator! } };
  const list = await answer.text(), validator = answer.headers.get('etag') ?? answer.headers.get('last-modified') ?? undefined;
  const changed = state === undefined ? undefined : changedSince(list, state.since);
  try {
    const records = changed === undefined || changed.length > mostChanges ? undefined : await recordsOfNames(changed, changes, world), isWhole = records === undefined;
    if (isWhole) await world.all(archive, draft);
    else if (records.size > 0) await patchZip(file, draft, records, defaultFeedLimits);
    if (isWhole || records.size > 0) await rename(draft, file);
    const now: State = { since: newestIn(list) ?? state?.since ?? '', whole: isWhole ? new Date().toISOString() : state!.whole, ...(validator === undefined ? {} : { validator }) };
    await writeFile(draft, JSON.stringify(now));
    await rename(draft, stateFile);
  } finally {
    await rm(draft, { force: true });
  }
  return { ...fetched, validators: validator === undefined ? {} : { [changes.url]: validator } };
}

/** Undefined when the archive has to be fetched whole. */
async function stateOf(file: string, stateFile: string): Promise<State | undefined> {
  try {
    await stat(file);
    const state = State.parse(JSON.parse(await readFile(stateFile, 'utf8')));
    return Date.now() - Date.parse(state.whole) < wholeDays * 86_400_000 ? state : undefined;
  } catch {
    return undefined;
  }
}

const line = /^(\d{4}-\d\d-\d\dT[\d:.]+Z?),(?:[^,/\r\n]+\/)?([\w.:-]{1,200})\r?$/gm;

/** Names of records that changed at a time or later; what changed at that very moment may not have been seen. Problem `source-list` when it is no such list. */
export function changedSince(list: string, since: string): string[] {
  const names = new Set<string>();
  let lines = 0;
  for (const [, time, name] of list.matchAll(line)) {
    lines++;
    if (time! >= since) names.add(name!);
  }
  if (lines === 0) throw new Problem('invalid', `a list of changes without any: ${list.slice(0, 80)}`, { code: 'source-list' });
  return [...names];
}

/** Not the first line's: nobody promises that a list is sorted. */
function newestIn(list: string): string | undefined {
  let newest: string | undefined;
  for (const [, time] of list.matchAll(line)) if (newest === undefined || time! > newest) newest = time;
  return newest;
}

/** The records, or undefined when one is not there or is another: then the archive knows better. */
async function recordsOfNames(names: readonly string[], changes: Changes, world: World): Promise<Map<string, Uint8Array> | undefined> {
  try {
    const texts = await inTurns(names, (name) => world.text(changes.record(name)));
    if (!names.every((name, at) => Record.parse(JSON.parse(texts[at]!)).id === name)) return undefined;
    return new Map(names.map((name, at) => [`${name}.json`, Buffer.from(texts[at]!)]));
  } catch (error) {
    if (error instanceof Problem ? error.code === 'source-answer' : error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}

const Record = z.object({ id: z.string() });
