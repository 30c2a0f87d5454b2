import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import type { CloudEvent } from '../cloud-event.ts';
import { emailSender } from './email.ts';

const event: CloudEvent = {
  specversion: '1.0', id: 'e1', source: '/plimsoll/projects/default', type: 'dev.plimsoll.verdict.changed.v1', subject: 'a', datacontenttype: 'application/json',
  data: { project: 'default', reference: 'registry.example/app:1', decision: 'warn', reasons: [], policy: { name: 'default' }, decided_at: '2026-01-02T03:04:05Z' },
};

const servers: SMTPServer[] = [];
afterEach(async () => { for (const server of servers.splice(0)) await new Promise<void>((resolve) => server.close(() => resolve())); });

interface Heard { readonly mails: string[]; readonly to: string[]; readonly port: number }
const smtp = async (options: Partial<SMTPServerOptions> = {}): Promise<Heard> => {
  const mails: string[] = [], to: string[] = [];
  const server = new SMTPServer({
    authOptional: true, hideSTARTTLS: true, closeTimeout: 100,
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => { mails.push(Buffer.concat(chunks).toString('utf8')); to.push(...session.envelope.rcptTo.map(({ address }) => address)); callback(); });
    },
    ...options,
  });
  server.on('error', () => undefined);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return { mails, to, port: (server.server.address() as AddressInfo).port };
};

const sender = (port: number, credentials = '') => emailSender({ url: `smtp://${credentials}127.0.0.1:${port}`, from: 'Plimsoll <plimsoll@example.org>', connectMs: 2_000 });
const send = (port: number, to = ['ann@example.org', 'bob@example.org'], ms = 5_000) => sender(port)({ id: 'd1', to, event }, AbortSignal.timeout(ms));
const refusing = (address: string, responseCode: number): Partial<SMTPServerOptions> => ({
  onRcptTo: ({ address: to }, _session, callback) => callback(to === address || address === '*' ? Object.assign(new Error('no such mailbox'), { responseCode }) : undefined),
});

describe('a mail', () => {
  it('reaches everybody at once, as text and as HTML, under the id of its delivery', async () => {
    const server = await smtp();
    expect(await send(server.port)).toMatchObject({ kind: 'delivered', answer: expect.stringMatching(/^250 /) as string });
    expect(server.to).toEqual(['ann@example.org', 'bob@example.org']);
    expect(server.mails).toHaveLength(1);
    expect(server.mails[0]).toMatch(/^Subject: \[Plimsoll\] WARN: registry\.example\/app:1\r$/m);
    expect(server.mails[0]).toMatch(/^Message-ID: <d1@example\.org>\r$/m);
    expect(server.mails[0]).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(server.mails[0]).toMatch(/Content-Type: text\/plain[\s\S]*This image may sail, with warnings\.[\s\S]*Content-Type: text\/html/);
  });

  it('names those whom the server refuses', async () => {
    const server = await smtp(refusing('bob@example.org', 550));
    expect(await send(server.port)).toMatchObject({ kind: 'delivered', answer: expect.stringContaining('refused for bob@example.org') as string });
  });

  it.each([[550, 'refused'], [450, 'failed']])('is %i for all: %s', async (code, kind) => {
    const server = await smtp(refusing('*', code));
    expect(await send(server.port)).toMatchObject({ kind, answer: expect.stringContaining(String(code)) as string });
  });

  it('is tried again when the server is away, silent, or refuses our login', async () => {
    const { port } = await smtp({ onConnect: () => undefined });
    expect(await send(port, ['ann@example.org'], 300)).toEqual({ kind: 'failed', answer: 'timeout' });
    const strict = await smtp({ authOptional: false, allowInsecureAuth: true, onAuth: (_auth, _session, callback) => callback(new Error('wrong password')) });
    const outcome = await sender(strict.port, 'user:hunter2@')({ id: 'd1', to: ['ann@example.org'], event }, AbortSignal.timeout(5_000));
    expect(outcome).toMatchObject({ kind: 'failed', answer: expect.stringContaining('535') as string });
    expect(JSON.stringify(outcome)).not.toContain('hunter2');
    const { port: away } = await smtp();
    await new Promise<void>((resolve) => servers.at(-1)!.close(() => resolve()));
    expect(await send(away)).toMatchObject({ kind: 'failed', answer: 'connection failed' });
  });

  it('is not sent over TLS that nobody vouches for', async () => {
    const server = await smtp({ hideSTARTTLS: false });
    expect(await send(server.port)).toMatchObject({ kind: 'failed' });
    expect(server.mails).toHaveLength(0);
  });
});
