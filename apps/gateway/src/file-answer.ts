import { Readable } from 'node:stream';
import type { DocumentRef, Operation } from '@plimsoll/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** What a handler returns for a file: streamed from the object store, never held. */
export interface FileAnswer { readonly name: string; readonly document: DocumentRef; readonly bytes: AsyncIterable<Uint8Array> }

export const isFileAnswer = (answer: unknown): answer is FileAnswer => typeof answer === 'object' && answer !== null && 'bytes' in answer && 'document' in answer;

/** Sends a file with its digest (RFC 9530), or says that the caller has it already. */
export function answerFile(request: FastifyRequest, reply: FastifyReply, operation: Operation, { name, document: { digest, size }, bytes }: FileAnswer): void {
  const etag = `"${digest}"`;
  reply.headers({ etag, 'content-disposition': `attachment; filename="${name}"`, 'repr-digest': `sha-256=:${Buffer.from(digest.replace('sha256:', ''), 'hex').toString('base64')}:` });
  if (request.headers['if-none-match'] === etag) { reply.status(304).send(); return; }
  reply.status(operation.status).type(operation.mediaType ?? 'application/octet-stream').header('content-length', size).send(Readable.from(bytes, { objectMode: false }));
}
