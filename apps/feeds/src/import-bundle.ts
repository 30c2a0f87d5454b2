import type { KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openBundle, type BundleManifest, type OpenedBundle } from '@plimsoll/advisories';
import type { Bus } from '@plimsoll/bus';
import { Problem } from '@plimsoll/problem';
import type { EntityManager } from 'typeorm';
import { copyFeed } from './copy-feed.ts';
import { feedOf } from './feed-table.ts';
import { publishRevision, type Part, type Plausible, type Published } from './publish-revision.ts';
import { currentRevision, ownRevision } from './revisions.ts';

export interface Imported extends Published { readonly manifest: BundleManifest; readonly keyId: string }

export interface ImportOptions {
  readonly keys: readonly KeyObject[];
  readonly scratch: string;
  readonly skewSeconds: number;
  readonly plausible: Omit<Plausible, 'floor'>;
  /** Take it although a later revision of the same platform is here already. */
  readonly acceptOlder: boolean;
}

/**
 * Takes a bundle in as the next revision, all sources together, once all of it was verified. One that is older than what is
 * here, or a difference to what is not here, is refused; nothing is left of one that is not taken.
 */
export async function importBundle(bus: Bus, path: string, { keys, scratch, skewSeconds, plausible, acceptOlder }: ImportOptions): Promise<Imported> {
  await using bundle = await openBundle(path, keys, { skewSeconds });
  const { manifest, keyId } = bundle, folder = await mkdtemp(join(scratch, 'plimsoll-bundle-'));
  try {
    const files = await extractAll(bundle, folder);
    const published = await bus.commit(async (tx, say) => {
      await refuseUnfit(tx, manifest, acceptOlder);
      const number = Math.max((await currentRevision(tx)).number + 1, manifest.revision);
      const parts: Part[] = [];
      for (const source of manifest.sources) {
        const feed = feedOf(source.source), file = files.get(source.source);
        if (!file) continue;
        const copied = await copyFeed(tx, feed, [file], number, { bundle: { isComplete: source.complete } });
        if (copied.records !== source.records) throw differs(source.source, copied.records, source.records);
        parts.push({ feed, copied: { ...copied, rejected: source.kept_aside } });
      }
      // Again under the lock, which keeps others waiting: what the bundle builds upon must still be so.
      await ownRevision(tx);
      await refuseUnfit(tx, manifest, acceptOlder);
      const published = await publishRevision(tx, say, parts, { ...plausible, floor: 1 }, { least: manifest.revision });
      await tx.query('insert into origins (platform, revision, made_at, key_id) values ($1, $2, $3, $4) on conflict (platform) do update set revision = excluded.revision, made_at = excluded.made_at, key_id = excluded.key_id, imported_at = now()', [manifest.platform, manifest.revision, manifest.made_at, keyId]);
      for (const { source, checked_at, updated_at } of manifest.sources) await tx.query('update sources set checked_at = coalesce($2, checked_at), good_at = coalesce($2, good_at), updated_at = coalesce($3, updated_at) where source = $1', [source, checked_at ?? null, updated_at ?? null]);
      return published;
    });
    return { ...published, manifest, keyId };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function extractAll(bundle: OpenedBundle, folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const source of bundle.manifest.sources) {
    feedOf(source.source);
    if (source.file) files.set(source.source, await bundle.extract(source, folder));
  }
  return files;
}

async function refuseUnfit(tx: EntityManager, { platform, revision, base }: BundleManifest, acceptOlder: boolean): Promise<void> {
  const [known] = await tx.query('select revision from origins where platform = $1', [platform]) as { revision: number }[];
  if (known && revision < known.revision && !acceptOlder) throw new Problem('conflict', `the bundle is of revision ${revision}, and revision ${known.revision} of the same platform is here already`, { code: 'bundle-older' });
  if (base !== null && known?.revision !== base) throw new Problem('conflict', `the bundle is the difference to revision ${base}, and here is ${known ? `revision ${known.revision}` : 'no revision'} of that platform; import ${known && known.revision < base ? `the bundles between, or ` : ''}a whole one`, { code: 'bundle-base-missing' });
}

const differs = (source: string, here: number, there: number): Problem =>
  new Problem('conflict', `${source} would have ${here} records here and has ${there} where the bundle was made; the bundle is a difference to something else: import a whole one`, { code: 'bundle-base-differs' });
