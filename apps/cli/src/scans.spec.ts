import { spawn } from 'node:child_process';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ImageEvent, PushOperation } from '@plimsoll/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { placeText, readingText, Speed } from './follow-push.ts';
import { ageOf } from './scans.ts';
import { aHome, bin, node, type Ran } from './plimsoll.spec-helper.ts';

const id = '0b0cf52e-6a5f-4b8e-9c3e-0a8e34b4c101';
const digest = `sha256:${'a'.repeat(64)}`;
const operation = (change: Partial<PushOperation> = {}): PushOperation => ({
  id, project: 'default', target: 'r.example/team/app:1', state: 'pushed', done: false, priority: 'push', notifications: 0,
  scan: { state: 'queued', attempt: 0, ahead: 12, queued_at: '2026-01-01T00:00:00Z' },
  created_at: '2026-01-01T00:00:00.000Z', updated_at: '2026-01-01T00:00:00.000Z', links: { self: '', events: '' }, ...change,
});

let server: http.Server, url: string;
const home = aHome();
/** What the platform answers by `METHOD /path`, and what it was asked. */
let answers: Record<string, unknown>, events: Partial<ImageEvent>[], asked: string[];
beforeAll(async () => {
  server = http.createServer((request, response) => {
    const path = request.url!.split('?')[0]!;
    const body: Buffer[] = [];
    request.on('data', (part: Buffer) => body.push(part)).on('end', () => {
      asked.push(`${request.method} ${request.url}${body.length ? ` ${Buffer.concat(body)}` : ''}`);
      if (path.endsWith('/events')) {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (const event of events) response.write(`data: ${JSON.stringify({ at: '2026-01-01T10:00:00Z', project: 'default', ...event })}\n\n`);
        return;   // stays open, as a stream does
      }
      const answer = answers[`${request.method} ${path}`];
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? { detail: 'there is no such thing', code: 'missing' }));
    });
  });
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => { answers = {}; events = []; asked = []; });
afterAll(() => { server.close(); server.closeAllConnections(); home.remove(); });

const env = (): Record<string, string> => ({ PLIMSOLL_URL: url, PLIMSOLL_TOKEN: 't' });
const run = (...words: string[]): Promise<Ran> => home.plimsoll(words, { env: env() });
const path = '/v1/projects/default';

describe('plimsoll scans', () => {
  it('shows where each scan is', async () => {
    answers[`GET ${path}/operations`] = { items: [operation(), operation({ state: 'indexing', scan: { state: 'running', attempt: 1, queued_at: '' }, progress: { layers_done: 1, layers_total: 3, bytes_done: 2_000_000, bytes_total: 9_000_000 } }),
      operation({ scan: { state: 'queued', attempt: 2, ahead: 0, waits_for: 'retry', problem: 'r.example answers 503', queued_at: '' }, priority: 'admission' })], total: { count: 3, relation: 'EXACT' } };
    const { out, code } = await run('scans');
    expect(code).toBe(0);
    expect(out.split('\n').map((line) => line.replaceAll(/ +/g, ' ').replace(/\d+ d /, '').trim())).toEqual([
      'Scan Image Priority Age State',
      '0b0cf52e r.example/team/app:1 push waits; 12 scans go before it',
      '0b0cf52e r.example/team/app:1 push reading layers: 1 of 3, 2.0 of 9.0 MB',
      '0b0cf52e r.example/team/app:1 admission waits for its registry; tried 2 times: r.example answers 503', '',
    ]);
    expect(asked).toEqual([`GET ${path}/operations?open=true`]);
    await run('scans', 'list', '--all', '--limit', '5');
    expect(asked.at(-1)).toBe(`GET ${path}/operations?limit=5`);
  });

  it('cancels, and says what it cannot', async () => {
    answers[`POST ${path}/operations/${id}/cancel`] = operation({ state: 'cancelled', done: true });
    expect(await run('scans', 'cancel', id)).toMatchObject({ code: 0, out: `cancelled ${id}  r.example/team/app:1\n` });
    answers[`GET ${path}/operations`] = { items: [operation(), operation({ id: '0b0cf99e-0000-4000-8000-000000000000' })], total: { count: 2, relation: 'EXACT' } };
    expect(await run('scans', 'cancel', '0b0cf5')).toMatchObject({ code: 0, out: `cancelled ${id}  r.example/team/app:1\n` });
    asked = [];
    expect(await run('scans', 'cancel', '0b0cf5', '0b')).toMatchObject({ code: 1, err: expect.stringContaining('0b is the beginning of 2 scans') });
    expect(await run('scans', 'cancel', 'ffff')).toMatchObject({ code: 1, err: expect.stringContaining('no scan begins with ffff') });
    expect(asked.some((one) => one.startsWith('POST'))).toBe(false);
    expect(await run('scans', 'cancel')).toMatchObject({ code: 1, err: expect.stringContaining('needs one ID') });
    expect(await run('scans', 'stop')).toMatchObject({ code: 1, err: expect.stringContaining('choose from list, show, follow, cancel') });
  });

  it('shows one, for people and for programs', async () => {
    answers[`GET ${path}/operations/${id}`] = operation({ state: 'rejected', done: true, scan: undefined, problem: { kind: 'invalid', detail: 'layer 2 ends early' } });
    expect((await run('scans', 'show', id)).out).toContain('rejected: layer 2 ends early');
    expect(JSON.parse((await run('scans', 'show', id, '--json')).out)).toMatchObject({ state: 'rejected' });
  });
});

