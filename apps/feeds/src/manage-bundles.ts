import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller } from '@nestjs/common';
import { readKey } from '@plimsoll/advisories';
import { Answers, Bus } from '@plimsoll/bus';
import { ExportBundle, GetDatabase, ImportBundle, type Answer, type Body, type DocumentRef } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Log } from '@plimsoll/telemetry';
import { DataSource } from 'typeorm';
import { allowedFile } from './allowed-file.ts';
import { exportBundle } from './export-bundle.ts';
import { exportDatabase } from './export-database.ts';
import { feedsConfig } from './feeds.config.ts';
import { importBundle } from './import-bundle.ts';
import { Rematch } from './rematch.ts';
import { currentRevision } from './revisions.ts';

/** Revisions on their way out of the platform and in: bundles, signed, and the database file of the stand-alone scanner. */
@Controller()
export class ManageBundles {
  private readonly config = feedsConfig();
  /** One is made at a time: each reads everything. */
  private making: Promise<unknown> = Promise.resolve();

  constructor(private readonly db: DataSource, private readonly bus: Bus, private readonly log: Log, private readonly rematch: Rematch) {}

  @Answers(ExportBundle)
  async export({ base }: Body<typeof ExportBundle>): Promise<Answer<typeof ExportBundle>> {
    const file = this.config.PLIMSOLL_FEEDS_SIGNING_KEY;
    if (!file) throw new Problem('denied', 'bundles are not signed here; name a key in PLIMSOLL_FEEDS_SIGNING_KEY', { code: 'bundle-no-key' });
    const { revision, document } = await this.handOut(`bundle:${base ?? 'whole'}`, async (path) => (await exportBundle(this.db, path, readKey(readFileSync(file), 'private', file), { base: base ?? null })).revision, 'application/x-tar');
    return { revision, ...(base === undefined ? {} : { base }), name: `plimsoll-feeds-${revision}${base === undefined ? '' : `-from-${base}`}.tar`, document };
  }

  @Answers(GetDatabase)
  async database(): Promise<Answer<typeof GetDatabase>> {
    return this.handOut('database', (path) => exportDatabase(this.db, path), 'application/octet-stream');
  }

  @Answers(ImportBundle)
  async import({ file, accept_older = false, accept_loss = false }: Body<typeof ImportBundle>): Promise<Answer<typeof ImportBundle>> {
    const { PLIMSOLL_FEEDS_TRUSTED_KEYS: trusted, PLIMSOLL_FEEDS_CLOCK_SKEW_SECONDS: skewSeconds, PLIMSOLL_FEEDS_SHRINK_LIMIT: shrinkLimit, PLIMSOLL_FEEDS_CANARIES: canaries } = this.config;
    const path = allowedFile(this.config.PLIMSOLL_FEEDS_FILES, file);
    const { manifest: { platform, revision: theirs, base, made_at, sources }, keyId, revision, added, changed, removed } = await importBundle(this.bus, path, {
      keys: trusted.map((key) => readKey(readFileSync(key), 'public', key)), scratch: this.scratch, skewSeconds, acceptOlder: accept_older, plausible: { shrinkLimit, canaries, acceptLoss: accept_loss },
    });
    this.rematch.wake();
    this.log.info('bundle imported', { platform, theirs, base, revision, key: keyId });
    return { revision, origin: { platform, revision: theirs, base, made_at, key_id: keyId }, sources: sources.length, added, changed, removed };
  }

  /** Makes a file of the current revision, once, and puts it where the gateway can fetch it; the one of the revision before goes. */
  private async handOut(kind: string, make: (path: string) => Promise<number>, mediaType: string): Promise<{ revision: number; document: DocumentRef }> {
    const turn = this.making.then(async () => {
      const [known] = await this.db.query('select revision, digest, size::float8 as size from hand_outs where kind = $1', [kind]) as { revision: number; digest: string; size: number }[];
      if (known && known.revision === (await currentRevision(this.db.manager)).number) return { revision: known.revision, document: { digest: known.digest, size: known.size, media_type: mediaType } };
      const folder = await mkdtemp(join(this.scratch, 'plimsoll-hand-out-'));
      try {
        const path = join(folder, 'file'), revision = await make(path), document = await this.bus.documents.putFile(path, mediaType);
        await this.db.query('insert into hand_outs (kind, revision, digest, size) values ($1, $2, $3, $4) on conflict (kind) do update set revision = excluded.revision, digest = excluded.digest, size = excluded.size, made_at = now()', [kind, revision, document.digest, document.size]);
        if (known && known.digest !== document.digest) await this.bus.documents.remove(known);
        return { revision, document };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
    this.making = turn.catch(() => undefined);
    return turn;
  }

  private get scratch(): string { return this.config.PLIMSOLL_FEEDS_SCRATCH ?? tmpdir(); }
}
