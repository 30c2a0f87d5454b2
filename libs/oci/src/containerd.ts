import type { Socket } from 'node:net';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { invalid, Problem } from '@plimsoll/problem';
import { type Digest, isDigest } from './digests.ts';
import { engineAway, engineSocket } from './engines.ts';
import { fieldsOf, message, numberOf, textOf } from './protobuf.ts';

/** Where the images of a containerd are; plain data, for a worker. */
export interface ContainerdAccess { readonly socket: string; readonly namespace: string }

/** What an image's name points at. */
export interface ContainerdTarget { readonly name: string; readonly mediaType: string; readonly digest: Digest; readonly size: number }

/** For one call, also of the largest layer. */
const callSeconds = 3600;
const stallSeconds = 60;
/** Containerd sends a blob in messages of at most 1 MB. */
const messageLimit = 4 * 1024 * 1024;

/** As `ctr` is told: CONTAINERD_ADDRESS and CONTAINERD_NAMESPACE (`k8s.io` is Kubernetes', `moby` Docker's). */
export const containerdAccess = (): ContainerdAccess => ({ socket: engineSocket('containerd'), namespace: process.env['CONTAINERD_NAMESPACE'] ?? 'default' });

/**
 * The images and the content store of a containerd, over gRPC (api/services/images/v1 and content/v1 of github.com/containerd/containerd).
 * Two methods of two services: a client of thirty lines, where the whole of gRPC would cost every start. Close it.
 */
export class Containerd {
  private readonly access: ContainerdAccess;
  private session: Promise<ClientHttp2Session> | undefined;

  constructor(access: ContainerdAccess) { this.access = access; }

  close(): void { void this.session?.then((session) => session.destroy(), () => undefined); }

  /** The image of that very name; undefined when there is none. */
  async image(name: string, signal?: AbortSignal): Promise<ContainerdTarget | undefined> {
    for await (const answer of this.call('containerd.services.images.v1.Images/Get', message([1, name]), signal)) {
      if (answer === 'missing') return undefined;
      // GetImageResponse.image = 1; Image.target = 3; Descriptor.media_type, digest, size = 1, 2, 3
      const target = fieldsOf(fieldsOf(fieldsOf(answer).bytes(1)).bytes(3));
      const digest = textOf(target.bytes(2));
      if (!isDigest(digest)) throw invalid('engine-answer', `containerd: image ${JSON.stringify(name)} points at nothing that can be read`);
      return { name, mediaType: textOf(target.bytes(1)), digest, size: numberOf(target.number(3)) };
    }
    throw invalid('engine-answer', 'containerd: an answer without content');
  }

  /** The bytes of a blob as they come; the caller compares the digest. Problem `content-missing`. */
  async *blob(digest: Digest, size: number, signal?: AbortSignal): AsyncGenerator<Buffer> {
    let received = 0;
    for await (const answer of this.call('containerd.services.content.v1.Content/Read', message([1, digest]), signal)) {
      if (answer === 'missing') throw new Problem('missing', `containerd has not kept ${digest}: it was never fetched (another platform), or thrown away after unpacking (discard_unpacked_layers)`, { code: 'content-missing' });
      const data = fieldsOf(answer).bytes(2);   // ReadContentResponse.data
      received += data.length;
      if (received > size) throw invalid('size-mismatch', `blob ${digest}: containerd has more than the ${size} bytes the manifest says`);
      if (data.length > 0) yield data;
    }
    if (received !== size) throw invalid('size-mismatch', `blob ${digest}: containerd has ${received} bytes, the manifest says ${size}`);
  }

  /** One call: its messages, or 'missing' (gRPC status NOT_FOUND). */
  private async *call(method: string, body: Buffer, signal: AbortSignal | undefined): AsyncGenerator<Buffer | 'missing'> {
    signal?.throwIfAborted();
    const session = await (this.session ??= this.connect());
    const stream = session.request({
      ':method': 'POST', ':path': `/${method}`, 'content-type': 'application/grpc+proto', 'te': 'trailers', 'containerd-namespace': this.access.namespace, 'grpc-timeout': `${callSeconds}S`,
    });
    const abort = (): void => { stream.destroy(signal!.reason as Error); };
    signal?.addEventListener('abort', abort, { once: true });
    stream.setTimeout(stallSeconds * 1000, () => stream.destroy(new Problem('unavailable', `containerd sent nothing for ${stallSeconds} seconds`, { code: 'engine-stalled' })));
    try {
      const status = new Promise<string | undefined>((resolve) => {
        stream.once('response', (headers) => { if (headers['grpc-status'] !== undefined) resolve(String(headers['grpc-status'])); });
        stream.once('trailers', (headers) => resolve(String(headers['grpc-status'])));
        stream.once('close', () => resolve(undefined));
      });
      stream.end(framed(body));
      yield* messagesOf(stream);
      switch (await status) {
        case '0': return;
        case '5': yield 'missing'; return;
        case '7': case '16': throw new Problem('denied', 'containerd refuses it', { code: 'engine-denied' });
        case undefined: throw new Problem('unavailable', 'containerd ended the call', { code: 'engine-unreachable' });
        default: throw invalid('engine-answer', `containerd answers with gRPC status ${await status}`);
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw error instanceof Problem ? error : engineAway('containerd', this.access.socket, error as NodeJS.ErrnoException);
    } finally {
      signal?.removeEventListener('abort', abort);
      stream.destroy();
    }
  }

  private async connect(): Promise<ClientHttp2Session> {
    const { socket: path } = this.access;
    const socket = await new Promise<Socket>((done, fail) => {
      const opening = process.getBuiltinModule('node:net').connect(path, () => { opening.off('error', fail); done(opening); }).once('error', fail);
    }).catch((error: NodeJS.ErrnoException) => { throw engineAway('containerd', path, error); });
    const session = process.getBuiltinModule('node:http2').connect('http://containerd', { createConnection: () => socket });
    session.on('error', () => undefined);   // each call hears of it
    return session;
  }
}

/** gRPC over HTTP/2, "Length-Prefixed-Message": not compressed, four bytes of length. */
function framed(body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

async function* messagesOf(stream: ClientHttp2Stream): AsyncGenerator<Buffer> {
  let buffer: Buffer = Buffer.alloc(0);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
    while (buffer.length >= 5) {
      const length = buffer.readUInt32BE(1);
      if (buffer[0] !== 0 || length > messageLimit) throw invalid('engine-answer', `containerd sends a message of ${length} bytes${buffer[0] === 0 ? '' : ', compressed'}`);
      if (buffer.length < 5 + length) break;
      yield buffer.subarray(5, 5 + length);
      buffer = buffer.subarray(5 + length);
    }
  }
}
