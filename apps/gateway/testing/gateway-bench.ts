import 'reflect-metadata';
import { headers } from '@nats-io/transport-node';
import { CheckToken, GetJwks, ListProjects, type Answer, type Body, type Principal, type RequestContract, type Scope } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { startService, type RunningService } from '@plimsoll/service';
import { testBench, type TestBench } from '@plimsoll/tools/testing';
import { credentials, loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';
import { createServer, type AddressInfo } from 'node:net';
import { FrontDoor } from '../src/front-door.ts';
import { gateway } from '../src/gateway.ts';
import { protoFiles, protoLoader } from '../src/doors.ts';

export type Grants = Principal['grants'];
export const grant = (project: string, ...scopes: Scope[]): Grants[number] => ({ project, scopes });

export interface SigningKey { readonly kid: string; readonly jwk: JWK; readonly privateKey: CryptoKey }
export const signingKey = async (kid: string): Promise<SigningKey> => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { kid, privateKey, jwk: { ...await exportJWK(publicKey), kid, alg: 'ES256', use: 'sig' } };
};

/** A real gateway on real servers; the other services are small responders that a test may replace. */
export interface GatewayBench {
  readonly bench: TestBench;
  readonly service: RunningService;
  readonly url: string;
  readonly grpcAddress: string;
  readonly key: SigningKey;
  /** Keys that the stand-in identity publishes. */
  readonly published: JWK[];
  /** What was asked, newest last. */
  readonly asked: { subject: string; body: unknown }[];
  answer<C extends RequestContract>(contract: C, answer: (body: Body<C>) => Answer<C> | Promise<Answer<C>>): void;
  token(subject: string, grants: Grants, change?: { key?: SigningKey; claims?: Record<string, unknown>; header?: Record<string, unknown>; expiresIn?: string; issuer?: string; audience?: string }): Promise<string>;
  /** API tokens that the stand-in identity knows. */
  readonly apiTokens: Map<string, Principal>;
  client(group: string): InstanceType<ServiceClientConstructor>;
  close(): Promise<void>;
}

export async function gatewayBench(env: Record<string, string> = {}): Promise<GatewayBench> {
  const bench = await testBench();
  const key = await signingKey('first'), published = [key.jwk], apiTokens = new Map<string, Principal>();
  const asked: { subject: string; body: unknown }[] = [];
  const answers = new Map<string, (body: never) => unknown>();
  const answer: GatewayBench['answer'] = (contract, work) => {
    const isNew = !answers.has(contract.subject);
    answers.set(contract.subject, work as never);
    if (isNew) bench.admin.subscribe(contract.subject, { callback: (_error, message) => void (async () => {
      try {
        const body = contract.body.parse(message.json()) as never;
        asked.push({ subject: contract.subject, body });
        message.respond(JSON.stringify(await answers.get(contract.subject)!(body)));
      } catch (error) {
        const note = headers();
        note.set('Problem', JSON.stringify(Problem.from(error)));
        message.respond('', { headers: note });
      }
    })() });
  };
  answer(GetJwks, () => ({ keys: published as Record<string, unknown>[] }));
  answer(CheckToken, ({ token }) => {
    const principal = apiTokens.get(token);
    if (!principal) throw new Problem('unauthenticated', 'no such token', { code: 'token-unknown' });
    return principal;
  });
  answer(ListProjects, () => ({ items: ['default', 'team-a', 'team-b'].map((name) => ({ name, created_at: '2026-01-01T00:00:00Z' })) }));
  await bench.admin.flush();

  const grpcPort = await freePort();
  const service = await startService(gateway(bench.env('gateway', { PLIMSOLL_HTTP_PORT: '0', PLIMSOLL_GRPC_PORT: String(grpcPort), PLIMSOLL_LOG_LEVEL: process.env['PLIMSOLL_LOG_LEVEL'] ?? 'fatal', ...env }))).catch(async (error: unknown) => { await bench.close(); throw error; });
  const clients: InstanceType<ServiceClientConstructor>[] = [];
  return {
    bench, service, key, published, apiTokens, asked, answer,
    url: `http://127.0.0.1:${service.get(FrontDoor).port}`,
    grpcAddress: `127.0.0.1:${grpcPort}`,
    token: (subject, grants, { key: signer = key, claims = {}, header = {}, expiresIn = '10m', issuer = 'plimsoll-identity', audience = 'plimsoll' } = {}) =>
      new SignJWT({ kind: 'user', grants, ...claims }).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: signer.kid, ...header })
        .setIssuer(issuer).setAudience(audience).setSubject(subject).setIssuedAt().setExpirationTime(expiresIn).setJti(crypto.randomUUID()).sign(signer.privateKey),
    client(group) {
      const { plimsoll } = loadPackageDefinition(loadSync(protoFiles, protoLoader)) as unknown as { plimsoll: { v1: Record<string, ServiceClientConstructor> } };
      const made = new plimsoll.v1[group]!(`127.0.0.1:${grpcPort}`, credentials.createInsecure());
      clients.push(made);
      return made;
    },
    async close() {
      for (const client of clients) client.close();
      await service.stop();
      await bench.close();
    },
  };
}

const freePort = (): Promise<number> => new Promise((resolve, reject) => {
  const probe = createServer();
  probe.once('error', reject);
  probe.listen(0, '127.0.0.1', () => {
    const { port } = probe.address() as AddressInfo;
    probe.close(() => resolve(port));
  });
});
