import type { IncomingMessage } from 'node:http';
import { invalid } from '@plimsoll/problem';

/** Reads a whole answer; more than `limit` bytes is Problem `limit-document-bytes`. */
export async function readBody(response: IncomingMessage, limit: number, what: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > limit) throw invalid('limit-document-bytes', `${what} has more than ${limit} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
