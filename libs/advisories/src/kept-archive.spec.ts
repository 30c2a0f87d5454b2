import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesOf, defaultFeedLimits } from './feed.ts';
import { zipOf } from './feeds.spec-helper.ts';
import { fetchSource } from './fetch-source.ts';
import { changedSince } from './kept-archive.ts';
import { patchZip } from './patch-zip.ts';
import { recordsOf } from './records-of.ts';

/** A publisher of records: what it has, when each changed, and what it was asked for. */
let server: Server, base: string, keep: string, asked: string[];
let published: Map<string, { readonly text: string; readonly time: string }>;
const day = (n: number) => `2026-01-0${n}T00:00:00Z`;
const osv = (id: string, summary: string) => JSON.stringify({ id, summary, modified: day(1) });
const list = () => [...published].sort(([, a], [, b]) => a.time < b.time ? 1 : -1).map(([id, { time }]) => `${time},${id}\n`).join('');

beforeEach(async () => {
  keep = mkdtempSync(join(tmpdir(), 'kept-'));
  asked = [];
  published = new Map([['GHSA-1', { text: osv('GHSA-1', 'one'), time: day(1) }], ['GHSA-2', { text: osv('GHSA-2', 'two'), time: day(2) }]]);
  server = createServer((request, response) => {
    const name = request.url!.slice(1), etag = `"${Buffer.from(list()).toString('base64url')}"`;
    asked.push(name);
    if (name === 'modified_id.csv') return request.headers['if-none-match'] === etag ? response.writeHead(304).end() : response.writeHead(200, { etag }).end(list());
    if (name === 'all.zip') return response.end(zipOf(Object.fromEntries([...published].map(([id, { text }]) => [`${id}.json`, text]))));
    const record = published.get(name.replace('.json', ''));
    return record === undefined || record.text === '' ? response.writeHead(404).end() : response.end(record.text);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await new Promise((done) => server.close(done));
  rmSync(keep, { recursive: true });
});

let validators: Readonly<Record<string, string>>;
const source = () => ({ id: 'osv-test', urls: [`${base}/all.zip`], changes: { url: `${base}/modified_id.csv`, record: (name: string) => `${base}/${name}.json` } });
/** What was asked for, and every record's summary; nothing when nothing changed. */
async function update(): Promise<{ asked: string[]; found: Record<string, string> } | undefined> {
  asked = [];
  const fetched = await fetchSource(source(), validators, { keep, signal: AbortSignal.timeout(10_000) });
  if (fetched === undefined) return undefined;
  validators = fetched.validators;
  const found: Record<string, string> = {};
  for await (const record of fetched.records()) {
    const { id, summary } = JSON.parse((await bytesOf(record, 1e6)).toString()) as { id: string; summary: string };
    found[id] = summary;
  }
  await fetched.close();
  expect(readdirSync(join(keep, 'osv-test')).sort()).toEqual(['all.zip', 'state.json']);
  return { asked, found };
}

describe('an archive that is kept', () => {
  beforeEach(async () => {
    validators = {};
    expect(await update()).toEqual({ asked: ['modified_id.csv', 'all.zip'], found: { 'GHSA-1': 'one', 'GHSA-2': 'two' } });
  });

  it('is not asked for again while nothing changed', async () => {
    expect(await update()).toBeUndefined();
    expect(asked).toEqual(['modified_id.csv']);
  });

  it('is given again to who forgot it', async () => {
    validators = {};
    expect(await update()).toEqual({ asked: ['modified_id.csv'], found: { 'GHSA-1': 'one', 'GHSA-2': 'two' } });
  });

  it('takes in what changed and what is new, record by record', async () => {
    published.set('GHSA-1', { text: osv('GHSA-1', 'one, but better'), time: day(3) });
    published.set('GHSA-3', { text: osv('GHSA-3', 'three'), time: day(4) });
    // What changed at the very moment of the last look is looked at again.
    expect(await update()).toEqual({ asked: expect.arrayContaining(['modified_id.csv', 'GHSA-1.json', 'GHSA-2.json', 'GHSA-3.json']), found: { 'GHSA-1': 'one, but better', 'GHSA-2': 'two', 'GHSA-3': 'three' } });
    expect(asked).not.toContain('all.zip');
    expect(await update()).toBeUndefined();
  });

  it.each<[string, () => void]>([
    ['a record that is not there', () => published.set('GHSA-3', { text: '', time: day(4) })],
    ['a record that is another', () => published.set('GHSA-3', { text: osv('GHSA-4', 'four'), time: day(4) })],
    ['a record that is none', () => published.set('GHSA-3', { text: '<html>', time: day(4) })],
    ['an archive that is a week old', () => { const file = join(keep, 'osv-test/state.json'); writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')) as object, whole: '2026-01-01T00:00:00Z' })); }],
    ['a state that cannot be read', () => writeFileSync(join(keep, 'osv-test/state.json'), '{')],
    ['an archive that is gone', () => rmSync(join(keep, 'osv-test/all.zip'))],
  ])('is fetched whole for %s', async (_, happen) => {
    happen();
    published.set('GHSA-2', { text: osv('GHSA-2', 'two'), time: day(5) });
    asked = [];
    await fetchSource(source(), validators, { keep, signal: AbortSignal.timeout(10_000) });
    expect(asked).toContain('all.zip');
  });
});

it.each([[`${day(2)},GHSA-2\n${day(1)},GHSA-1\n`, day(2), ['GHSA-2']], [`${day(1)},npm/GHSA-1\r\n${day(3)},PyPI/GHSA-3\r\n`, day(2), ['GHSA-3']], [`${day(1)},GHSA-1\n`, day(2), []]])('changes in %j since %s', (text, since, expected) => {
  expect(changedSince(text, since)).toEqual(expected);
});
it('a list without any change in it is no list', () => expect(() => changedSince('{"error": 1}', day(1))).toThrow(expect.objectContaining({ code: 'source-list' })));

it('an archive of many files stays one, whatever is changed in it', async () => {
  const files = Object.fromEntries(Array.from({ length: 66_000 }, (_, n) => [`${n}.json`, String(n)])), [from, to] = [join(keep, 'from.zip'), join(keep, 'to.zip')];
  writeFileSync(from, zipOf(files, { zip64: true }));
  await patchZip(from, to, new Map([['7.json', Buffer.from('seven')], ['new.json', Buffer.from('new')]]), defaultFeedLimits);
  const found: Record<string, string> = {};
  for await (const record of recordsOf(to)) found[record.name] = (await bytesOf(record, 100)).toString();
  expect(found).toEqual({ ...files, '7.json': 'seven', 'new.json': 'new' });
}, 60_000);
