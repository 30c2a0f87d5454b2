import { createHash, type KeyObject } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { invalid, Problem } from '@plimsoll/problem';
import { unseal } from './envelope.ts';
import { BundleStatement, statementOf, type BundleManifest, type BundleSource } from './manifest.ts';
import { tarBlock, tarEnd, tarHeader, tarPadding } from './tar-header.ts';
import { envelopeName } from './write-bundle.ts';

/** A manifest of a thousand sources has 400 KB. */
const envelopeAtMost = 8 * 2 ** 20;

export interface OpenedBundle extends AsyncDisposable {
  readonly manifest: BundleManifest;
  /** Of the key that signed it. */
  readonly keyId: string;
  /** Copies the lines of a source, still packed, into a directory, and checks them once more; answers the file. */
  extract(source: BundleSource, folder: string): Promise<string>;
}

/**
 * Opens a bundle after every byte of it has been checked: signed by one of the keys, made in no future, each member as its
 * digest says, and nothing between, before or behind. Needs no network. Problems `bundle-malformed`, `bundle-key-unknown`,
 * `bundle-signature`, `bundle-tampered`, `bundle-from-future`.
 */
export async function openBundle(path: string, keys: readonly KeyObject[], { now = Date.now(), skewSeconds = 300 }: { now?: number; skewSeconds?: number } = {}): Promise<OpenedBundle> {
  if (keys.length === 0) throw new Problem('denied', 'no key is trusted to sign bundles; name the public keys first', { code: 'bundle-no-keys' });
  const file = await open(path).catch((cause: unknown) => { throw new Problem('missing', `${path}: no such bundle`, { code: 'bundle-missing', cause }); });
  try {
    const head = await read(file, 0, tarBlock);
    const size = Number.parseInt(head.toString('latin1', 124, 135), 8);
    if (!(size > 0 && size <= envelopeAtMost) || !head.equals(tarHeader(envelopeName, size))) throw invalid('bundle-malformed', `${path} is no bundle of advisories: its first file is not ${envelopeName}`);
    const { payload, keyId } = unseal(await read(file, tarBlock, size), keys);
    const statement = BundleStatement.safeParse(payload);
    if (!statement.success || JSON.stringify(statementOf(statement.data.predicate)) !== JSON.stringify(payload)) throw invalid('bundle-malformed', 'the bundle is signed and says something this version does not understand', statement.error);
    const manifest = statement.data.predicate;
    if (Date.parse(manifest.made_at) > now + skewSeconds * 1000) throw new Problem('conflict', `the bundle was made at ${manifest.made_at}, which is in the future; one of the two clocks is wrong`, { code: 'bundle-from-future' });
    const offsets = await checkMembers(file, manifest, tarBlock + size);
    return {
      manifest, keyId,
      async extract({ source, file: member }, folder) {
        if (!member) throw new Error(`${source} has no lines in this bundle`);
        const to = join(folder, `${source}.ndjson.zst`), sum = createHash('sha256');
        await pipeline(pieces(file, offsets.get(source)!, member.size, sum), createWriteStream(to, { mode: 0o600 }));
        if (sum.digest('hex') !== member.sha256) throw tampered(member.name);
        return to;
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Where the lines of each source begin, once everything after the envelope is exactly what the manifest says. */
async function checkMembers(file: FileHandle, { sources }: BundleManifest, envelopeEnd: number): Promise<Map<string, number>> {
  const offsets = new Map<string, number>();
  let at = await expect(file, envelopeEnd, tarPadding(envelopeEnd), 'the end of the manifest');
  for (const { source, file: member } of sources) {
    if (!member) continue;
    at = await expect(file, at, tarHeader(member.name, member.size), member.name);
    offsets.set(source, at);
    const sum = createHash('sha256');
    for await (const _ of pieces(file, at, member.size, sum));
    if (sum.digest('hex') !== member.sha256) throw tampered(member.name);
    at = await expect(file, at + member.size, tarPadding(member.size), member.name);
  }
  at = await expect(file, at, tarEnd, 'the end');
  if ((await file.stat()).size !== at) throw tampered('what follows the end');
  return offsets;
}

async function expect(file: FileHandle, at: number, bytes: Buffer, where: string): Promise<number> {
  if (!(await read(file, at, bytes.length)).equals(bytes)) throw tampered(where);
  return at + bytes.length;
}

const tampered = (where: string): Problem => invalid('bundle-tampered', `the bundle was changed or cut at ${where}; nothing of it was taken`);

async function* pieces(file: FileHandle, offset: number, size: number, sum: ReturnType<typeof createHash>): AsyncGenerator<Buffer> {
  for (let at = 0; at < size;) {
    const chunk = await read(file, offset + at, Math.min(1 << 20, size - at));
    at += chunk.length;
    sum.update(chunk);
    yield chunk;
  }
}

async function read(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, offset);
  if (bytesRead < length) throw invalid('bundle-tampered', `the bundle ends early, at byte ${offset + bytesRead}; nothing of it was taken`);
  return buffer;
}
