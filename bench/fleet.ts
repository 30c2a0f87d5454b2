import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Advisory, readFeed, recordsOf, sourceOf } from '@plimsoll/advisories';
import { type Answer, IngestSource, RevisionPublished } from '@plimsoll/contracts';
import { indexOf, judge } from '@plimsoll/matching';
import { testBench, type TestBench } from '@plimsoll/tools/testing';
import { schemeOf, versionKey } from '@plimsoll/versions';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { families, popular, type Random, seeded, syntheticRecords, writeZip } from './synthetic-feed.ts';

const sizes = (process.env['PLIMSOLL_BENCH_FLEET'] ?? '1000,10000,100000').split(',').map(Number);
/** Of one fleet: how many operating-system databases, runtimes and applications its images are put together from. */
const setCounts = { system: 400, runtime: 6_000, application: 24_000 };
const setSizes = { system: 100, runtime: 25, application: 75 };
const packageVersions = 150_000;
const advisories = Number(process.env['PLIMSOLL_BENCH_RECORDS'] ?? 100_000);

interface Row { readonly size: number; readonly what: string; readonly ms: number; readonly facts: string }

/**
 * A fleet of images, and what an update costs while it grows: the feeds service as it ships, over a real Postgres and a real
 * nats-server. Only the images are put in by COPY; advisories, judging and events go the way they always go.
 */
export async function fleet({ cache }: { root: string; rounds: number; cache: string }): Promise<{ text: string; json: object }> {
  const feed = join(cache, `feed-${advisories}.zip`);
  if (!existsSync(feed)) writeZip(feed, syntheticRecords(advisories));
  const rows: Row[] = [];
  const bench = await testBench();
  const admin = await bench.postgres.admin();
  // Rows that are known to fit together are put in without asking for each.
  await admin.query("set search_path = feeds; set session_replication_role = replica");
  let service = await startFeeds(bench, cache);
  let footer: string[] = [];
  try {
    const ingest = async (source: string, file: string): Promise<Answer<typeof IngestSource>> => {
      const reply = await bench.admin.request(IngestSource.subject, JSON.stringify({ source, file }), { timeout: 600_000 });
      if (reply.data.length === 0) throw new Error(`${file} was refused: ${reply.headers?.get('Problem')}`);
      return IngestSource.answer.parse(reply.json());
    };
    const updates = new Updates(() => service, admin, bench.admin, cache, (file) => ingest('private', file));
    await service.logged('service started');
    note('taking the advisories in');
    await ingest('osv-npm', `feed-${advisories}.zip`);
    note('making package sets');
    const random = seeded(7), sets = await makeSets(admin, random);
    for (const [index, size] of sizes.entries()) {
      note(`putting in ${size} images`);
      await service.stop();
      await makeImages(admin, random, sets, sizes[index - 1] ?? 0, size);
      // From zero: no finding is left, and the service finds at its start that the findings are not its matcher's.
      await admin.query('truncate findings; delete from matchers; truncate rematches; truncate outbox');
      await admin.query('vacuum analyze');
      note('judging from zero');
      service = await startFeeds(bench, cache);
      const judged = await service.logged('fleet judged by another matcher');
      await service.stop();
      rows.push({ size, what: 'the whole fleet judged from zero', ms: judged['findingsMs'] as number, facts: `${judged['opened']} findings; to read the records of all names anew first: ${judged['answersMs']} ms` });
      // Whoever has the images is not told of what they have had all the time.
      await admin.query('truncate rematches; truncate outbox; update images set matched_revision = (select max(number) from revisions)');
      await admin.query('vacuum analyze');
      service = await startFeeds(bench, cache);
      await service.logged('service started');
      note('updates');
      for (const kind of ['rare', 'hot'] as const) rows.push(...await updates.ofMany(kind, size));
      rows.push(...await updates.ofOne(20, size));
    }
    footer = [await storage(admin), await equality(admin, feed)];
  } catch (error) {
    console.error(service.last());
    throw error;
  } finally {
    await service.stop();
    await admin.end();
    await bench.close();
  }
  return { text: [`A fleet of images, ${packageVersions} package versions, ${advisories} advisories; milliseconds`, tableOf(rows), ...footer].join('\n'), json: { bench: 'fleet', node: process.version, rows, footer } };
}

