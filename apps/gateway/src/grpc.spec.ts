import { groups, GetFeedsStatus, Login, allOperations } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';
import { credentials, loadPackageDefinition, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath } from 'grpc-health-check';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatewayBench, grant, type GatewayBench } from '../testing/gateway-bench.ts';
import { digestOf } from '../testing/happenings.ts';

let gate: GatewayBench;
beforeAll(async () => { gate = await gatewayBench(); });
afterAll(async () => { await gate?.close(); });

type Answered<T> = { error: ServiceError; answer?: undefined } | { error?: undefined; answer: T };
const call = async <T = Record<string, unknown>>(method: string, body: object, token?: string, more: Record<string, string> = {}): Promise<Answered<T>> => {
  const [group, name] = method.split('.') as [string, string];
  const client = gate.client(group) as unknown as Record<string, (body: object, metadata: Metadata, done: (error: ServiceError | null, answer?: T) => void) => void>;
  const metadata = new Metadata();
  if (token) metadata.set('authorization', `Bearer ${token}`);
  for (const [key, value] of Object.entries(more)) metadata.set(key, value);
  return new Promise((resolve) => client[name]!.call(client, body, metadata, (error, answer) => resolve(error ? { error } : { answer: answer! })));
};

describe('gRPC', () => {
  it('describes itself by reflection: the operations of the table, with their messages', async () => {
    const folder = join(dirname(createRequire(import.meta.url).resolve('@grpc/reflection')), '..', 'proto', 'grpc', 'reflection', 'v1', 'reflection.proto');
    const { grpc } = loadPackageDefinition(loadSync(folder)) as unknown as { grpc: { reflection: { v1: { ServerReflection: new (address: string, how: object) => { ServerReflectionInfo(): NodeJS.ReadWriteStream & { write(message: object): void }; close(): void } } } } };
    const client = new grpc.reflection.v1.ServerReflection(gate.grpcAddress, credentials.createInsecure());
    const ask = async (question: object): Promise<{ listServicesResponse?: { service: { name: string }[] }; fileDescriptorResponse?: { fileDescriptorProto: Buffer[] } }> => {
      const stream = client.ServerReflectionInfo();
      const answer = new Promise<never>((resolve, reject) => { stream.once('data', resolve).once('error', reject); });
      stream.write(question);
      return answer.finally(() => stream.end());
    };
    const { listServicesResponse } = await ask({ listServices: '*' });
    expect(listServicesResponse!.service.map(({ name }) => name).filter((name) => name.startsWith('plimsoll.')).sort()).toEqual(Object.keys(groups).map((group) => `plimsoll.v1.${group}`).sort());
    for (const group of Object.keys(groups)) {
      const { fileDescriptorResponse } = await ask({ fileContainingSymbol: `plimsoll.v1.${group}` });
      const text = Buffer.concat(fileDescriptorResponse!.fileDescriptorProto).toString('latin1');
      for (const { rpc } of allOperations.filter((operation) => operation.group === group)) if (typeof rpc === 'string') expect(text).toContain(rpc);
    }
    client.close();
  });

  it('says it is healthy, as a whole and by service', async () => {
    const { grpc } = loadPackageDefinition(loadSync(protoPath, { enums: String })) as unknown as { grpc: { health: { v1: { Health: new (address: string, how: object) => { check(request: object, done: (error: unknown, answer: unknown) => void): void; close(): void } } } } };
    const client = new grpc.health.v1.Health(gate.grpcAddress, credentials.createInsecure());
    for (const service of ['', 'plimsoll.v1.Images'])
      expect(await new Promise((resolve) => client.check({ service }, (_error, answer) => resolve(answer)))).toMatchObject({ status: 'SERVING' });
    client.close();
  });

  it('does what REST does: the same push, the same list, the same replay', async () => {
    const ada = await gate.token('ada', [grant('team-a', 'images:read', 'images:write')]);
    const made = await call('Images.SubmitImage', { project: 'team-a', target: 'registry.example/g:1' }, ada, { 'idempotency-key': 'k1' });
    expect(made.answer).toMatchObject({ state: 'pushed', project: 'team-a', notifications: 0 });
    const rest = await fetch(`${gate.url}/v1/projects/team-a/images`, { method: 'POST', headers: { authorization: `Bearer ${ada}`, 'content-type': 'application/json', 'idempotency-key': 'k1' }, body: JSON.stringify({ target: 'registry.example/g:1' }) });
    expect(await rest.json()).toMatchObject({ id: made.answer!['id'] });
    expect((await call('Images.GetOperation', { project: 'team-a', push: made.answer!['id'] }, ada)).answer).toMatchObject({ id: made.answer!['id'] });
    expect((await call('Images.ListImages', { project: 'team-a', limit: 5 }, ada)).answer).toMatchObject({ total: { relation: 'EXACT' } });
    expect((await call('Platform.GetVersion', {})).answer).toMatchObject({ name: 'plimsoll', api: 'v1' });
  });

  it.each([
    ['no token', 'Images.ListImages', { project: 'team-a' }, undefined, status.UNAUTHENTICATED, 'TOKEN_MISSING'],
    ['a wrong token', 'Images.ListImages', { project: 'team-a' }, 'x', status.UNAUTHENTICATED, 'TOKEN_INVALID'],
    ['a missing scope', 'Images.SubmitImage', { project: 'team-a', target: 'x' }, 'reader', status.PERMISSION_DENIED, 'SCOPE_MISSING'],
    ['a foreign project', 'Images.ListImages', { project: 'team-b' }, 'reader', status.NOT_FOUND, 'PROJECT_MISSING'],
    ['an unknown image', 'Images.GetImage', { project: 'team-a', digest: digestOf('0') }, 'reader', status.NOT_FOUND, 'IMAGE_MISSING'],
    ['a wrong value', 'Images.ListImages', { project: 'team-a', limit: 501, severity: ['awful'] }, 'reader', status.INVALID_ARGUMENT, 'INPUT_INVALID'],
    ['a service that is away', 'Identity.GetTrustBundle', {}, undefined, status.UNAVAILABLE, 'SERVICE_AWAY'],
  ])('answers %s with a status and its details', async (_name, method, body, who, code, reason) => {
    const token = who === 'reader' ? await gate.token('ada', [grant('team-a', 'images:read')]) : who;
    const { error } = await call(method, body, token);
    expect(error).toMatchObject({ code });
    const { details } = decodeStatus(error!);
    expect(details['google.rpc.ErrorInfo']).toMatchObject({ reason, domain: 'plimsoll' });
    if (code === status.INVALID_ARGUMENT) expect((details['google.rpc.BadRequest'] as { fields: string[] }).fields.sort()).toEqual(['limit', 'severity.0']);
  });

  it('tells another service\'s problem, and nothing of what went wrong inside', async () => {
    gate.answer(Login, () => { throw new Problem('limited', 'wait a minute', { code: 'login-limited' }); });
    expect((await call('Identity.Login', { identifier: 'ada', password: 'x' })).error).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: 'wait a minute' });
    gate.answer(GetFeedsStatus, () => ({ secret: 'hunter2' }) as never);
    const { error } = await call('Feeds.GetFeeds', {}, await gate.token('ada', [grant('team-a', 'feeds:read')]));
    expect([error!.code, error!.details]).toEqual([status.INTERNAL, 'unexpected failure']);
  });

  it('counts seconds by method and code', async () => {
    await call('Platform.GetVersion', {});
    const metrics = await (await fetch(`http://127.0.0.1:${gate.service.managementPort}/metrics`)).text();
    expect(metrics.split('\n').find((line) => line.startsWith('plimsoll_grpc_request_seconds_count') && line.includes('method="/plimsoll.v1.Platform/GetVersion"') && line.includes('code="OK"'))).toBeDefined();
  });
});

