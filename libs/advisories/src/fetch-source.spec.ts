import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchSource } from './fetch-source.ts';
import { parseOsv } from './osv.ts';
import { readFeed } from './read-feed.ts';
import type { Source } from './sources.ts';

const record = (id: string) => JSON.stringify({ id, modified: '2026-01-01T00:00:00Z', affected: [{ package: { ecosystem: 'npm', name: 'left' }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.0.0' }] }] }] });

let server: Server, base: string, scratch: string, requests: IncomingMessage[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
beforeEach(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'fetch-'));
  requests = [];
  server = createServer((request, response) => { requests.push(request); answer(request, response); });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  rmSync(scratch, { recursive: true });
});

const source = (...paths: string[]): Source => ({ id: 'osv-npm', title: 'test', urls: paths.map((path) => `${base}${path}`), parse: parseOsv, kind: 'language', interval: 60, floor: 1 });
const take = (from: Source, validators = {}, more = {}) => fetchSource(from, validators, { scratch, signal: AbortSignal.timeout(10_000), ...more });
const ids = async (from: Source, fetched: Awaited<ReturnType<typeof take>>) => {
  const found: string[] = [];
  for await (const reading of readFeed(from, fetched!.records())) if (reading.kind === 'advisory') found.push(reading.advisory.id);
  return found;
};

describe('a source', () => {
  it('is fetched once and not again while its publisher says that nothing changed', async () => {
    answer = (request, response) => request.headers['if-none-match'] === '"one"' ? response.writeHead(304).end() : response.writeHead(200, { etag: '"one"' }).end(record('GHSA-1'));
    const from = source('/a.json'), first = await take(from);
    expect(await ids(from, first)).toEqual(['GHSA-1']);
    expect(first!.validators).toEqual({ [from.urls[0]!]: '"one"' });
    await first!.close();
    expect(await take(from, first!.validators)).toBeUndefined();
    expect(readdirSync(scratch)).toEqual([]);
  });

  it('whose files are listed is fetched by its list, and again when the list names another', async () => {
    let listed = ['/a.json', '/b.json'];
    const from: Source = { ...source(), list: async (ask) => (await ask(`${base}/list`)).split(' ').map((path) => `${base}${path}`) };
    answer = (request, response) => request.url === '/list' ? response.end(listed.join(' ')) : request.headers['if-none-match'] === '"one"' ? response.writeHead(304).end() : response.writeHead(200, { etag: '"one"' }).end(record(`GHSA${request.url![1]!}`));
    const first = await take(from);
    expect(await ids(from, first)).toEqual(['GHSAa', 'GHSAb']);
    await first!.close();
    expect(await take(from, first!.validators)).toBeUndefined();
    listed = ['/a.json', '/c.json'];
    const second = await take(from, first!.validators);
    expect(await ids(from, second)).toEqual(['GHSAa', 'GHSAc']);
    await second!.close();
  });
  it('of very many files asks for a few at a time, and keeps their order', async () => {
    let open = 0, most = 0;
    answer = (request, response) => { most = Math.max(most, ++open); setTimeout(() => { open--; response.end(record(`GHSA${request.url!.slice(1, -5)}`)); }, Math.random() * 5); };
    const paths = Array.from({ length: 60 }, (_, index) => `/${index}.json`), from = source(...paths), fetched = await take(from);
    expect(await ids(from, fetched)).toEqual(paths.map((path) => `GHSA${path.slice(1, -5)}`));
    expect(most).toBeLessThanOrEqual(8);
    await fetched!.close();
  });

  it('asks by date where there is no ETag', async () => {
    const date = 'Mon, 01 Jun 2026 00:00:00 GMT';
    answer = (request, response) => request.headers['if-modified-since'] === date ? response.writeHead(304).end() : response.writeHead(200, { 'last-modified': date }).end(record('GHSA-1'));
    const from = source('/a.json'), first = await take(from);
    await first!.close();
    expect(await take(from, first!.validators)).toBeUndefined();
  });

  it('of several files is fetched whole when one of them is new', async () => {
    answer = (request, response) => request.url === '/a.json' && request.headers['if-none-match'] ? response.writeHead(304).end() : response.writeHead(200, { etag: '"x"' }).end(record(`GHSA${request.url![1]!}`));
    const from = source('/a.json', '/b.json'), fetched = await take(from, { [`${base}/a.json`]: '"x"' });
    expect(await ids(from, fetched)).toEqual(['GHSAa', 'GHSAb']);
    await fetched!.close();
  });

  it('comes from a mirror under its publisher\'s host and path', async () => {
    answer = (_request, response) => response.writeHead(200).end(record('GHSA-1'));
    const fetched = await take({ ...source(), urls: ['https://feeds.example/npm/all.json?x=1'] }, {}, { mirror: `${base}/mirror/` });
    expect(requests.map(({ url }) => url)).toEqual(['/mirror/feeds.example/npm/all.json?x=1']);
    await fetched!.close();
  });

  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void, string]>([
    ['a web page', (_request, response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html>'), 'feed-not-json'],
    ['an error', (_request, response) => response.writeHead(503).end(), 'source-answer'],
    ['half an answer', (_request, response) => { response.writeHead(200, { 'content-length': '1000' }); response.write('{"id"'); setTimeout(() => response.destroy(), 20); }, 'source-unreachable'],
    ['nothing at all', (request) => request.socket.destroy(), 'source-unreachable'],
  ])('that answers with %s is refused by name and leaves nothing behind', async (_, how, code) => {
    answer = how;
    await expect(take(source('/a.json'))).rejects.toMatchObject({ code });
    expect(readdirSync(scratch)).toEqual([]);
  });

  it('stops when told to', async () => {
    answer = (_request, response) => { response.writeHead(200); response.write('{'); };
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    await expect(fetchSource(source('/a.json'), {}, { scratch, signal: stop.signal })).rejects.toBeDefined();
    expect(readdirSync(scratch)).toEqual([]);
  });
});
