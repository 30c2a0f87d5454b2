import { realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { Injectable } from '@nestjs/common';
import { fetchSource, recordsOf, sourceOf, type FeedRecord, type Source } from '@plimsoll/advisories';
import { Bus } from '@plimsoll/bus';
import { Problem } from '@plimsoll/problem';
import { Log, Metrics } from '@plimsoll/telemetry';
import { DataSource } from 'typeorm';
import { feedsConfig } from './feeds.config.ts';
import { publishRevision, type Published } from './publish-revision.ts';
import { Rematch } from './rematch.ts';
import { stage, unstage } from './staging.ts';

export interface Ingested extends Published { readonly advisories: number; readonly keptAside: number }

/** A source becomes the next revision: fetched or read from a file, parsed, compared, published. A failure leaves the revision before. */
@Injectable()
export class Ingest {
  private readonly config = feedsConfig();
  private readonly revision;
  private readonly seconds;

  constructor(private readonly db: DataSource, private readonly bus: Bus, private readonly log: Log, private readonly rematch: Rematch, metrics: Metrics) {
    this.revision = metrics.gauge('plimsoll_feed_revision', 'The feed revision readers see');
    this.seconds = metrics.histogram('plimsoll_feed_ingest_seconds', 'Time to take in one source', ['source', 'outcome']);
  }

  /** From a file or directory inside the allowed one: for air-gapped sites and private advisories. */
  async fromFile(id: string, file: string): Promise<Ingested> {
    const source = known(id);
    const path = this.allowed(file);
    return (await this.take(source, async () => ({ records: recordsOf(path), floor: 1, done: async () => undefined })))!;
  }

  /** From its publisher. Undefined when the publisher says that nothing changed. */
  async fromPublisher(id: string, signal: AbortSignal): Promise<Ingested | undefined> {
    const source = known(id);
    if (source.urls.length === 0) throw new Problem('invalid', `${id} has no publisher; give it a file`, { code: 'source-has-no-address' });
    return this.take(source, async () => {
      const [row] = await this.db.query('select validators from sources where source = $1', [id]) as { validators: Record<string, string> }[];
      const fetched = await fetchSource(source, row?.validators ?? {}, { scratch: this.config.PLIMSOLL_FEEDS_SCRATCH, mirror: this.config.PLIMSOLL_FEEDS_MIRROR, signal });
      return fetched && { records: fetched.records(), floor: source.floor, done: async () => { await this.db.query('update sources set validators = $2 where source = $1', [id, fetched.validators]); }, close: fetched.close };
    });
  }

  private async take(source: Source, open: () => Promise<Opened | undefined>): Promise<Ingested | undefined> {
    const done = this.seconds.startTimer({ source: source.id });
    let opened: Opened | undefined, ingest: string | undefined;
    try {
      opened = await open();
      if (!opened) {
        await this.db.query(`update sources set state = 'ok', problem = null, checked_at = now() where source = $1`, [source.id]);
        done({ outcome: 'unchanged' });
        return undefined;
      }
      const { floor } = opened;
      const staged = await stage(this.db, source, opened.records);                       // slow, outside any transaction
      ingest = staged.ingest;
      const published = await this.bus.commit((tx, say) => publishRevision(tx, say, source, staged, { floor, shrinkLimit: this.config.PLIMSOLL_FEEDS_SHRINK_LIMIT }));
      await opened.done();
      this.revision.set(published.revision);
      this.rematch.wake();
      this.log.info('source ingested', { source: source.id, ...published, ...staged.counts });
      done({ outcome: 'ingested' });
      return { ...published, advisories: staged.counts.advisories, keptAside: staged.counts.rejected };
    } catch (error) {
      const problem = Problem.from(error);
      const state = problem.code === 'feed-shrunk' || problem.kind === 'invalid' ? 'refused' : 'unreachable';
      const words = problem.kind === 'bug' ? 'unexpected failure; see the log' : problem.detail;
      await this.db.query(`insert into sources (source, state, problem, checked_at) values ($1, $2, $3, now()) on conflict (source) do update set state = excluded.state, problem = excluded.problem, checked_at = now()`, [source.id, state, words]).catch(() => undefined);
      this.log.warn('source refused', { source: source.id, ...problem.toJSON(), cause: problem.cause instanceof Error ? problem.cause.stack : undefined });
      done({ outcome: state });
      throw problem;
    } finally {
      await opened?.close?.();
      if (ingest) await unstage(this.db, ingest);
    }
  }

  private allowed(file: string): string {
    const root = this.config.PLIMSOLL_FEEDS_FILES;
    if (!root) throw new Problem('denied', 'files are not read; name their directory in PLIMSOLL_FEEDS_FILES', { code: 'feed-file-not-allowed' });
    let path: string;
    try {
      path = realpathSync(resolve(root, file));
    } catch (cause) {
      throw new Problem('missing', `${file} is not in ${root}`, { code: 'feed-missing', cause });
    }
    const base = realpathSync(root);
    if (path !== base && !path.startsWith(base + sep)) throw new Problem('denied', `${file} is outside ${root}`, { code: 'feed-file-not-allowed' });
    return path;
  }
}

interface Opened { readonly records: AsyncIterable<FeedRecord>; readonly floor: number; readonly done: () => Promise<void>; readonly close?: () => Promise<void> }

function known(id: string): Source {
  const source = sourceOf(id);
  if (!source) throw new Problem('missing', `no source ${id}; \`plimsoll feeds\` lists them`, { code: 'source-missing' });
  return source;
}
