import type { Canary } from '@plimsoll/advisories';
import type { Say } from '@plimsoll/bus';
import { RevisionPublished, type SourceChange } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import type { EntityManager } from 'typeorm';
import { remakeAnswers } from './answers.ts';
import { blastRadiusOfAll } from './blast-radius.ts';
import { byIndex } from './by-index.ts';
import { checkCanaries, type CanaryResult } from './check-canaries.ts';
import type { Copied } from './copy-feed.ts';
import { coverSource } from './coverage.ts';
import type { Feed } from './feed-table.ts';
import { having, problemsTouchedBy, rejudge, subjectsHaving, touchedBy } from './findings.ts';
import { rateIngest } from './ratings.ts';
import { queueImages } from './queue-images.ts';
import { summariseChange } from './summarise-change.ts';
import { currentRevision, ownRevision } from './revisions.ts';
import { noteTouched } from './touched.ts';

export interface Published { readonly revision: number; readonly added: number; readonly changed: number; readonly removed: number; readonly touchedImages: number; /** Milliseconds of its steps. */ readonly took?: Readonly<Record<'records' | 'answers' | 'findings' | 'images', number>> }

/** What a feed must be to be believed. */
export interface Plausible {
  /** Least number of records. */
  readonly floor: number;
  /** Least share of what it had. */
  readonly shrinkLimit: number;
  /** An operator's own, besides those of the table. */
  readonly canaries: readonly Canary[];
  /** A person has looked, and says that the loss is real. */
  readonly acceptLoss: boolean;
}

/** One source of a revision; ingested alone, or with others out of a bundle. */
export interface Part { readonly feed: Feed; readonly copied: Copied }

/**
 * Makes feeds, whose new rows are in the tables already, the next revision, inside the caller's transaction: all of it or
 * nothing. A feed that shrank beyond what is plausible or lost a canary is refused, and the revision before stays. Feeds
 * without news make no revision. `told` hears what changes before anything can refuse it. `least` is the lowest number the
 * revision may have: one that came in a bundle keeps its own.
 */
export async function publishRevision(tx: EntityManager, say: Say, parts: readonly Part[], plausible: Plausible, { told = () => undefined, least = 1 }: { told?: (change: SourceChange) => void; least?: number } = {}): Promise<Published> {
  // 1. one publication at a time, and no image between two revisions
  const took = stopwatch();
  await ownRevision(tx);
  const { number: before } = await currentRevision(tx);
  const changes: SourceChange[] = [];
  for (const { feed, copied } of parts) {
    await refuseOvertaken(tx, feed, copied);
    const change = await byIndex(tx, () => summariseChange(tx, feed, copied));
    told(change);
    if (!plausible.acceptLoss) refuseShrunk(feed, copied, plausible);
    if (change.added + change.changed + change.removed > 0) changes.push(change);
  }

  // 2. nothing new: looked at, and no more
  const sum = (count: 'added' | 'changed' | 'removed'): number => changes.reduce((total, change) => total + change[count], 0);
  const counts = { added: sum('added'), changed: sum('changed'), removed: sum('removed') };
  for (const { feed, copied } of parts) {
    await keepAside(tx, feed, copied);
    await tx.query(`update ${feed.shelf} r set raw = decode(seen.raw, 'hex') from unnest($1::bigint[], $2::text[]) as seen (id, raw) where r.id = seen.id`, [copied.refreshed.map(([id]) => id), copied.refreshed.map(([, raw]) => raw)]);
    if (!isIn(changes, feed)) await markSource(tx, feed, copied, undefined, undefined);
  }
  if (changes.length === 0) return { revision: before, ...counts, touchedImages: 0 };

  // 3. the new rows hold from here on, what they replace does no longer
  const revision = Math.max(before + 1, least), changed = parts.filter(({ feed }) => isIn(changes, feed));
  for (const { feed, copied } of changed) {
    if (revision !== copied.revision) await tx.query(`update ${feed.shelf} set valid_from = $1 where id >= $2 and id < $3`, [revision, copied.base, copied.end]);
    await byIndex(tx, () => close(tx, feed, [...copied.gone, ...copied.replaced], revision));
  }
  for (const { feed, copied } of changed) await markSource(tx, feed, copied, revision, await checkCanaries(tx, feed, plausible));

  // 4. findings of the package versions under those names, and of nothing else
  const dirty = new Set<string>(), covered = new Set<string>();
  const note = (into: Set<string>, found: readonly string[]): void => { for (const one of found) into.add(one); };
  for (const { feed, copied } of changed) {
    await byIndex(tx, () => noteTouched(tx, feed, copied));
    took.lap('records');
    await remakeAnswers(tx, copied.ingest);
    took.lap('answers');
    note(dirty, (await rejudge(tx, touchedBy(copied.ingest), revision, 'revision')).subjects);
    const rated = feed.shelf === 'enrichments' ? await rateIngest(tx, copied) : [];
    note(dirty, (await rejudge(tx, having(rated), revision, 'revision')).subjects);
    note(dirty, await subjectsHaving(tx, feed.shelf === 'statements' ? await problemsTouchedBy(tx, copied.ingest) : rated));
    note(covered, await byIndex(tx, () => coverSource(tx, feed.id, copied, revision)));
    for (const table of ['touched_names', 'touched_cves']) await tx.query(`delete from ${table} where ingest = $1`, [copied.ingest]);
    took.lap('findings');
  }

  // 5. the images that have them, or whose ecosystem became covered or uncovered: told one by one after this commits
  const projects = await queueImages(tx, revision, [...dirty], [...covered]);
  took.lap('images');
  const touchedImages = projects.reduce((total, { images }) => total + images, 0);
  await tx.query('insert into revisions (number, changes, touched_images) values ($1, $2, $3)', [revision, JSON.stringify(changes), touchedImages]);
  await say(RevisionPublished, { revision, published_at: (await currentRevision(tx)).published_at, changes, touched_images: touchedImages, blast_radius: await blastRadiusOfAll(tx, revision, touchedImages), projects: projects.slice(0, 100) });
  return { revision, ...counts, touchedImages, took: took.milliseconds };
}

