import { allOperations, groups, operations, type Operation } from '@plimsoll/contracts';
import { loadSync } from '@grpc/proto-loader';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { protoFiles, protoLoader } from './doors.ts';
import { openApi } from './openapi.ts';

describe('the OpenAPI document', () => {
  const lint = async (document: object) => (await lintFromString({ source: JSON.stringify(document), config: await createConfig({ extends: ['recommended'] }) })).map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`);

  it('lints clean', async () => { expect(await lint(openApi())).toEqual([]); });

  it('would not lint clean with a path parameter undeclared', async () => {
    const document = openApi([{ ...operations.getImage, params: z.object({ project: z.string() }) } as unknown as Operation]);
    expect((await lint(document)).join('\n')).toMatch(/digest/);
  });

  it('has every operation under its own id, and no reference that leads nowhere', () => {
    const document = openApi() as { paths: Record<string, Record<string, { operationId: string }>>; components: { schemas: object } };
    expect(Object.values(document.paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId)).sort()).toEqual(Object.keys(operations).sort());
    const wanted = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map((match) => match[1]!);
    expect(wanted.filter((name) => !Object.hasOwn(document.components.schemas, name))).toEqual([]);
    expect(JSON.stringify(document)).not.toContain('$defs');
  });
});

/** What REST does gRPC does: the messages have the fields of the JSON, name by name. */
describe('the gRPC services', () => {
  interface Field { name: string; label: string; type: string; typeName: string }
  interface Message { name: string; field: Field[] }
  const definition = loadSync(protoFiles, protoLoader) as unknown as Record<string, { type?: Message } & Record<string, { requestType: { type: Message }; responseType: { type: Message }; responseStream: boolean; requestStream: boolean }>>;
  const messageNamed = (typeName: string): Message => definition[typeName.includes('.') ? typeName.replace(/^\./, '') : `plimsoll.v1.${typeName}`]!.type!;

  it('are the operations, no more and no less', () => {
    const declared = allOperations.flatMap(({ group, rpc }) => typeof rpc === 'string' ? [`${group}.${rpc}`] : []);
    const offered = Object.keys(groups).flatMap((group) => Object.keys(definition[`plimsoll.v1.${group}`]!).map((method) => `${group}.${method}`));
    expect(offered.sort()).toEqual(declared.sort());
  });

  it.each(allOperations.filter(({ rpc }) => typeof rpc === 'string').map((operation) => [operation.id, operation] as const))('%s takes and gives what its REST twin does', (_id, operation) => {
    const method = definition[`plimsoll.v1.${operation.group}`]![operation.rpc as string]!;
    expect(method.responseStream).toBe(operation.streams ?? false);
    expect(differences('request', z.toJSONSchema(operation.input, { io: 'output', unrepresentable: 'any' }) as Schema, method.requestType.type)).toEqual([]);
    expect(differences('answer', z.toJSONSchema(operation.answer, { unrepresentable: 'any' }) as Schema, method.responseType.type)).toEqual([]);
  });

  it('would be found lacking a field, or with one too many', () => {
    const message = messageNamed('Total');
    expect(differences('total', z.toJSONSchema(z.object({ count: z.int(), relation: z.string(), more: z.string() })) as Schema, message)).toEqual(['total.more is not in Total']);
    expect(differences('total', z.toJSONSchema(z.object({ count: z.int() })) as Schema, message)).toEqual(['total.relation is only in Total']);
    expect(differences('total', z.toJSONSchema(z.object({ count: z.string(), relation: z.array(z.string()) })) as Schema, message)).toEqual(['total.count: string against TYPE_INT64', 'total.relation: array against TYPE_STRING']);
  });

  interface Schema { $ref?: string; $defs?: Record<string, Schema>; type?: string; properties?: Record<string, Schema>; items?: Schema; anyOf?: Schema[]; oneOf?: Schema[]; additionalProperties?: unknown; enum?: unknown[]; const?: unknown }

  function differences(where: string, schema: Schema, message: Message): string[] {
    const properties = propertiesOf(schema), fields = new Map(message.field.map((field) => [field.name, field]));
    const wanted = Object.entries(properties).map(([name, property]) => isFreeForm(property) ? [`${name}_json`, { type: 'string' } as Schema] as const : [name, property] as const);
    return [
      ...wanted.flatMap(([name, property]) => {
        const field = fields.get(name);
        return field ? against(`${where}.${name}`, property, field) : [`${where}.${name} is not in ${message.name}`];
      }),
      ...[...fields.keys()].filter((name) => !wanted.some(([known]) => known === name)).map((name) => `${where}.${name} is only in ${message.name}`),
    ];
  }

  function against(where: string, given: Schema, field: Field): string[] {
    const schema = given.anyOf ? given.anyOf.find(({ type }) => type !== 'null') ?? given : given;
    if (schema.additionalProperties && schema.type === 'object') return differences(where, { type: 'object', properties: { key: { type: 'string' }, value: { type: 'string' } } }, messageNamed(field.typeName));
    const isList = field.label === 'LABEL_REPEATED';
    if ((schema.type === 'array') !== isList) return [`${where}: ${schema.type} against ${field.type}`];
    const item = isList ? schema.items! : schema;
    if (Object.keys(propertiesOf(item)).length) return field.type === 'TYPE_MESSAGE' ? differences(where, item, messageNamed(field.typeName)) : [`${where}: an object against ${field.type}`];
    const kind = item.enum || typeof item.const === 'string' ? 'string' : item.type ?? typeof item.const;
    const fits = { string: ['TYPE_STRING'], integer: ['TYPE_INT32', 'TYPE_INT64'], number: ['TYPE_DOUBLE'], boolean: ['TYPE_BOOL'] }[kind ?? ''] ?? [];
    return fits.includes(field.type) ? [] : [`${where}: ${kind} against ${field.type}`];
  }

  /** Of a union, the fields of all its members. */
  const propertiesOf = ({ properties, anyOf, oneOf }: Schema): Record<string, Schema> => properties ?? Object.assign({}, ...(anyOf ?? oneOf ?? []).map(propertiesOf)) as Record<string, Schema>;
  const isFreeForm = (schema: Schema): boolean => Object.keys(schema).length === 0;
});
