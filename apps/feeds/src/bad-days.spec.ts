import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetFeedsStatus, GetSource, IngestSource, SourceRefused } from '@plimsoll/contracts';
import { Metrics } from '@plimsoll/telemetry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeZip } from '../../../bench/synthetic-feed.ts';
import { feedsBench, type FeedsBench } from './feeds.spec-helper.ts';
import { ReportMetrics } from './report-metrics.ts';
import { waitOf } from './schedule.ts';

const scratch = mkdtempSync(join(tmpdir(), 'bad-days-'));
type Day = (request: IncomingMessage, response: ServerResponse) => void;
let bench: FeedsBench, publisher: Server, today: Day = () => undefined, asked: IncomingMessage['headers'][] = [];

beforeAll(async () => {
  publisher = createServer((request, response) => { asked.push(request.headers); today(request, response); });
  await new Promise<void>((resolve) => publisher.listen(0, '127.0.0.1', resolve));
  bench = await feedsBench({ PLIMSOLL_FEEDS_MIRROR: `http://127.0.0.1:${(publisher.address() as AddressInfo).port}`, PLIMSOLL_FEEDS_SCRATCH: scratch, PLIMSOLL_FEEDS_CANARIES: 'npm/lodash@4.17.15=CVE-2026-1' });
}, 60_000);
afterAll(async () => {
  await bench?.close();
  publisher?.close();
  for (const name of ['PLIMSOLL_FEEDS_MIRROR', 'PLIMSOLL_FEEDS_SCRATCH', 'PLIMSOLL_FEEDS_CANARIES']) delete process.env[name];
  rmSync(scratch, { recursive: true, force: true });
});

const record = (n: number, more: object = {}): { id: string } & Record<string, unknown> => ({ id: `GHSA-${n}`, modified: '2026-01-01T00:00:00Z', aliases: [`CVE-2026-${n}`], affected: [{ package: { ecosystem: 'npm', name: n === 1 ? 'lodash' : `package-${n}` }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '9.0.0' }] }] }], ...more });
const all = Array.from({ length: 100 }, (_, n) => record(n));
const zipOf = (records: readonly ({ id: string } & Record<string, unknown>)[]): Buffer => { writeZip(join(scratch, 'made.zip'), records); return readFileSync(join(scratch, 'made.zip')); };
const gives = (bytes: Buffer, headers: Record<string, string> = {}): Day => (_request, response) => { response.writeHead(200, { 'content-type': 'application/zip', 'content-length': bytes.length, ...headers }); response.end(bytes); };
const fetchNow = (more: object = {}) => bench.ask(IngestSource, { source: 'osv-npm', ...more }, { timeoutMs: 120_000 });
const numbers = async (name: string): Promise<string[]> => {
  await bench.service.get(ReportMetrics).report();
  return (await bench.service.get(Metrics).registry.getSingleMetricAsString(name)).split('\n').filter((line) => line.includes('osv-npm') || line.startsWith('plimsoll_feed_revision{'));
};
const asHeld = async (): Promise<unknown> => bench.db.query('select (select max(number) from revisions) as revision, count(*)::int as records, md5(string_agg(head, \'\' order by key)) as content from advisories where valid_to is null');

it('a good day makes a revision, and the same answer makes none', async () => {
  today = gives(zipOf(all), { etag: '"one"' });
  expect(await fetchNow()).toMatchObject({ revision: 1, advisories: 100, added: 100 });
  today = (request, response) => { response.writeHead(request.headers['if-none-match'] === '"one"' ? 304 : 200); response.end(); };
  expect(await fetchNow()).toMatchObject({ revision: 1, added: 0 });
  expect(asked.at(-1)).toMatchObject({ 'if-none-match': '"one"' });
  expect(await numbers('plimsoll_feed_ok')).toEqual([expect.stringMatching(/ 1$/)]);
});