interface Service { logged(message: string): Promise<Record<string, unknown>>; last(): unknown[]; latest(message: string): Record<string, unknown>; stop(): Promise<void> }

const note = (what: string): void => { process.stderr.write(`  ${(performance.now() / 1000).toFixed(0)} s  ${what}\n`); };

/** The service in a process of its own. */
async function startFeeds(bench: TestBench, cache: string): Promise<Service> {
  const child: ChildProcess = spawn(process.execPath, ['--enable-source-maps', join(import.meta.dirname, '..', 'apps', 'feeds', 'dist', 'main.js')], {
    env: { ...process.env, ...bench.env('feeds'), PLIMSOLL_FEEDS_FILES: cache, PLIMSOLL_FEEDS_SCHEDULE: 'off', PLIMSOLL_FEEDS_SHRINK_LIMIT: '0', PLIMSOLL_LOG_LEVEL: 'info', PLIMSOLL_MANAGEMENT_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: Record<string, unknown>[] = [];
  let exited = false;
  child.on('exit', () => { exited = true; });
  createInterface({ input: child.stdout! }).on('line', (line) => { try { lines.push(JSON.parse(line) as Record<string, unknown>); } catch { /* no log line */ } });
  const service: Service = {
    async logged(message) {
      for (;;) {
        const found = lines.find(({ msg }) => msg === message);
        if (found) return found;
        if (exited) throw new Error(`feeds ended before it said "${message}": ${JSON.stringify(lines.slice(-3))}`);
        await sleep(10);
      }
    },
    last: () => lines.slice(-5),
    latest: (message) => lines.findLast(({ msg }) => msg === message) ?? {},
    async stop() {
      if (exited) return;
      child.kill('SIGTERM');
      while (!exited) await sleep(20);
    },
  };
  return service;
}

/** Package versions as they are distributed in registries: most names in a few versions, popular ones in many sets. */
async function makeSets(admin: pg.Client, random: Random): Promise<Record<keyof typeof setCounts, number[]>> {
  const systems = families.slice(0, 3).flatMap(({ ecosystems }) => ecosystems), languages = families.slice(3);
  const known = new Map<string, number>();
  const lines: string[] = [], packages: string[] = [];
  const packageOf = (family: (typeof families)[number], ecosystem: string): number => {
    const name = family.nameOf(popular(random, family.names)), version = family.versionOf(seeded(popular(random, 6) * 7919 + hash(name)));
    const key = `${ecosystem}\t${name}\t${version}`, id = known.get(key) ?? known.size + 1;
    if (!known.has(key)) {
      known.set(key, id);
      const answer = versionKey(schemeOf(ecosystem)!, version);
      lines.push(`${id}\t${key}\t${'key' in answer ? `\\\\x${Buffer.from(answer.key, 'latin1').toString('hex')}` : '\\N'}\n`);
      packages.push(`${id}\tpkg:generic/${name}@${version}\t${name}\t${version}\tgeneric\t${id}\t${ecosystem}\tbench-${id}\n`);
    }
    return id;
  };
  const sets: Record<keyof typeof setCounts, number[]> = { system: [], runtime: [], application: [] };
  const members: string[] = [], digests: string[] = [];
  let set = 0;
  for (const kind of ['system', 'runtime', 'application'] as const) for (let i = 0; i < setCounts[kind]; i++) {
    set++;
    sets[kind].push(set);
    digests.push(`${set}\t\\\\x${createHash('sha256').update(`set ${set}`).digest('hex')}\n`);
    const ecosystem = systems[i % systems.length]!, system = families.find(({ ecosystems }) => ecosystems.includes(ecosystem))!;
    const chosen = new Set<number>();
    for (let tries = 0; chosen.size < setSizes[kind] && tries < 10_000; tries++) {
      const language = kind === 'system' ? system : languages[[0, 0, 0, 0, 1, 2, 3][random(7)]!]!;
      if (known.size < packageVersions) chosen.add(packageOf(language, kind === 'system' ? ecosystem : language.ecosystems[0]!));
      else chosen.add(1 + popular(random, known.size));
    }
    for (const id of chosen) members.push(`${set}\t${id}\n`);
  }
  await copy(admin, 'subjects (id, ecosystem, name, version, key)', lines);
  await copy(admin, 'packages (id, purl, name, version, type, subject, ecosystem, identity)', packages);
  await copy(admin, 'package_sets (id, digest)', digests);
  await copy(admin, 'set_packages (set, package)', members);
  return sets;
}

async function makeImages(admin: pg.Client, random: Random, sets: Record<keyof typeof setCounts, number[]>, from: number, to: number): Promise<void> {
  const images: string[] = [], parts: string[] = [];
  for (let id = from + 1; id <= to; id++) {
    const digest = `sha256:${createHash('sha256').update(`image ${id}`).digest('hex')}`;
    images.push(`${id}\tproject-${id % 40}\t${digest}\tregistry.example/team-${id % 40}/app-${id % 900}:${id}\tlinux/amd64\tnull\t{}\t200\t0\t${JSON.stringify({ digest, size: 2, media_type: 'application/json' })}\t0\n`);
    for (const kind of ['system', 'runtime', 'application'] as const) parts.push(`${id}\t${sets[kind][popular(random, sets[kind].length)]!}\n`);
  }
  await copy(admin, 'images (id, project, digest, reference, platform, os, configuration, packages, problems, inventory, matched_revision)', images);
  await copy(admin, 'image_sets (image, set)', parts);
}

/** Updates of a source of its own, each the one before and something more, and what they cost until they are readable and told. */
class Updates {
  private readonly records: ({ id: string } & Record<string, unknown>)[] = [];
  private readonly admin: pg.Client;
  private readonly told: TestBench['admin'];
  private readonly cache: string;
  private readonly ingest: (file: string) => Promise<Answer<typeof IngestSource>>;
  private readonly service: () => Service;

  constructor(service: () => Service, admin: pg.Client, told: TestBench['admin'], cache: string, ingest: (file: string) => Promise<Answer<typeof IngestSource>>) {
    this.service = service;
    this.admin = admin;
    this.told = told;
    this.cache = cache;
    this.ingest = ingest;
  }

  /** Five hundred names at once: those that the fewest images have, or the most. */
  async ofMany(kind: 'rare' | 'hot', size: number): Promise<Row[]> {
    const { rows } = await this.admin.query<Named>(`
      with had as (select p.subject, sum(s.images) as images from packages p join set_packages m on m.package = p.id join (select set, count(*) as images from image_sets group by set) s on s.set = m.set group by p.subject)
      select s.ecosystem, s.name, max(s.version) as version from subjects s join had on had.subject = s.id group by 1, 2 order by sum(had.images) ${kind === 'hot' ? 'desc' : ''}, name limit 500`);
    const { revision, readable, published, event } = await this.publish(rows, `${kind}-${size}`);
    const took = `milliseconds by step: ${JSON.stringify(this.service().latest('source ingested')['took'])}`;
    const { rows: [struck] } = await this.admin.query<{ ids: string[] }>('select array_agg(distinct subject) as ids from findings where valid_from = $1 or valid_to = $1', [revision]);
    const dirtySets = 'select distinct m.set from packages p join set_packages m on m.package = p.id where p.subject = any($1::bigint[])';
    const dirty = await fastest(this.admin, dirtySets, [struck!.ids]);
    const images = await fastest(this.admin, `select distinct i.image from (${dirtySets}) dirty join image_sets i on i.set = dirty.set`, [struck!.ids]);
    const rate = await this.rateOfTelling(5_000);
    return [
      { size, what: `500 ${kind} names: dirty package sets`, ms: dirty.ms, facts: `${dirty.rows} sets of ${struck!.ids.length} package versions` },
      { size, what: `500 ${kind} names: affected image ids`, ms: images.ms, facts: `${images.rows} images` },
      { size, what: `500 ${kind} names: findings readable`, ms: readable, facts: `${event.blast_radius?.added} findings came; ${took}` },
      { size, what: `500 ${kind} names: blast radius told`, ms: published, facts: `${event.touched_images} images; then one event an image for the policy${rate ? `, ${rate} a second` : ''}` },
    ];
  }

  /** One advisory at a time, about any package version that an image has. */
  async ofOne(count: number, size: number): Promise<Row[]> {
    const { rows } = await this.admin.query<Named>('select ecosystem, name, version from (select distinct p.subject from set_packages m join packages p on p.id = m.package join image_sets i on i.set = m.set) had join subjects s on s.id = had.subject order by md5(s.id::text) limit $1', [count]);
    const times: { readable: number; published: number; images: number }[] = [];
    for (const [n, named] of rows.entries()) {
      const { readable, published, event } = await this.publish([named], `one-${size}-${n}`);
      times.push({ readable, published, images: event.touched_images });
      await this.settle();
    }
    const at = (values: number[], share: number): number => values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))]!;
    return [
      { size, what: `one advisory, p95 of ${count}: findings readable`, ms: at(times.map(({ readable }) => readable), 0.95), facts: `median ${at(times.map(({ readable }) => readable), 0.5).toFixed(0)}` },
      { size, what: `one advisory, p95 of ${count}: event out`, ms: at(times.map(({ published }) => published), 0.95), facts: `median ${at(times.map(({ published }) => published), 0.5).toFixed(0)}; ${at(times.map(({ images }) => images), 0.5)} images in the median, ${at(times.map(({ images }) => images), 1)} at most` },
    ];
  }

  private async publish(named: readonly Named[], name: string): Promise<{ revision: number; readable: number; published: number; event: RevisionPublished }> {
    named.forEach(({ ecosystem, name: of, version }, n) => this.records.push({
      id: `NEWS-${name}-${n}`, modified: '2026-11-01T00:00:00Z', published: '2026-11-01T00:00:00Z', aliases: [`CVE-2026-${100_000 + this.records.length}`], summary: 'news',
      affected: [{ package: { ecosystem, name: of }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { last_affected: version }] }] }],
    }));
    const file = `news-${name}.zip`;
    writeZip(join(this.cache, file), this.records);
    const heard = heardNext(this.told);
    const start = performance.now();
    const { revision } = await this.ingest(file);
    const readable = performance.now() - start;
    const { at, event } = await heard;
    rmSync(join(this.cache, file));
    return { revision, readable, published: at - start, event };
  }

  /** Images told in a second, while there are any; then the others are left untold. */
  private async rateOfTelling(ms: number): Promise<number | undefined> {
    const waiting = async (): Promise<number> => Number((await this.admin.query<{ n: string }>('select (select count(*) from rematches) + (select count(*) from outbox) as n')).rows[0]!.n);
    const before = await waiting(), start = performance.now();
    if (before === 0) return undefined;
    let after = before;
    while (after > 0 && performance.now() - start < ms) { await sleep(50); after = await waiting(); }
    const rate = Math.round((before - after) / ((performance.now() - start) / 1000));
    await this.admin.query('delete from rematches');
    await this.settle();
    await this.admin.query('update images set matched_revision = (select max(number) from revisions)');
    return rate;
  }

  private async settle(): Promise<void> {
    while (Number((await this.admin.query<{ n: string }>('select (select count(*) from rematches) + (select count(*) from outbox) as n')).rows[0]!.n) > 0) await sleep(20);
  }
}

