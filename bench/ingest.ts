import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { testBench, type TestBench } from '@plimsoll/tools/testing';
import { aDayLater, syntheticRecords, writeZip } from './synthetic-feed.ts';

interface Run { readonly records: number; readonly seconds: number; readonly cpu: number; readonly rss: number; readonly server: number; readonly added?: number; readonly changed?: number; readonly removed?: number }

/** Statements a row are measured with fewer records: 300,000 would take minutes, and each costs what the one before did. */
const rowsAtMost = 10_000;

/**
 * Taking in a feed of 300,000 records as publishers ship it (a zip of OSV files), and the same feed a day later, beside the
 * same rows written with a statement each. Every run on empty tables of the same Postgres; the smallest of all rounds.
 */
export async function ingest({ root, rounds, cache }: { root: string; rounds: number; cache: string }): Promise<{ text: string; json: object }> {
  const count = Number(process.env['PLIMSOLL_BENCH_RECORDS'] ?? 300_000), few = Math.min(rowsAtMost, count);
  const file = (records: number, day: string): string => join(cache, `feed-${records}${day}.zip`);
  const feeds: [string, () => number][] = [
    [file(count, ''), () => writeZip(file(count, ''), syntheticRecords(count))], [file(count, '-next'), () => writeZip(file(count, '-next'), aDayLater(syntheticRecords(count)))],
    [file(few, ''), () => writeZip(file(few, ''), syntheticRecords(few))],
  ];
  for (const [path, make] of feeds) if (!existsSync(path)) make();

  const bench = await testBench();
  try {
    await prepareRows(bench);
    const full: Run[] = [], delta: Run[] = [], small: Run[] = [], rows: Run[] = [];
    for (let round = 0; round < rounds; round++) {
      await clear(bench);
      rows.push(...await run(bench, root, 'rows', [file(few, '')]));
      small.push(...await run(bench, root, 'copy', [file(few, '')]));
      await clear(bench);
      const [first] = await run(bench, root, 'copy', [file(count, '')]);
      full.push(first!);
      // A process of its own, as a service meets it a day later: nothing is warm.
      delta.push(...await run(bench, root, 'copy', [file(count, '-next')]));
    }
    const lines: [string, Run][] = [[`${few} records, a statement for each row`, best(rows)], [`${few} records`, best(small)], [`${count} records`, best(full)], ['the same a day later, 1 % changed', best(delta)]];
    const perRecord = ({ seconds, records }: Run): number => seconds / records;
    const times = perRecord(best(rows)) / perRecord(best(full));
    return { text: `Ingest of a feed\n${table(lines)}\n\n${times.toFixed(1)} times as fast per record as a statement for each row`, json: { bench: 'ingest', node: process.version, rounds, count, times, full, delta, small, rows } };
  } finally {
    await bench.close();
  }
}

/** Tables of the peer's shape, for the feeds' own role. */
async function prepareRows(bench: TestBench): Promise<void> {
  const admin = await bench.postgres.admin();
  await admin.query(`
    set role feeds_owner; set search_path = feeds;
    create table bench_vulnerabilities (id bigint generated always as identity primary key, hash bytea unique, name text, head text, package text, ecosystem text, entry text);
    create index bench_package on bench_vulnerabilities (ecosystem, package);
    create table bench_update (update bigint, vulnerability bigint, primary key (update, vulnerability));
    create index bench_vulnerability on bench_update (vulnerability)`);
  await admin.end();
}

async function clear(bench: TestBench): Promise<void> {
  const admin = await bench.postgres.admin();
  await admin.query('set search_path = feeds; truncate advisories, affected, revisions, sources, kept_aside, source_ecosystems, coverage, bench_vulnerabilities, bench_update; checkpoint');
  await admin.end();
}

async function run(bench: TestBench, root: string, how: string, files: readonly string[]): Promise<Run[]> {
  const before = serverSeconds(bench);
  const { stdout } = await promisify(execFile)(process.execPath, ['--max-semi-space-size=2', join(root, 'bench', 'ingest-program.ts'), how, bench.env('feeds')['PLIMSOLL_DATABASE_URL']!, ...files], { cwd: root, maxBuffer: 2 ** 20 });
  const server = serverSeconds(bench) - before;
  return stdout.trim().split('\n').map((line) => ({ ...JSON.parse(line) as Omit<Run, 'server'>, server }));
}

/** Processor seconds of Postgres: of the backends that have ended, which its first process waits for. Linux only, else NaN. */
function serverSeconds(bench: TestBench): number {
  try {
    const fields = readFileSync(`/proc/${bench.postgres.child.pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch { return Number.NaN; }
}

const best = (runs: readonly Run[]): Run => ({ ...runs[0]!, seconds: Math.min(...runs.map(({ seconds }) => seconds)), cpu: Math.min(...runs.map(({ cpu }) => cpu)), server: Math.min(...runs.map(({ server }) => server)), rss: Math.max(...runs.map(({ rss }) => rss)) });

function table(lines: readonly [string, Run][]): string {
  const width = Math.max(...lines.map(([label]) => label.length));
  return [`${''.padEnd(width)}   wall s  reader CPU s  server CPU s  reader RSS MB  records/s`, ...lines.map(([label, { seconds, cpu, server, rss, records }]) =>
    `${label.padEnd(width)} ${seconds.toFixed(2).padStart(8)}${cpu.toFixed(2).padStart(14)}${server.toFixed(2).padStart(14)}${(rss / 1e6).toFixed(0).padStart(15)}${(records / seconds).toFixed(0).padStart(11)}`)].join('\n');
}