/** How long each part of a publication took, in whole milliseconds. */
function stopwatch(): { milliseconds: NonNullable<Published['took']>; lap(part: keyof NonNullable<Published['took']>): void } {
  const milliseconds = { records: 0, answers: 0, findings: 0, images: 0 };
  let since = performance.now();
  return { milliseconds, lap(part) { const now = performance.now(); milliseconds[part] += Math.round(now - since); since = now; } };
}

const isIn = (changes: readonly SourceChange[], { id }: Feed): boolean => changes.some(({ source }) => source === id);

/** Two ingests of one source at the same time compare with the same rows; the later one would add what the earlier added. */
async function refuseOvertaken(tx: EntityManager, { id }: Feed, { before }: Copied): Promise<void> {
  const [row] = await tx.query('select ingest::float8 as ingest from sources where source = $1', [id]) as { ingest: number }[];
  if ((row?.ingest ?? 0) !== before) throw new Problem('conflict', `another ingest of ${id} came in between; try again`, { code: 'ingest-overtaken' });
}

function refuseShrunk({ id }: Feed, { records, recordsBefore }: Copied, { floor, shrinkLimit }: Plausible): void {
  const least = Math.max(floor, Math.floor(recordsBefore * shrinkLimit));
  if (records < least) throw new Problem('conflict', `${id} came with ${records} records where at least ${least} are plausible (there are ${recordsBefore}); the last good revision stays`, { code: 'feed-shrunk' });
}

/** Rows no longer hold from a revision on; of sources without history they go at once. */
async function close(tx: EntityManager, { shelf, hasHistory }: Feed, ids: readonly number[], revision: number): Promise<void> {
  for (let from = 0; from < ids.length; from += 50_000) {
    const some = ids.slice(from, from + 50_000);
    if (hasHistory) await tx.query(`update ${shelf} r set valid_to = $1 from unnest($2::bigint[]) as gone (id) where r.id = gone.id`, [revision, some]);
    else await tx.query(`delete from ${shelf} r using unnest($1::bigint[]) as gone (id) where r.id = gone.id`, [some]);
  }
}

async function keepAside(tx: EntityManager, { id }: Feed, { keptAside }: Copied): Promise<void> {
  await tx.query('delete from kept_aside where source = $1', [id]);
  await tx.query('insert into kept_aside (source, record, code, detail, excerpt) select $1, record, code, detail, excerpt from jsonb_to_recordset($2::jsonb) as row (record text, code text, detail text, excerpt text)',
    [id, JSON.stringify(keptAside, (_key, part: unknown) => typeof part === 'string' ? part.replaceAll('\0', '').toWellFormed() : part)]);
}

/** `revision` undefined: looked at, nothing new. */
const markSource = (tx: EntityManager, { id }: Feed, { records, rejected, before }: Copied, revision: number | undefined, canaries: readonly CanaryResult[] | undefined): Promise<unknown> => tx.query(`
  insert into sources (source, advisories, kept_aside, revision, state, updated_at, checked_at, good_at, ingest, canaries) values ($1, $2, $3, $4, 'ok', now(), now(), now(), $5, coalesce($6::jsonb, '[]'))
  on conflict (source) do update set advisories = excluded.advisories, kept_aside = excluded.kept_aside, revision = coalesce(excluded.revision, sources.revision), ingest = excluded.ingest,
    state = 'ok', problem = null, checked_at = now(), good_at = now(), failures = 0, updated_at = case when excluded.revision is null then sources.updated_at else now() end, canaries = coalesce($6::jsonb, sources.canaries)`,
[id, records, rejected, revision ?? null, before + 1, canaries ? JSON.stringify(canaries) : null]);