describe('plimsoll push', () => {
  it('follows to the end: a cancelled scan is exit 1, with the reason', async () => {
    answers[`POST ${path}/images`] = operation();
    answers[`GET ${path}/operations/${id}`] = operation({ state: 'cancelled', done: true, why: 'somebody cancelled it' });
    events = [{ type: 'image.pushed' }, { type: 'image.indexing', progress: { layers_done: 0, layers_total: 2, bytes_done: 0, bytes_total: 10 } }, { type: 'scan.cancelled', why: 'somebody cancelled it' }];
    const { code, err } = await run('push', 'r.example/team/app:1', '--priority', 'admission');
    expect(code).toBe(1);
    expect(err.split('\n')).toEqual(['10:00:00  accepted', '10:00:00  cancelled: somebody cancelled it', 'plimsoll: the scan was cancelled: somebody cancelled it', '']);
    expect(asked[0]).toBe(`POST ${path}/images {"target":"r.example/team/app:1","priority":"admission"}`);
  });

  it('detached prints how to follow it', async () => {
    answers[`POST ${path}/images`] = operation();
    expect(await run('push', 'r.example/team/app:1', '--detach')).toMatchObject({ code: 0, out: `${id}\nfollow it with \`plimsoll scans follow 0b0cf52e\`\n` });
  });

  it('of all platforms is a push of each', async () => {
    answers[`GET ${path}/platforms`] = { platforms: ['linux/amd64', 'linux/arm64/v8'] };
    answers[`POST ${path}/images`] = operation();
    answers[`GET ${path}/operations/${id}`] = operation({ state: 'cancelled', done: true });
    events = [{ type: 'scan.cancelled', why: 'x' }];
    expect((await run('push', 'r.example/app:1', '--platform', 'all')).code).toBe(1);
    expect(asked.filter((one) => /POST|platforms/.test(one))).toEqual([
      `GET ${path}/platforms?target=r.example%2Fapp%3A1`,
      `POST ${path}/images {"target":"r.example/app:1","platform":"linux/amd64"}`, `POST ${path}/images {"target":"r.example/app:1","platform":"linux/arm64/v8"}`]);
  });

  it('interrupted leaves the scan to itself, and says so', async () => {
    answers[`POST ${path}/images`] = operation();
    answers[`GET ${path}/operations/${id}`] = operation();
    events = [{ type: 'image.pushed' }];
    const child = spawn(node, [bin, 'push', 'r.example/team/app:1'], { cwd: home.path, env: { PATH: process.env['PATH']!, HOME: home.path, ...env() }, stdio: ['ignore', 'ignore', 'pipe'] });
    let err = '';
    child.stderr.on('data', (part: Buffer) => { if (!err.includes('accepted') && `${err}${part}`.includes('accepted')) child.kill('SIGINT'); err += part; });
    expect(await new Promise((done) => child.once('exit', done))).toBe(130);
    expect(err).toContain(`The scan goes on: plimsoll scans follow ${id}`);
    expect(asked.some((one) => one.includes('cancel'))).toBe(false);
  });
});

