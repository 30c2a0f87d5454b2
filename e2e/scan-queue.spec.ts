import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ImageIndexed, ImagePushed, ImageRejected } from '@plimsoll/contracts';
import { blobFile, buildImage, serveRegistry, type BuiltImage, type ServedRegistry } from '@plimsoll/oci/testing';
import { endChild, startLogged, waitUntil } from '@plimsoll/tools/children';
import { freePort } from '@plimsoll/tools/ports';
import { repository } from '@plimsoll/tools/repository';
import { testBench, type TestBench } from '@plimsoll/tools/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from './bench.ts';
import { base, npm } from './images.ts';

/**
 * Two scanner processes share many queued images while they are killed: each layer is fetched once, each image indexed once.
 * Only a layer whose reader was killed before it could keep what it found is fetched again.
 */
const images = Number(process.env['PLIMSOLL_E2E_SCANS'] ?? 150);
const kills = Number(process.env['PLIMSOLL_E2E_KILLS'] ?? 6);
/** For the slowest machine that is used. */
const patienceMs = 120_000 + images * 1_000;
const hasRegistry = spawnSync('sh', ['-c', 'command -v docker-registry']).status === 0;

let bench: TestBench, layout: string, registry: { host: string; close(): Promise<void> }, door: CountingDoor;
const scanners: Scanner[] = [];
beforeAll(async () => {
  layout = mkdtempSync(join(tmpdir(), 'plimsoll-queue-'));
  [bench, registry] = await Promise.all([testBench(), hasRegistry ? realRegistry() : serveRegistry(layout)]);
  door = await countingDoor(registry.host);
}, 120_000);
afterAll(async () => {
  for (const scanner of scanners) await endChild(scanner.child, { signal: 'SIGKILL' });
  await door?.close();
  await registry?.close();
  await bench?.close();
  rmSync(layout, { recursive: true, force: true });
});

it(`${images} queued images, two scanners, ${kills} kills, ${hasRegistry ? 'docker-registry' : 'a registry of the test\'s own (docker-registry is not installed)'}`, async () => {
  const built = await makeImages();
  const ids = await Promise.all(built.map(async ({ name }, i) => {
    const push = randomUUID();
    await bench.say(ImagePushed, { push, project: `project-${i % 7}`, target: `${door.host}/${name}` });
    return push;
  }));
  for (let i = 0; i < 2; i++) scanners.push(await startScanner(i));

  const db = await bench.postgres.admin();
  try {
    const count = async (sql: string): Promise<number> => Number(((await db.query(sql)).rows[0] as { n: string }).n);
    const ended = (): Promise<number> => count(`select count(*) as n from scanner.scans where state = 'ended'`);
    // 1. kills, spread over the work
    const killed = new Set<string>();
    for (let i = 1; i <= kills; i++) {
      await eventually(async () => expect(await ended()).toBeGreaterThanOrEqual(Math.floor(images * i / (kills + 2))), 120_000, 20);
      const scanner = scanners[i % 2]!;
      scanner.child.kill('SIGKILL');
      killed.add(scanner.name);
      scanners[i % 2] = await startScanner(i % 2);
    }
    await eventually(async () => expect(await ended()).toBe(images), patienceMs, 100);
    await eventually(async () => expect(await count('select count(*) as n from scanner.outbox')).toBe(0), 30_000);

    // 2. each image once: one event for each push, one row for each image
    const indexed = await bench.said(ImageIndexed);
    expect(await bench.said(ImageRejected)).toEqual([]);
    expect(indexed.map(({ push }) => push).sort()).toEqual([...ids].sort());
    expect(new Set(indexed.map(({ image }) => image.digest))).toEqual(new Set(built.map(({ digest }) => digest)));
    expect(indexed.every(({ packages, problems }) => packages === 5 && problems === 0)).toBe(true);
    expect(await count('select count(*) as n from scanner.images')).toBe(images);
    expect(await count(`select count(*) as n from scanner.scans where deaths > ${kills} or attempt > 1`)).toBe(0);

    // 3. each layer once; who fetched it before was killed, and no kill costs more than its scanner's threads had in hand
    const layers = new Set(built.flatMap((image) => image.layers.map(({ digest }) => digest)));
    expect([...layers].filter((digest) => !door.fetches.has(digest))).toEqual([]);
    const readers = [...layers].map((digest) => [digest, door.fetches.get(digest)!] as const);
    expect(readers.filter(([, names]) => !names.slice(0, -1).every((name) => killed.has(name)))).toEqual([]);
    const again = readers.reduce((sum, [, names]) => sum + names.length - 1, 0);
    expect(again).toBeLessThanOrEqual(kills * availableParallelism());
    console.log(`${images} images, ${layers.size} layers; ${again} fetched again because of ${kills} kills`);
  } finally {
    await db.end();
  }
}, 2 * patienceMs);