interface Named { readonly ecosystem: string; readonly name: string; readonly version: string }

/** The next revision's event, and when it came. */
async function heardNext(told: TestBench['admin']): Promise<{ at: number; event: RevisionPublished }> {
  const subscription = told.subscribe(RevisionPublished.subject, { max: 1 });
  for await (const message of subscription) return { at: performance.now(), event: RevisionPublished.body.parse(message.json()) };
  throw new Error('the connection ended');
}

/** The middle of five, and how many rows. */
async function fastest(admin: pg.Client, sql: string, values: unknown[]): Promise<{ ms: number; rows: number }> {
  const times: number[] = [];
  let rows = 0;
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    rows = Number((await admin.query<{ n: string }>(`select count(*) as n from (${sql}) found`, values)).rows[0]!.n);
    times.push(performance.now() - start);
  }
  return { ms: times.sort((a, b) => a - b)[2]!, rows };
}

/** What the inventory takes, beside a row for each package of each image. */
async function storage(admin: pg.Client): Promise<string> {
  await admin.query('create table row_per_package (image bigint, purl text, name text, version text, type text, ecosystem text)');
  await admin.query('insert into row_per_package select i.image, p.purl, p.name, p.version, p.type, p.ecosystem from image_sets i join set_packages m on m.set = i.set join packages p on p.id = m.package where i.image <= 10000');
  await admin.query('create index on row_per_package (ecosystem, name); create index on row_per_package (image)');
  const { rows: [sizes] } = await admin.query<{ ours: string; theirs: string; rows: string }>(`
    select (select sum(pg_total_relation_size(t)) from unnest(array['subjects', 'packages', 'package_sets', 'set_packages', 'image_sets']::regclass[]) t) as ours,
      pg_total_relation_size('row_per_package') * (select count(*) from images) / 10000 as theirs, (select count(*) from image_sets i join set_packages m on m.set = i.set) as rows`);
  const [ours, theirs] = [Number(sizes!.ours), Number(sizes!.theirs)];
  return `Inventory of ${sizes!.rows} packages of images: ${(ours / 1e6).toFixed(0)} MB with indexes, ${(theirs / ours).toFixed(1)} times less than a row for each (${(theirs / 1e6).toFixed(0)} MB, from 10,000 images)`;
}

