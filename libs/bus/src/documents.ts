import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { JetStreamClient } from '@nats-io/jetstream';
import { Objm, type ObjectStore } from '@nats-io/obj';
import type { DocumentRef } from '@plimsoll/contracts';
import { Problem } from '@plimsoll/problem';

const compress = promisify(zlib.zstdCompress);
const decompress = promisify(zlib.zstdDecompress);

export const documentsBucket = 'documents';
/** Largest content a document may have, uncompressed: an inventory of a million packages is below it. */
const maxBytes = 512 * 2 ** 20;

/** Large content between services: put once under its digest, read by reference. */
export interface Documents {
  /** Stores JSON; the same content is stored once. */
  put(value: unknown, mediaType: string): Promise<DocumentRef>;
  /** Stores a file as it is, of any size. */
  putFile(path: string, mediaType: string): Promise<DocumentRef>;
  /** The bytes of a stored file, in order; throws `missing` when it is gone. A receiver that wants to be sure compares the digest at the end. */
  stream(ref: DocumentRef): Promise<AsyncIterable<Uint8Array>>;
  /** Reads it back and checks it against its digest. Throws `missing` when it is gone, `bug` when it is not what it says. */
  get(ref: DocumentRef): Promise<unknown>;
  /** Takes it away; what is not there is gone already. The caller knows that nobody refers to it. */
  remove(ref: Pick<DocumentRef, 'digest'>): Promise<void>;
}

export const documentsOver = (js: JetStreamClient): Documents => {
  let opened: Promise<ObjectStore> | undefined;
  const store = (): Promise<ObjectStore> => opened ??= new Objm(js).open(documentsBucket).catch((error: unknown) => { opened = undefined; throw error; });
  return {
    async put(value, mediaType) {
      const content = Buffer.from(JSON.stringify(value));
      const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
      const bucket = await store();
      const known = await bucket.info(digest);
      if (known === null || known.deleted) await bucket.putBlob({ name: digest }, await compress(content));
      return { digest, size: content.length, media_type: mediaType };
    },
    async putFile(path, mediaType) {
      const sum = createHash('sha256');
      let size = 0;
      for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) { sum.update(chunk); size += chunk.length; }
      const digest = `sha256:${sum.digest('hex')}`, bucket = await store(), known = await bucket.info(digest);
      if (known === null || known.deleted) await bucket.put({ name: digest }, Readable.toWeb(createReadStream(path, { highWaterMark: 1 << 17 })) as ReadableStream<Uint8Array>);
      return { digest, size, media_type: mediaType };
    },
    async stream({ digest }) {
      const found = await (await store()).get(digest);
      if (found === null) throw new Problem('missing', `document ${digest} is not in the store`, { code: 'document-missing' });
      return found.data as unknown as AsyncIterable<Uint8Array>;
    },
    async get({ digest, size }) {
      if (size > maxBytes) throw new Problem('invalid', `document ${digest} claims ${size} bytes; at most ${maxBytes} are read`, { code: 'limit-document-bytes' });
      const packed = await (await store()).getBlob(digest);
      if (packed === null) throw new Problem('missing', `document ${digest} is not in the store`, { code: 'document-missing' });
      const content = await decompress(packed, { maxOutputLength: size + 1 });
      if (`sha256:${createHash('sha256').update(content).digest('hex')}` !== digest) throw new Problem('bug', `document ${digest} has other content`, { code: 'document-digest-mismatch' });
      return JSON.parse(content.toString('utf8')) as unknown;
    },
    async remove({ digest }) {
      const bucket = await store(), known = await bucket.info(digest);
      if (known !== null && !known.deleted) await bucket.delete(digest);
    },
  };
};