/** Three layers each: one of 5, one of 25, one of its own. */
async function makeImages(): Promise<(BuiltImage & { name: string })[]> {
  const made: (BuiltImage & { name: string })[] = [];
  for (let i = 0; i < images; i++) {
    const name = `team/app-${i % 40}:${i}`;
    made.push({ name, ...await buildImage({ layout, reference: name, layers: [
      { entries: [...base, { path: 'usr/share/large', content: Buffer.alloc(400_000, `${i % 5}`) }] },
      { entries: [npm(`middle-${i % 25}`, '1.0.0')] },
      { entries: [npm(`own-${i}`, '1.0.0')] },
    ] }) });
  }
  if (hasRegistry) await upload(made);
  return made;
}

/** Over the distribution API; a thousand runs of a copying program would take longer than the test. */
async function upload(made: readonly (BuiltImage & { name: string })[]): Promise<void> {
  const there = new Set<string>();
  const send = async (path: string, init: RequestInit): Promise<Response> => {
    const response = await fetch(path.startsWith('http') ? path : `http://${registry.host}${path}`, init);
    if (!response.ok) throw new Error(`${init.method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  const blob = async (repo: string, digest: string): Promise<void> => {
    if (there.has(`${repo} ${digest}`)) return;
    there.add(`${repo} ${digest}`);
    const location = (await send(`/v2/${repo}/blobs/uploads/`, { method: 'POST' })).headers.get('location')!;
    await send(`${location}${location.includes('?') ? '&' : '?'}digest=${digest}`, { method: 'PUT', body: readFileSync(blobFile(layout, digest)), headers: { 'content-type': 'application/octet-stream' } });
  };
  let next = 0;
  await Promise.all(Array.from({ length: 8 }, async () => {
    while (next < made.length) {
      const image = made[next++]!, [repo, tag] = image.name.split(':') as [string, string];
      const manifest = readFileSync(blobFile(layout, image.digest));
      const { config, mediaType } = JSON.parse(manifest.toString('utf8')) as { config: { digest: string }; mediaType: string };
      for (const digest of [config.digest, ...image.layers.map((layer) => layer.digest)]) await blob(repo, digest);
      await send(`/v2/${repo}/manifests/${tag}`, { method: 'PUT', body: manifest, headers: { 'content-type': mediaType } });
    }
  }));
}

/** `fetches`: by whom each blob was fetched, in order. */
interface CountingDoor { readonly host: string; readonly fetches: Map<string, string[]>; close(): Promise<void> }

/** Hands every request on to the registry, and notes who asked for which blob: every scanner signs in under a name of its own. */
async function countingDoor(to: string): Promise<CountingDoor> {
  const fetches = new Map<string, string[]>();
  const [hostname, port] = to.split(':') as [string, string];
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((request, response) => {
    const digest = /\/blobs\/(sha256:[0-9a-f]{64})$/.exec(request.url ?? '')?.[1];
    const { authorization, ...headers } = request.headers;
    if (!authorization) { response.writeHead(401, { 'www-authenticate': 'Basic realm="door"' }).end(); return; }
    const name = Buffer.from(authorization.slice('Basic '.length), 'base64').toString('utf8').split(':')[0]!;
    if (digest && request.method === 'GET') fetches.set(digest, [...fetches.get(digest) ?? [], name]);
    const onward = http.request({ hostname, port, agent, method: request.method, path: request.url, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`, fetches,
    close: () => new Promise((done) => { server.close(() => done()); server.closeAllConnections(); agent.destroy(); }),
  };
}

async function realRegistry(): Promise<Pick<ServedRegistry, 'host' | 'close'>> {
  const home = mkdtempSync(join(tmpdir(), 'docker-registry-')), host = `127.0.0.1:${await freePort()}`;
  const config = join(home, 'config.yml');
  writeFileSync(config, JSON.stringify({ version: 0.1, log: { level: 'error', accesslog: { disabled: true } }, storage: { filesystem: { rootdirectory: join(home, 'data') } }, http: { addr: host, secret: createHash('sha256').update(home).digest('hex') } }));
  const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  await waitUntil('docker-registry', async () => (await fetch(`http://${host}/v2/`)).ok, { child });
  return { host, close: async () => { await endChild(child); rmSync(home, { recursive: true, force: true }); } };
}

interface Scanner { readonly name: string; readonly child: ChildProcess }
let started = 0;

/** One scanner as a process of its own, and nothing else of the platform. */
async function startScanner(index: number): Promise<Scanner> {
  const port = await freePort(), name = `scanner-${++started}`, dockerConfig = join(bench.home, `${name}.json`);
  writeFileSync(dockerConfig, JSON.stringify({ auths: { [door.host]: { auth: Buffer.from(`${name}:secret`).toString('base64') } } }));
  const child = startLogged(process.execPath, [join(repository, 'apps', 'scanner', 'dist', 'main.js')], join(bench.home, 'logs', `scanner-${index}.log`), {
    cwd: repository,
    env: { PATH: process.env['PATH'], ...bench.env('scanner'), PLIMSOLL_SCANNER_PRIVATE_REGISTRIES: 'on', PLIMSOLL_SCANNER_DOCKER_CONFIG: dockerConfig, PLIMSOLL_SCANNER_CONCURRENCY: '4', PLIMSOLL_MANAGEMENT_PORT: String(port), PLIMSOLL_LOG_LEVEL: 'warn' },
  });
  await waitUntil('scanner', async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok, { child, timeoutMs: 60_000 });
  return { name, child };
}