/** The stored findings of some package versions beside what the matcher says of them by the feeds alone. */
async function equality(admin: pg.Client, feed: string): Promise<string> {
  const { rows: subjects } = await admin.query<Named & { id: string }>('select id, ecosystem, name, version from subjects order by md5(id::text) limit 20000');
  const wanted = new Set(subjects.map(({ ecosystem, name }) => `${ecosystem}\0${name}`));
  const records: Advisory[] = [];
  for await (const reading of readFeed(sourceOf('osv-npm')!, recordsOf(feed))) {
    if (reading.kind !== 'advisory') continue;
    const affected = reading.advisory.affected.filter(({ ecosystem, name }) => wanted.has(`${ecosystem}\0${name}`));
    if (affected.length > 0) records.push({ ...reading.advisory, affected });
  }
  const index = indexOf(records);
  const { rows: stored } = await admin.query<{ subject: string; words: string }>(`
    select subject, concat_ws(' ', vulnerability, state, severity, score, fix_state, fixed_version) as words from findings where valid_to is null and subject = any($1::bigint[]) and vulnerability not like 'CVE-2026-1_____'`, [subjects.map(({ id }) => id)]);
  const bySubject = Map.groupBy(stored, ({ subject }) => subject);
  let findings = 0, different = 0;
  for (const { id, ecosystem, name, version } of subjects) {
    const judged = judge(index, { ecosystem, name, version }).map(({ id: problem, state, severity, score, fix_state, fixed_version }) => [problem, state, severity, score, fix_state, fixed_version].filter((part) => part !== undefined).join(' ')).sort();
    findings += judged.length;
    if (JSON.stringify(judged) !== JSON.stringify((bySubject.get(id) ?? []).map(({ words }) => words).sort())) different++;
  }
  return `Beside the matcher alone, over the feed alone: ${subjects.length} package versions, ${findings} findings, ${different} package versions differ`;
}

function tableOf(rows: readonly Row[]): string {
  const whats = [...new Set(rows.map(({ what }) => what))];
  const width = Math.max(...whats.map(({ length }) => length));
  const head = `${''.padEnd(width)}${sizes.map((size) => size.toLocaleString('en').padStart(10)).join('')}   at the largest`;
  return [head, ...whats.map((what) => {
    const of = sizes.map((size) => rows.find((row) => row.what === what && row.size === size));
    return `${what.padEnd(width)}${of.map((row) => (row ? row.ms.toFixed(row.ms < 10 ? 1 : 0) : '').padStart(10)).join('')}   ${of.findLast((row) => row)?.facts ?? ''}`;
  })].join('\n');
}

const copy = (admin: pg.Client, into: string, lines: readonly string[]): Promise<void> => pipeline(Readable.from(chunked(lines)), admin.query(copyFrom(`copy ${into} from stdin`)));
function* chunked(lines: readonly string[]): Generator<string> { for (let from = 0; from < lines.length; from += 5_000) yield lines.slice(from, from + 5_000).join(''); }

function hash(text: string): number { let value = 0; for (let i = 0; i < text.length; i++) value = Math.imul(value, 31) + text.charCodeAt(i) | 0; return Math.abs(value); }
