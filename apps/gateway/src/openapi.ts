import { allOperations, ApiToken, Channel, Delivery, Filter, groups, ImageEvent, ImageItem, ProblemDocument, Progress, PushOperation, Reason, SourceStatus, Subscription, Verdict, type Operation } from '@plimsoll/contracts';
import { Inventory, Package } from '@plimsoll/inventory';
import { Finding, FindingSummary } from '@plimsoll/matching';
import { z } from 'zod';

type Json = Record<string, unknown>;

/** Answers that have a name of their own in the document. */
const named = { ApiToken, Channel, Delivery, Filter, Finding, FindingSummary, ImageEvent, ImageItem, Inventory, Package, Problem: ProblemDocument, Progress, PushOperation, Reason, SourceStatus, Subscription, Verdict };
const registry = z.registry<{ id: string }>();
for (const [id, schema] of Object.entries(named)) registry.add(schema as z.ZodType, { id });

/** The whole API as OpenAPI 3.1, made from the table of operations. */
export function openApi(operations: readonly Operation[] = allOperations): Json {
  const components: Json = {};
  const answerOf = (schema: z.ZodType): Json => {
    const { $defs = {}, ...body } = plain(hoisted(z.toJSONSchema(schema, { metadata: registry, unrepresentable: 'any' }) as Json));
    Object.assign(components, $defs as Json);
    const { id, ...rest } = body;
    if (typeof id !== 'string') return body;
    components[id] = rest;
    return { $ref: `#/components/schemas/${id}` };
  };
  const problem = answerOf(ProblemDocument);
  const paths: Record<string, Json> = {};
  for (const operation of operations) (paths[operation.path] ??= {})[operation.method.toLowerCase()] = describe(operation, answerOf, problem);
  return {
    openapi: '3.1.0',
    info: { title: 'Plimsoll', version: '1', summary: 'What is inside every container image, what is wrong with it, whether it may sail.', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/', description: 'This platform' }],
    security: [{ bearer: [] }],
    tags: Object.entries(groups).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT or plt_…', description: 'An access token of POST /v1/login, or an API token.' } },
      schemas: Object.fromEntries(Object.entries(components).sort(([a], [b]) => a < b ? -1 : 1)),
    },
  };
}

function describe(operation: Operation, answerOf: (schema: z.ZodType) => Json, problem: Json): Json {
  const { id, summary, description, group, scope, everywhere, status, streams, mediaType, foreignBody, location } = operation;
  const failed = (what: string): Json => ({ description: what, content: { 'application/problem+json': { schema: problem } } });
  const needs = scope === 'public' ? 'Open to everybody.' : scope === 'signed-in' ? 'Needs a token.' : `Needs the scope \`${scope}\`${everywhere ? ' for every project' : ''}.`;
  const hasProject = 'project' in operation.params.shape, hasBody = foreignBody !== undefined || Object.keys(operation.body.shape).length > 0;
  return {
    operationId: id, summary, description: [description, needs].filter(Boolean).join(' '), tags: [group],
    ...(scope === 'public' ? { security: [] } : {}),
    parameters: [...parameters(operation.params, 'path'), ...parameters(operation.query, 'query'), ...headersOf(operation)],
    ...(hasBody ? { requestBody: { required: true, content: Object.fromEntries((foreignBody ?? ['application/json']).map((type) => [type, { schema: foreignBody ? { type: 'object' } : inputSchema(operation.body) }])) } } : {}),
    responses: {
      [status]: status === 204 ? { description: 'Done.' } : {
        description: streams ? 'Server-sent events; each `data` is one item.' : 'The answer.',
        ...(location ? { headers: { Location: { description: 'Where what was made is found.', schema: { type: 'string' } } } } : {}),
        content: { [streams ? 'text/event-stream' : mediaType?.split(';')[0] ?? 'application/json']: { schema: answerOf(operation.answer) } },
      },
      ...(operation.method === 'GET' && !streams ? { 304: { description: 'Not changed since the ETag of If-None-Match.' } } : {}),
      400: failed('The request is not right; `errors` says where.'),
      ...(scope === 'public' ? {} : { 401: failed('No token, or one that is not valid.') }),
      ...(scope === 'public' || scope === 'signed-in' ? {} : { 403: failed('The token does not allow this.') }),
      ...(hasProject ? { 404: failed('Not there, or not for you to see.') } : {}),
      ...(operation.method === 'POST' && scope !== 'public' ? { 409: failed('The first request with this Idempotency-Key is still at work, or the thing exists.'), 422: failed('This Idempotency-Key came with another request before.') } : {}),
      ...(hasBody ? { 413: failed('The body is too large.'), 415: failed('The body is not JSON.') } : {}),
      429: failed('Too many calls; Retry-After says when.'),
      503: failed('A service that is needed is away; Retry-After says when.'),
    },
  };
}

const headersOf = ({ method, scope, streams }: Operation): Json[] => [
  ...(method === 'POST' && scope !== 'public' ? [{ name: 'Idempotency-Key', in: 'header', required: false, description: 'Makes a repeated request harmless for 24 hours; best a UUID.', schema: { type: 'string', maxLength: 255 } }] : []),
  ...(streams ? [{ name: 'Last-Event-ID', in: 'header', required: false, description: 'Resume after this event.', schema: { type: 'string' } }] : []),
];

const parameters = (shape: z.ZodObject, where: 'path' | 'query'): Json[] =>
  Object.entries(shape.shape).map(([name, schema]) => ({
    name, in: where, required: !schema.safeParse(undefined).success,
    schema: plain(z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }) as Json),
    ...(schema.description ? { description: schema.description } : {}),
  }));

const inputSchema = (schema: z.ZodType): Json => plain(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json);
const plain = (schema: Json): Json => Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema'));

/** Zod puts named schemas under $defs; OpenAPI has one place for all. */
const hoisted = (schema: Json): Json =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;