/** google.rpc.Status by a second, independent reader: protobufjs with the published field numbers. */
function decodeStatus(error: ServiceError): { code: number; message: string; details: Record<string, object> } {
  const { parse } = createRequire(import.meta.url)('protobufjs') as { parse(text: string): { root: { lookupType(name: string): { decode(bytes: Uint8Array): Record<string, never> } } } };
  const { root } = parse(`syntax = "proto3";
    message Any { string type_url = 1; bytes value = 2; }
    message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
    message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
    message Violation { string field = 1; string description = 2; }
    message BadRequest { repeated Violation field_violations = 1; }
    message RequestInfo { string request_id = 1; }`);
  const { code, message, details } = root.lookupType('Status').decode(error.metadata.get('grpc-status-details-bin')[0] as Buffer) as unknown as { code: number; message: string; details: { typeUrl: string; value: Uint8Array }[] };
  expect([code, message]).toEqual([error.code, error.details]);
  return { code, message, details: Object.fromEntries(details.map(({ typeUrl, value }) => {
    const name = typeUrl.replace('type.googleapis.com/', '');
    const decoded = root.lookupType(name.replace('google.rpc.', '')).decode(value) as unknown as { fieldViolations?: { field: string }[] };
    return [name, decoded.fieldViolations ? { fields: decoded.fieldViolations.map(({ field }) => field) } : decoded];
  })) };
}
