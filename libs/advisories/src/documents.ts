import { invalid, Problem } from '@plimsoll/problem';
import type { z } from 'zod';
import { bytesOf, type FeedRecord, notJson, type ParseContext, rejected } from './feed.ts';
import { parseYaml } from './yaml.ts';

/**
 * Reads records that are a document each: those whose name is `wanted` are handed to `read`, whose results come in order;
 * one that cannot be read is set aside, and others are passed over.
 */
export async function* eachDocument<T>(records: AsyncIterable<FeedRecord>, { limits }: ParseContext, wanted: RegExp, read: (name: string, bytes: Buffer) => Iterable<T>): AsyncGenerator<T | ReturnType<typeof rejected>> {
  for await (const record of records) {
    if (!wanted.test(record.name)) {
      for await (const _ of record.chunks) void _;
      continue;
    }
    let bytes: Buffer | undefined;
    try {
      bytes = await bytesOf(record, limits.recordBytes);
      yield* read(record.name, bytes);
    } catch (error) {
      if (error instanceof Problem && error.code?.startsWith('feed-')) throw error;
      yield rejected(record.name, error, bytes);
    }
  }
}

/** A JSON document, or Problem `record-empty`, `record-malformed` or `record-truncated`. */
export function decodeJson(name: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8').replace(/^\ufeff/, ''));
  } catch (error) {
    const problem = notJson(name, bytes, error);
    throw invalid((problem.code ?? '').replace('feed-', 'record-').replace('record-not-json', 'record-malformed'), problem.detail, error);
  }
}

/** A YAML document, or Problem `record-malformed`. */
export function decodeYaml(name: string, bytes: Buffer): unknown {
  try {
    return parseYaml(bytes.toString('utf8'));
  } catch (error) {
    throw invalid('record-malformed', `${name} is not YAML: ${error instanceof Error ? error.message.split('\n')[0]! : ''}`, error);
  }
}

/** A document that has the shape of its kind, or the Problem saying which fields are wrong. */
export function shaped<T extends z.ZodType>(schema: T, document: unknown, code: string, what: string): z.output<T> {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, 5).map((issue) => ({ where: issue.path.join('.'), what: issue.message }));
  throw new Problem('invalid', `${what}: ${errors.map(({ where, what: why }) => `${where}: ${why}`).join('; ')}`, { code, errors });
}