describe('plimsoll images rm', () => {
  it('forgets by digest and by reference, and nothing when one name is wrong', async () => {
    const image = { digest, reference: 'r.example/team/app:1' };
    answers[`GET ${path}/images/${digest}`] = image;
    answers[`GET ${path}/images`] = { items: [image], total: { count: 1, relation: 'EXACT' } };
    answers[`DELETE ${path}/images/${digest}`] = {};
    expect(await run('images', 'rm', digest, 'team/app')).toMatchObject({ code: 0, out: expect.stringContaining('forgotten sha256:aaaaaaaaaaaa') });
    expect(asked.filter((one) => one.startsWith('DELETE'))).toHaveLength(2);
    answers[`GET ${path}/images`] = { items: [], total: { count: 0, relation: 'EXACT' } };
    asked = [];
    expect(await run('images', 'rm', digest, 'nothing')).toMatchObject({ code: 1, err: expect.stringContaining('no image like nothing') });
    expect(asked.some((one) => one.startsWith('DELETE'))).toBe(false);
  });
});

describe('plimsoll upkeep', () => {
  it('changes one rule and leaves the others', async () => {
    answers[`GET ${path}/upkeep`] = { keep_last: 5, rescan_days: 1 };
    answers[`PUT ${path}/upkeep`] = { keep_last: 5, keep_days: 30 };
    expect(await run('upkeep', '--keep-days', '30', '--rescan-days', 'none')).toMatchObject({ code: 0, out: 'An image stays while it is among the last 5 of its repository, or for 30 days after its last push.\nTags are looked up when they are pushed.\n' });
    expect(asked.at(-1)).toBe(`PUT ${path}/upkeep {"keep_last":5,"keep_days":30}`);
    expect(await run('upkeep', '--keep-last', 'many')).toMatchObject({ code: 1, err: expect.stringContaining('--keep-last is a number or `none`') });
  });
});

describe('what is shown of a scan', () => {
  it('is its place, or how far and how fast it is', () => {
    expect(placeText({ state: 'queued', attempt: 0, ahead: 0, queued_at: '' })).toBe('waits; it is next');
    expect(placeText({ state: 'queued', attempt: 0, ahead: 1, queued_at: '' })).toBe('waits; 1 scan goes before it');
    expect(placeText({ state: 'queued', attempt: 0, waits_for: 'layer', queued_at: '' })).toBe('waits for a layer that another scan is reading');
    expect(readingText({ layers_done: 1, layers_total: 4, bytes_done: 50e6, bytes_total: 1.05e9 }, 100e6)).toBe('reading layers: 1 of 4, 50.0 of 1050 MB, 100 MB/s, 10 s left');
  });

  it('is its age', () => {
    const at = Date.parse('2026-01-10T00:00:00Z');
    expect(['2026-01-09T23:59:58Z', '2026-01-09T23:50:00Z', '2026-01-09T20:00:00Z', '2026-01-05T00:00:00Z', '2026-01-11T00:00:00Z'].map((time) => ageOf(time, at))).toEqual(['2 s', '10 min', '4 h', '5 d', '0 s']);
  });

  it('is no speed until there is one', () => {
    const speed = new Speed();
    expect(speed.of(0, 0)).toBeUndefined();
    expect(speed.of(1_000, 100)).toBeUndefined();
    expect(speed.of(2_000_000, 1_000)).toBe(2_000_000);
    for (let at = 2_000; at <= 10_000; at += 1_000) speed.of(2_000_000 + at * 10, at);
    expect(speed.of(2_110_000, 11_000)).toBeCloseTo(10_000, -1);
  });
});
