import { tmpdir } from 'node:os';
import { Injectable } from '@nestjs/common';
import { fetchSource } from '@plimsoll/advisories';
import { Bus } from '@plimsoll/bus';
import type { SourceChange } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { Log, Metrics } from '@plimsoll/telemetry';
import { DataSource } from 'typeorm';
import { allowedFile } from './allowed-file.ts';
import { copyFeed } from './copy-feed.ts';
import { feedOf, type Feed } from './feed-table.ts';
import { feedsConfig } from './feeds.config.ts';
import { publishRevision, type Published } from './publish-revision.ts';
import { keepFiles, refuse } from './refusals.ts';
import { Rematch } from './rematch.ts';
import { currentRevision } from './revisions.ts';

export interface Ingested extends Published { readonly advisories: number; readonly keptAside: number }

/** The files of a feed, and what to do when they became a revision. */
interface Opened {
  readonly files: readonly string[];
  readonly floor: number;
  /** What the publisher said to ask with next time. */
  readonly validators?: Readonly<Record<string, string>>;
  /** Files of our own, to be removed. */
  readonly close?: () => Promise<void>;
}

/** A source becomes the next revision: fetched or read from a file, compared, published. A failure leaves the revision before. */
@Injectable()
export class Ingest {
  private readonly config = feedsConfig();
  private readonly seconds;
  private readonly refused;

  constructor(private readonly db: DataSource, private readonly bus: Bus, private readonly log: Log, private readonly rematch: Rematch, metrics: Metrics) {
    this.seconds = metrics.histogram('plimsoll_feed_ingest_seconds', 'Time to take in one source', ['source', 'outcome']);
    this.refused = metrics.counter('plimsoll_feed_refused_total', 'Ingests that were refused, by source and reason', ['source', 'code']);
  }

  /** From a file or directory inside the allowed one: for air-gapped sites and private advisories. `acceptLoss`: a person says that what is missing is meant to be. */
  async fromFile(id: string, file: string, acceptLoss = false): Promise<Ingested> {
    const feed = feedOf(id), path = allowedFile(this.config.PLIMSOLL_FEEDS_FILES, file);
    return (await this.take(feed, async () => ({ files: [path], floor: 1 }), { acceptLoss }))!;
  }

  /** From its publisher. Undefined when the publisher says that nothing changed. */
  async fromPublisher(id: string, signal: AbortSignal, acceptLoss = false): Promise<Ingested | undefined> {
    const feed = feedOf(id);
    if (feed.urls.length === 0 && !feed.list) throw new Problem('invalid', `${id} has no publisher; give it a file`, { code: 'source-has-no-address' });
    return this.take(feed, async () => {
      const [row] = await this.db.query('select validators from sources where source = $1', [id]) as { validators: Record<string, string> }[];
      const fetched = await fetchSource(feed, row?.validators ?? {}, { scratch: this.config.PLIMSOLL_FEEDS_SCRATCH, mirror: this.config.PLIMSOLL_FEEDS_MIRROR, keep: this.config.PLIMSOLL_FEEDS_KEEP, signal });
      return fetched && { files: fetched.files, floor: feed.floor, validators: fetched.validators, close: fetched.close };
    }, { acceptLoss, signal });
  }

  private async take(feed: Feed, open: () => Promise<Opened | undefined>, { acceptLoss, signal }: { acceptLoss: boolean; signal?: AbortSignal }): Promise<Ingested | undefined> {
    const done = this.seconds.startTimer({ source: feed.id });
    const known: { opened?: Opened | undefined; change?: SourceChange; keptAside: number } = { keptAside: 0 };
    try {
      // 1. slow, outside any transaction
      const opened = known.opened = await open();
      if (!opened) {
        await this.db.query(`update sources set state = 'ok', problem = null, checked_at = now(), good_at = now(), failures = 0 where source = $1`, [feed.id]);
        done({ outcome: 'unchanged' });
        return undefined;
      }
      // 2. the rows stand in the transaction that makes them a revision: nothing is left of one that is not one
      const ingested = await this.bus.commit(async (tx, say): Promise<Ingested> => {
        const copied = await copyFeed(tx, feed, opened.files, (await currentRevision(tx)).number + 1, { signal });
        known.keptAside = copied.rejected;
        const plausible = { floor: opened.floor, shrinkLimit: this.config.PLIMSOLL_FEEDS_SHRINK_LIMIT, canaries: this.config.PLIMSOLL_FEEDS_CANARIES, acceptLoss };
        const published = await publishRevision(tx, say, [{ feed, copied }], plausible, { told: (change) => { known.change = change; } });
        if (opened.validators) await tx.query('update sources set validators = $2 where source = $1', [feed.id, opened.validators]);
        return { ...published, advisories: copied.records, keptAside: copied.rejected };
      });
      // 3. who is touched is told
      this.rematch.wake();
      this.log.info('source ingested', { source: feed.id, ...ingested });
      done({ outcome: 'ingested' });
      return ingested;
    } catch (error) {
      const problem = Problem.from(error);
      const state = await this.refuse(feed, problem, known).catch((cause: unknown) => { this.log.error('refusal not kept', { source: feed.id, cause: String(cause) }); return 'refused'; });
      this.log.warn('source refused', { source: feed.id, ...problem.toJSON(), cause: problem.cause instanceof Error ? problem.cause.stack : undefined });
      done({ outcome: state });
      throw problem;
    } finally {
      await known.opened?.close?.();
    }
  }

  /** The state says what happened: `refused` is about the feed and alarms, `unreachable` may pass by itself. */
  private async refuse(feed: Feed, problem: Problem, { opened, change, keptAside }: { opened?: Opened | undefined; change?: SourceChange; keptAside: number }): Promise<string> {
    const isAboutFeed = problem.kind === 'invalid' || (problem.kind === 'conflict' && problem.code !== 'ingest-overtaken');
    const state = isAboutFeed ? 'refused' : 'unreachable';
    const words = problem.kind === 'bug' ? 'unexpected failure; see the log' : problem.detail;
    const files = isAboutFeed && opened?.close ? await keepFiles(this.config.PLIMSOLL_FEEDS_SCRATCH ?? tmpdir(), feed.id, opened.files) : undefined;
    await this.bus.commit(async (tx, say) => {
      await tx.query(`insert into sources (source, state, problem, checked_at, failures) values ($1, $2, $3, now(), 1) on conflict (source) do update set state = excluded.state, problem = excluded.problem, checked_at = now(), failures = sources.failures + 1`, [feed.id, state, words.toWellFormed().replaceAll('\0', '')]);
      if (isAboutFeed) await refuse(tx, say, feed.id, problem, { change, keptAside, files, revision: (await currentRevision(tx)).number });
    });
    if (isAboutFeed) this.refused.inc({ source: feed.id, code: problem.code ?? problem.kind });
    return state;
  }
}
