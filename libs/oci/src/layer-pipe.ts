import { createHash, type Hash } from 'node:crypto';
import { invalid, Problem } from '@plimsoll/problem';
import { createDecoder, type Compression, type Decoder } from './decode.ts';
import type { Digest } from './digests.ts';
import type { ReadLimits } from './limits.ts';
import { compressionOf, sniffCompression } from './media-types.ts';
import type { LayerInput } from './read-layer.ts';
import { TarWalker, type TarListener } from './tar.ts';

/** What the bytes of a layer turned out to be; equal to what was promised. */
export interface LayerIdentity {
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly size: number;
  readonly uncompressedSize: number;
}

/** How a layer is called in messages. */
export const layerName = (input: LayerInput): string => `layer ${input.digest ?? input.diffId ?? '(without digest)'}`;

/**
 * One pass over the stored bytes of a layer: hash, inflate, hash, walk. Feed it with `push`, then `end`; always `close` it.
 * Bytes that are no valid layer are hashed to their end all the same, because "not what the manifest promised" is the better answer.
 */
export class LayerPipe {
  private readonly input: LayerInput;
  private readonly limits: ReadLimits;
  private readonly where: string;
  private readonly walker: TarWalker | undefined;
  private readonly listener: TarListener | undefined;
  private readonly storedHash = createHash('sha256');
  /** Undefined for an uncompressed layer: its tar is what is stored. */
  private tarHash: Hash | undefined;
  private readonly deadline: number;
  private stored = 0;
  private tarBytes = 0;
  private decoder: Decoder | undefined;
  private firstBytes: Buffer | undefined = Buffer.alloc(0);
  private damage: Problem | undefined;

  /** Without a listener nothing is walked: the identity alone is verified. */
  constructor(input: LayerInput, limits: ReadLimits, listener?: TarListener) {
    this.input = input;
    this.limits = limits;
    this.listener = listener;
    this.where = layerName(input);
    this.deadline = performance.now() + limits.seconds * 1000;
    this.walker = listener && new TarWalker(listener, limits, (reason, what) =>
      invalid(reason === 'truncated' ? 'layer-truncated' : 'tar-corrupt', `${this.where}: ${what}`));
  }

  push(bytes: Buffer): void | Promise<void> {
    if (performance.now() > this.deadline) throw invalid('limit-seconds', `${this.where}: not read within ${this.limits.seconds} seconds`);
    this.stored += bytes.length;
    if (this.stored > this.input.size) throw invalid('size-mismatch', `${this.where}: more than the ${this.input.size} bytes the manifest says`);
    this.storedHash.update(bytes);
    return this.firstBytes === undefined ? this.decode(bytes) : this.begin(bytes);
  }

  async end(): Promise<LayerIdentity> {
    if (this.firstBytes !== undefined) await this.start();
    if (this.damage === undefined) {
      try {
        await this.decoder?.end();
        this.walker?.end();
      } catch (error) { this.damaged(error); }
    }
    return this.verified();
  }

  close(): void { this.decoder?.close(); }

  /** Waits until there are enough bytes to tell the compression from. */
  private begin(bytes: Buffer): void | Promise<void> {
    this.firstBytes = this.firstBytes!.length === 0 ? bytes : Buffer.concat([this.firstBytes!, bytes]);
    if (this.firstBytes.length >= 6) return this.start();
    this.firstBytes = Buffer.from(this.firstBytes);
  }

  private start(): void | Promise<void> {
    const bytes = this.firstBytes!;
    this.firstBytes = undefined;
    const compression = sniffCompression(bytes);
    if (compression === 'bzip2' || compression === 'xz') throw invalid('compression-unsupported', `${this.where}: compressed with ${compression}; gzip, zstd and none are read`);
    this.compare(compression);
    if (compression !== 'none') this.tarHash = createHash('sha256');
    this.decoder = createDecoder(compression, (part) => this.uncompressed(part), (reason, cause) =>
      invalid(reason === 'truncated' ? 'layer-truncated' : 'layer-corrupt', `${this.where}: its ${compression} stream ${reason === 'truncated' ? 'ends early' : 'is damaged'}`, cause));
    return bytes.length > 0 ? this.decode(bytes) : undefined;
  }

  /** Content decides, as it does for containerd and Docker; a media type that says otherwise is named. */
  private compare(found: Compression): void {
    const said = compressionOf(this.input.mediaType);
    if (said !== undefined && said !== found && this.input.size > 0) {
      this.listener?.problem('media-type-mismatch', `the media type ${this.input.mediaType} says ${said}, the content is ${found}; read as ${found}`, this.where);
    }
  }

  private decode(bytes: Buffer): void | Promise<void> {
    if (this.damage !== undefined) return;
    try {
      return this.decoder!.push(bytes)?.catch((error: unknown) => this.damaged(error));
    } catch (error) { this.damaged(error); }
  }

  private uncompressed(bytes: Buffer): void {
    this.tarBytes += bytes.length;
    const { layerBytes, ratio, ratioFrom } = this.limits;
    if (this.tarBytes > layerBytes) throw invalid('limit-layer-bytes', `${this.where}: more than ${layerBytes} bytes uncompressed`);
    if (this.tarBytes > ratioFrom && this.tarBytes > ratio * this.stored) throw invalid('limit-ratio', `${this.where}: ${this.stored} bytes became ${this.tarBytes}; more than ${ratio} times as many`);
    this.tarHash?.update(bytes);
    this.walker?.push(bytes);
  }

  private damaged(error: unknown): void {
    if (error instanceof Problem && error.code !== undefined && damageCodes.has(error.code)) this.damage ??= error;
    else throw error;
  }

  private verified(): LayerIdentity {
    const { input, where, damage } = this;
    const digest = `sha256:${this.storedHash.digest('hex')}`;
    const diffId = this.tarHash === undefined ? digest : `sha256:${this.tarHash.digest('hex')}`;
    if (this.stored !== input.size) throw invalid('size-mismatch', `${where}: ${this.stored} bytes; the manifest says ${input.size}`, damage);
    if (input.digest !== undefined && digest !== input.digest) throw invalid('digest-mismatch', `${where}: its bytes have the digest ${digest}`, damage);
    if (damage !== undefined) throw damage;
    if (input.diffId !== undefined && diffId !== input.diffId) throw invalid('diff-id-mismatch', `${where}: uncompressed it has the digest ${diffId}; the configuration says ${input.diffId}`);
    return { digest, diffId, size: this.stored, uncompressedSize: this.tarBytes };
  }
}

const damageCodes: ReadonlySet<string> = new Set(['layer-truncated', 'layer-corrupt', 'tar-corrupt']);