const html: Day = (_request, response) => { response.writeHead(200, { 'content-type': 'text/html' }); response.end('<!doctype html><title>maintenance</title>'); };
const hidden: Day = (_request, response) => { response.writeHead(200, { 'content-type': 'application/zip' }); response.end('<!doctype html><title>maintenance</title>'); };
describe('a bad day', () => {
  it.each<[string, () => Day, string, 'refused' | 'unreachable']>([
    ['answers 200 with a web page', () => html, 'feed-not-json', 'refused'],
    ['calls a web page a zip', () => hidden, 'feed-(empty|malformed|truncated|not-json)', 'refused'],
    ['cuts the archive', () => gives(zipOf(all).subarray(0, 4_000)), 'feed-truncated', 'refused'],
    ['breaks off', () => (_request, response) => { response.writeHead(200, { 'content-length': 10_000 }); response.write('PK'); setTimeout(() => response.destroy(), 20); }, 'source-unreachable', 'unreachable'],
    ['is suddenly empty', () => gives(zipOf([])), 'feed-empty', 'refused'],
    ['sends nothing at all', () => gives(Buffer.alloc(0)), 'feed-empty', 'refused'],
    ['lost nine tenths', () => gives(zipOf(all.slice(0, 10))), 'feed-shrunk', 'refused'],
    ['lost a canary', () => gives(zipOf(all.filter(({ id }) => id !== 'GHSA-1'))), 'feed-canary-lost', 'refused'],
    ['repairs the canary long ago', () => gives(zipOf(all.map((one) => one.id === 'GHSA-1' ? record(1, { affected: [{ package: { ecosystem: 'npm', name: 'lodash' }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.0.0' }] }] }] }) : one))), 'feed-canary-lost', 'refused'],
    ['answers 500', () => (_request, response) => { response.writeHead(500); response.end(); }, 'source-answer', 'unreachable'],
  ])('%s: refused by name, and the revision before goes on serving', async (_name, day, code, state) => {
    const before = await asHeld();
    await bench.newEvents(SourceRefused);
    today = day();
    await expect(fetchNow()).rejects.toMatchObject({ code: expect.stringMatching(code) });
    expect(await asHeld()).toEqual(before);
    const found = await bench.ask(GetSource, { source: 'osv-npm' });
    expect(found).toMatchObject({ state, advisories: 100, revision: 1, problem: expect.any(String) });
    expect(await numbers('plimsoll_feed_ok')).toEqual([expect.stringMatching(/ 0$/)]);
    expect(await numbers('plimsoll_feed_revision')).toEqual([expect.stringMatching(/ 1$/)]);
    if (state === 'unreachable') return;
    // Kept for whoever looks into it, counted, and said aloud.
    expect(found.refusals[0]).toMatchObject({ code: expect.stringMatching(code) });
    // A web page is refused before anything of it is fetched.
    if (day() !== html) expect(readdirSync(found.refusals[0]!.files!)).toHaveLength(1);
    expect((await bench.service.get(Metrics).registry.getSingleMetricAsString('plimsoll_feed_refused_total'))).toContain(`code="${found.refusals[0]!.code}"`);
    await bench.settled();
    expect(await bench.newEvents(SourceRefused)).toMatchObject([{ source: 'osv-npm', code: expect.stringMatching(code), revision: 1 }]);
  });

  it('says what it would have lost, and a person may say that it is meant', async () => {
    today = gives(zipOf(all.slice(0, 10)));
    await expect(fetchNow()).rejects.toMatchObject({ code: 'feed-shrunk' });
    expect((await bench.ask(GetSource, { source: 'osv-npm' })).refusals[0]).toMatchObject({ change: { added: 0, changed: 0, removed: 90 } });
    expect(await fetchNow({ accept_loss: true })).toMatchObject({ revision: 2, removed: 90 });
    expect((await bench.ask(GetFeedsStatus, {})).sources.find(({ source }) => source === 'osv-npm')).toMatchObject({ state: 'ok', advisories: 10, revision: 2 });
  });

  it('sends one record of two gigabytes: refused before it is held', async () => {
    const path = join(bench.files, 'huge.json'), file = openSync(path, 'w');
    writeSync(file, '{"linux": {"CVE-2026-1": {"description": "');
    closeSync(file);
    truncateSync(path, 2 * 2 ** 30);   // holes: it takes no room, and reads as zeros
    await expect(bench.ask(IngestSource, { source: 'debian-tracker', file: 'huge.json' }, { timeoutMs: 120_000 })).rejects.toMatchObject({ code: 'record-too-large' });
    rmSync(path);
    expect(existsSync(join(scratch, 'refused', 'debian-tracker'))).toBe(false);   // the file was the operator's own
  });

  it('after failures the next look waits twice as long each time, and never longer than on a good day', () => {
    expect([0, 1, 2, 3, 40].map((failures) => waitOf({ interval: 1800 }, failures))).toEqual([1800, 60, 120, 240, 1800]);
  });
});
