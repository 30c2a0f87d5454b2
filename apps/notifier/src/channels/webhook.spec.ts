import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import { guarding, readNetworks, type Resolve } from '../addresses.ts';
import type { CloudEvent } from '../cloud-event.ts';
import { sendWebhook } from './webhook.ts';

const event: CloudEvent = { specversion: '1.0', id: 'e1', source: '/plimsoll/projects/default', type: 'dev.plimsoll.verdict.changed.v1', subject: 'a', datacontenttype: 'application/json', data: {} };
const loopback = readNetworks(['127.0.0.0/8']);

const servers: Server[] = [];
const receiver = async (listener: RequestListener): Promise<{ port: number; heard: IncomingMessage[] }> => {
  const heard: IncomingMessage[] = [];
  const server = createServer((request, response) => { heard.push(request); request.resume(); listener(request, response); });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, heard };
};
afterEach(() => { for (const server of servers.splice(0)) { server.closeAllConnections(); server.close(); } });

const send = (url: string, { resolve, allowed = loopback, ms = 5_000, connectMs = 2_000 }: { resolve?: Resolve; allowed?: typeof loopback; ms?: number; connectMs?: number } = {}) =>
  sendWebhook({ id: 'd1', url, event, secrets: ['whsec_AAAA'] }, { guard: guarding(allowed, resolve), connectMs }, AbortSignal.timeout(ms));

describe('one webhook', () => {
  it.each([[200, 'delivered', '200 OK'], [204, 'delivered', '204 No Content'], [299, 'delivered', '299'], [400, 'failed', '400 Bad Request'], [410, 'gone', '410 Gone'], [500, 'failed', '500 Internal Server Error']])(
    'answered %i is %s', async (status, kind, answer) => {
      const { port } = await receiver((_request, response) => response.writeHead(status).end('thanks'));
      expect(await send(`http://127.0.0.1:${port}/hook?team=a`)).toMatchObject({ kind, answer });
    });

  it.each([429, 503])('answered %i is tried again when the receiver asks', async (status) => {
    const { port } = await receiver((_request, response) => response.writeHead(status, { 'retry-after': '7' }).end());
    expect(await send(`http://127.0.0.1:${port}/`)).toMatchObject({ kind: 'failed', askedMs: 7_000 });
  });

  it('does not follow a redirect', async () => {
    const inside = await receiver((_request, response) => response.end('secrets'));
    const { port } = await receiver((_request, response) => response.writeHead(302, { location: `http://127.0.0.1:${inside.port}/latest/meta-data/` }).end());
    const away = await receiver((_request, response) => response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data/' }).end());
    expect(await send(`http://127.0.0.1:${port}/`)).toEqual({ kind: 'failed', answer: '302 Found: redirects are not followed' });
    expect(await send(`http://127.0.0.1:${away.port}/`)).toEqual({ kind: 'failed', answer: '307 Temporary Redirect: redirects are not followed' });
    expect(inside.heard).toHaveLength(0);
  });

  it('connects to the address that was checked, whatever the name says a moment later', async () => {
    const { port, heard } = await receiver((_request, response) => response.end());
    const answers = ['127.0.0.1', '127.9.9.9', '10.0.0.1'];
    let asked = 0;
    const rebinding: Resolve = () => Promise.resolve([{ address: answers[asked++]!, family: 4 }]);
    expect(await send(`http://hooks.example:${port}/`, { resolve: rebinding })).toMatchObject({ kind: 'delivered' });
    expect(asked).toBe(1);
    expect(heard[0]!.headers.host).toBe(`hooks.example:${port}`);
  });

  it('never reaches a closed address by a name', async () => {
    const { port, heard } = await receiver((_request, response) => response.end());
    const inward: Resolve = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    expect(await send(`https://hooks.example:${port}/`, { resolve: inward, allowed: readNetworks([]) })).toMatchObject({ kind: 'failed', answer: expect.stringContaining('hooks.example is a loopback address') as string });
    expect(await send(`http://localhost:${port}/`, { allowed: readNetworks([]) })).toMatchObject({ kind: 'failed' });
    expect(heard).toHaveLength(0);
  });

  it('gives up on a receiver that says nothing, and on a look-up that does not end', async () => {
    const { port, heard } = await receiver(() => undefined);
    expect(await send(`http://127.0.0.1:${port}/`, { ms: 300 })).toEqual({ kind: 'failed', answer: 'timeout' });
    expect(heard).toHaveLength(1);
    expect(await send('https://hooks.example/', { ms: 100, resolve: () => new Promise(() => undefined) })).toEqual({ kind: 'failed', answer: 'timeout' });
  });

  it('gives up on a handshake that does not end', async () => {
    const silent = (await import('node:net')).createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const sockets = new Set<{ destroy(): void }>();
    silent.on('connection', (socket) => sockets.add(socket));
    try {
      expect(await send(`https://127.0.0.1:${(silent.address() as AddressInfo).port}/`, { connectMs: 200, ms: 20_000 })).toEqual({ kind: 'failed', answer: 'timeout' });
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });

  it('reads little of a long answer and does not wait for a slow one', async () => {
    let written = 0;
    const { port } = await receiver((request, response) => {
      response.writeHead(200);
      const pour = (): void => { while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536; };
      response.on('drain', pour);
      if (request.url === '/slow') response.write('x'); else pour();
    });
    expect(await send(`http://127.0.0.1:${port}/`)).toMatchObject({ kind: 'delivered' });
    expect(written).toBeLessThan(50_000_000);
    expect(await send(`http://127.0.0.1:${port}/slow`, { ms: 300 })).toMatchObject({ kind: 'delivered' });
  });

  it('says what went wrong in plain words', async () => {
    const { port } = await receiver((request) => request.socket.destroy());
    expect(await send(`http://127.0.0.1:${port}/`)).toEqual({ kind: 'failed', answer: 'connection reset' });
    servers[0]!.close();
    await new Promise((resolve) => servers[0]!.once('close', resolve));
    expect(await send(`http://127.0.0.1:${port}/`)).toEqual({ kind: 'failed', answer: 'connection refused' });
  });

  it('refuses a certificate that nobody vouches for', async () => {
    const server = new SMTPServer({ secure: true });   // any TLS server will do; this one brings a self-signed certificate
    server.on('error', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    try {
      expect(await send(`https://127.0.0.1:${(server.server.address() as AddressInfo).port}/`)).toMatchObject({ kind: 'failed', answer: expect.stringContaining('certificate refused') as string });
    } finally {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  });
});
