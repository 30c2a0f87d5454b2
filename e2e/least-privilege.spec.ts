import { connectNats, jetstreamOf } from '@plimsoll/bus';
import { testBench, type TestBench } from '@plimsoll/tools/testing';
import { manifests } from '@plimsoll/tools/services';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Every service can do its own work with its own keys, and nothing else: for each, one forbidden act of each kind. */
let bench: TestBench;
beforeAll(async () => { bench = await testBench(); });
afterAll(async () => { await bench?.close(); });

describe.each(manifests.map((manifest) => [manifest.name, manifest] as const))('%s', (name, manifest) => {
  const another = manifests.find((other) => other.name !== name)!;

  describe('its database role', () => {
    let client: pg.Client;
    beforeAll(async () => {
      client = new pg.Client({ connectionString: bench.env(name)['PLIMSOLL_DATABASE_URL']! });
      await client.connect();
    });
    afterAll(async () => { await client?.end(); });

    it('reads and writes its own tables', async () => {
      await client.query(`insert into ${name}.inbox (id, listener) values ('x', 'y')`);
      await client.query(`delete from ${name}.inbox where id = 'x'`);
    });

    it.each([
      ['reads another service\'s table', `select 1 from ${another.name}.inbox`],
      ['writes another service\'s table', `insert into ${another.name}.outbox (id, subject, body, trace) values (gen_random_uuid(), 'x', '{}', '{}')`],
      ['makes a table', `create table ${name}.forbidden (x int)`],
      ['makes a table in public', 'create table public.forbidden (x int)'],
      ['changes its own table', `alter table ${name}.inbox add column forbidden int`],
      ['drops its own table', `drop table ${name}.inbox`],
      ['becomes its schema\'s owner', `set role ${name}_owner`],
      ['becomes another service', `set role svc_${another.name}`],
      ['reads password hashes', 'select rolpassword from pg_authid'],
      ['reads the server\'s files', `select pg_read_file('/etc/passwd')`],
      ['runs a program', `copy ${name}.inbox from program 'id'`],
      ['makes a role', 'create role forbidden'],
    ])('is refused when it %s', async (_, sql) => {
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
    });

    it('is refused with another service\'s password', async () => {
      const thief = new pg.Client({ connectionString: bench.env(name)['PLIMSOLL_DATABASE_URL']!.replace(`svc_${name}`, `svc_${another.name}`) });
      await expect(thief.connect()).rejects.toMatchObject({ code: '28P01' });
    });
  });

  describe('its NATS user', () => {
    let nats: NatsConnection;
    beforeAll(async () => { nats = await connectNats({ url: bench.nats.url, name, seed: bench.secrets.nats[name]!.seed }); });
    afterAll(async () => { await nats?.close(); });
    const violation = /permissions violation/i;
    const foreign = manifests.flatMap(({ says, publisher = says[0]?.publisher }: { says: typeof manifest.says; publisher?: string }) => publisher === name ? [] : says)[0]!;
    const unasked = manifests.flatMap(({ answers }) => answers).find((request) => !manifest.asks.includes(request) && request.answerer !== name)!;

    it('is refused another service\'s event', () => expect(jetstreamOf(nats).publish(foreign.subject, '{}', { timeout: 2_000 })).rejects.toThrow(violation));
    it('is refused a request its manifest does not list', () => {
      if (!unasked) return expect(manifest.asks.length).toBeGreaterThan(10);   // the gateway asks for people: everything
      return expect(nats.request(unasked.subject, '{}', { timeout: 2_000 })).rejects.toThrow(violation);
    });
    it('is refused to listen to all events', () => expect((async () => { for await (const _ of nats.subscribe('evt.>')) return; })()).rejects.toThrow(violation));
    it('is refused to read another\'s answers', () => expect((async () => { for await (const _ of nats.subscribe(`_INBOX.${another.name}.>`)) return; })()).rejects.toThrow(violation));
    it('is refused to answer for another', () => {
      const theirs = manifests.find((other) => other.name !== name && other.answers.length)!.answers[0]!;
      return expect((async () => { for await (const _ of nats.subscribe(theirs.subject)) return; })()).rejects.toThrow(violation);
    });
    it('is refused to make a consumer', () => expect(jetstreamManager(nats, { checkAPI: false }).then((manager) => manager.consumers.add('EVENTS', { durable_name: 'spy' }))).rejects.toThrow(violation));
    it('is refused to delete a stream', () => expect(jetstreamManager(nats, { checkAPI: false }).then((manager) => manager.streams.delete('EVENTS'))).rejects.toThrow(violation));
    it('is refused to write into another\'s inbox', async () => {
      let refused: unknown;
      void (async () => { for await (const status of nats.status()) if (status.type === 'error') refused = status.error; })();
      nats.publish(`_INBOX.${another.name}.stolen`, 'x');
      await nats.flush();
      await expect.poll(() => String(refused), { timeout: 3_000 }).toMatch(violation);
    });
  });

  it('is not let in with a key nobody knows', async () => {
    const { createUser } = await import('@nats-io/nkeys');
    const { connect, nkeyAuthenticator } = await import('@nats-io/transport-node');
    await expect(connect({ servers: bench.nats.url, authenticator: nkeyAuthenticator(createUser().getSeed()), maxReconnectAttempts: 0 })).rejects.toThrow(/authorization/i);
  });
});
