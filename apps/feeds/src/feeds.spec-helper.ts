import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { askOver, connectNats, documentsOver, eventsStream, jetstreamOf, type Ask, type Documents } from '@plimsoll/bus';
import { ImageIndexed, ImageMatched, IngestSource, type Answer, type Body, type EventContract } from '@plimsoll/contracts';
import { Inventory, type OperatingSystem, type Package } from '@plimsoll/inventory';
import { startService, type RunningService } from '@plimsoll/service';
import { testBench, type TestBench } from '@plimsoll/tools/testing';
import { DataSource } from 'typeorm';
import { expect, vi } from 'vitest';
import { FeedsModule } from './feeds.module.ts';
import { manifest } from './manifest.ts';

/** A feeds service over a real Postgres and a real nats-server, asked as the gateway asks and told as the scanner tells. */
export interface FeedsBench {
  readonly bench: TestBench;
  readonly service: RunningService;
  readonly db: DataSource;
  readonly ask: Ask;
  readonly documents: Documents;
  /** The directory whose files may be taken in. */
  readonly files: string;
  /** Takes OSV records in as the whole of a source. */
  ingest(source: string, records: readonly object[]): Promise<Answer<typeof IngestSource>>;
  /** Takes one file in as the whole of a source. */
  ingestText(source: string, name: string, text: string): Promise<Answer<typeof IngestSource>>;
  /** Indexes image `n` as the scanner would, and waits until it is matched. */
  index(n: number, packages: readonly Package[], more?: { os?: OperatingSystem | null; project?: string }): Promise<ImageMatched>;
  /** Indexes many at the same time, and waits until all are matched and told. */
  indexAll(images: readonly { readonly n: number; readonly packages: readonly Package[] }[], os: OperatingSystem | null): Promise<void>;
  /** The events of a kind that were said since this was asked last, oldest first. */
  newEvents<C extends EventContract>(contract: C): Promise<Body<C>[]>;
  /** Waits until every image that a revision touched is told of it. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export const digestOf = (n: number): string => `sha256:${n.toString(16).padStart(64, '0')}`;

/** What index() puts into the store. */
export const inventoryOf = (n: number, packages: readonly Package[], os: OperatingSystem | null = null): Inventory =>
  Inventory.parse({ target: { kind: 'image', reference: `app:${n}`, digest: digestOf(n), layers: [] }, os, packages, configuration: {}, problems: [] });

/** `settings` change one thing of the service. */
export async function feedsBench(settings: Readonly<Record<string, string>> = {}): Promise<FeedsBench> {
  const bench = await testBench();
  const files = mkdtempSync(join(tmpdir(), 'feeds-'));
  process.env['PLIMSOLL_FEEDS_FILES'] = files;
  process.env['PLIMSOLL_FEEDS_SCHEDULE'] = 'off';
  Object.assign(process.env, settings);
  const service = await startService({ manifest, module: FeedsModule, env: bench.env('feeds') });
  const [gateway, scanner] = await Promise.all((['gateway', 'scanner'] as const).map((name) => connectNats({ url: bench.nats.url, name, seed: bench.secrets.nats[name]!.seed })));
  const ask = askOver(gateway!), documents = documentsOver(jetstreamOf(scanner!)), db = service.get(DataSource);
  const manager = await jetstreamManager(bench.admin);
  let ingests = 0, read = 1;
  const feeds: FeedsBench = {
    bench, service, db, ask, documents, files,
    async ingest(source, records) {
      const folder = `ingest-${ingests++}`;
      mkdirSync(join(files, folder));
      records.forEach((record, i) => writeFileSync(join(files, folder, `${i}.json`), JSON.stringify(record)));
      return ask(IngestSource, { source, file: folder }, { timeoutMs: 60_000 });
    },
    async ingestText(source, name, text) {
      const folder = `ingest-${ingests++}`;
      mkdirSync(join(files, folder));
      writeFileSync(join(files, folder, name), text);
      return ask(IngestSource, { source, file: folder }, { timeoutMs: 60_000 });
    },
    async index(n, packages, { os = null, project = 'default' } = {}) {
      const inventory = await documents.put(inventoryOf(n, packages, os), 'application/json');
      const push = randomUUID();
      await bench.say(ImageIndexed, { push, image: { project, reference: `app:${n}`, digest: digestOf(n) }, inventory, os, packages: packages.length, problems: 0, configuration: {} });
      return vi.waitFor(async () => {
        const found = (await bench.said(ImageMatched)).find((one) => one.push === push);
        expect(found).toBeDefined();
        return found!;
      }, { timeout: 10_000, interval: 20 });
    },
    async indexAll(images, os) {
      const [{ known }] = await db.query('select count(*)::int as known from images') as [{ known: number }];
      for (const { n, packages } of images) {
        const inventory = await documents.put(inventoryOf(n, packages, os), 'application/json');
        await bench.say(ImageIndexed, { push: randomUUID(), image: { project: 'default', reference: `app:${n}`, digest: digestOf(n) }, inventory, os, packages: packages.length, problems: 0, configuration: {} });
      }
      await vi.waitFor(async () => {
        const [{ count }] = await db.query('select count(*)::int as count from images') as [{ count: number }];
        expect(count).toBe(known + images.length);
      }, { timeout: 60_000, interval: 50 });
      await feeds.settled();
    },
    async newEvents(contract) {
      const { state } = await manager.streams.info(eventsStream);
      const found: unknown[] = [];
      for (read = Math.max(read, state.first_seq); read <= state.last_seq; read++) {
        const message = await manager.streams.getMessage(eventsStream, { seq: read });
        if (message?.subject === contract.subject) found.push(message.json());
      }
      return found as Body<typeof contract>[];
    },
    settled: () => vi.waitFor(async () => {
      const [{ waiting }] = await db.query('select (select count(*) from rematches)::int + (select count(*) from outbox)::int as waiting') as [{ waiting: number }];
      expect(waiting).toBe(0);
    }, { timeout: 30_000, interval: 20 }),
    async close() {
      await Promise.all([gateway?.close(), scanner?.close()]);
      await service.stop();
      await bench.close();
      rmSync(files, { recursive: true, force: true });
    },
  };
  return feeds;
}
