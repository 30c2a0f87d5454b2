import { createReadStream, existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import type { Server } from 'node:net';
import { blobFile } from './build-image.ts';

export interface ServedEngine { readonly socket: string; close(): Promise<void> }

/** Answers as Docker and Podman do on their socket: `images` are files of `docker save` by every name the engine knows them under. */
export async function serveDockerEngine(socket: string, images: Readonly<Record<string, string>>, intercept?: (request: http.IncomingMessage, response: http.ServerResponse) => boolean): Promise<ServedEngine> {
  const server = http.createServer((request, response) => {
    if (intercept?.(request, response)) return;
    const [, name = '', what] = /^\/images\/(.+)\/(json|get)$/.exec(decodeURIComponent(request.url ?? '')) ?? [];
    const file = images[name];
    if (file === undefined) response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ message: `No such image: ${name}` }));
    else if (what === 'json') response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ Id: 'sha256:0' }));
    else createReadStream(file).pipe(response.writeHead(200, { 'content-type': 'application/x-tar' }));
  });
  return listening(server, socket, () => server.closeAllConnections());
}

export interface ContainerdImages { readonly namespace: string; readonly layout: string; readonly images: Readonly<Record<string, { readonly digest: string; readonly size: number; readonly mediaType: string }>> }

/** Answers as containerd does on its socket: Images/Get and Content/Read over gRPC, from an OCI layout. Messages are written byte by byte here, so that a mistake of the reader is not shared. */
export async function serveContainerd(socket: string, { namespace, layout, images }: ContainerdImages, chunkBytes = 1_000): Promise<ServedEngine> {
  const sessions = new Set<http2.ServerHttp2Session>();
  const server = http2.createServer();
  server.on('session', (session) => { sessions.add(session); session.on('error', () => undefined); });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('end', () => {
      const end = (status: number): void => { stream.sendTrailers({ 'grpc-status': String(status) }); };
      const respond = (messages: readonly Buffer[], status: number): void => {
        if (messages.length === 0) { stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': String(status) }, { endStream: true }); return; }
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => end(status));
        for (const message of messages) stream.write(Buffer.concat([Buffer.from([0]), uint32(message.length), message]));
        stream.end();
      };
      const body = Buffer.concat(parts), text = body.subarray(5 + 2 + (body[6]! > 127 ? 1 : 0)).toString('utf8');   // one text field with number 1
      const found = headers['containerd-namespace'] === namespace;
      switch (headers[':path']) {
        case '/containerd.services.images.v1.Images/Get': {
          const image = images[text];
          if (!image || !found) return respond([], 5);
          const target = Buffer.concat([field(1, image.mediaType), field(2, image.digest), Buffer.from([3 << 3]), varint(image.size)]);
          return respond([field(1, Buffer.concat([field(1, text), field(3, target)]))], 0);
        }
        case '/containerd.services.content.v1.Content/Read': {
          const file = blobFile(layout, text);
          if (!existsSync(file) || !found) return respond([], 5);
          const bytes = readFileSync(file), messages: Buffer[] = [];
          for (let at = 0; at < bytes.length; at += chunkBytes) messages.push(Buffer.concat([Buffer.from([1 << 3]), varint(at), field(2, bytes.subarray(at, at + chunkBytes))]));
          return respond(messages.length ? messages : [Buffer.alloc(0)], 0);
        }
        default: return respond([], 12);
      }
    });
  });
  return listening(server, socket, () => { for (const session of sessions) session.destroy(); });
}

async function listening(server: Server, socket: string, end: () => void): Promise<ServedEngine> {
  await new Promise<void>((done) => { server.listen(socket, done); });
  return { socket, close: () => new Promise((done) => { server.close(() => done()); end(); }) };
}

const uint32 = (value: number): Buffer => { const bytes = Buffer.alloc(4); bytes.writeUInt32BE(value); return bytes; };

const varint = (value: number): Buffer => {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  return Buffer.from([...bytes, value]);
};

const field = (number: number, value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([Buffer.from([number * 8 + 2]), varint(bytes.length), bytes]);
};
