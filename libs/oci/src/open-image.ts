import { Problem } from '@plimsoll/problem';
import type { Digest } from './digests.ts';
import type { ImageLimits } from './limits.ts';
import type { LayerInput } from './read-layer.ts';
import type { ImageTarget } from './target.ts';

/** The image configuration, under the names of the OCI image-spec (config.md). Unknown fields are dropped, wrong types refused. */
export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly created?: string;
  readonly author?: string;
  readonly config: {
    readonly User?: string;
    readonly ExposedPorts?: readonly string[];
    readonly Env?: readonly string[];
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly Volumes?: readonly string[];
    readonly WorkingDir?: string;
    readonly Labels?: Readonly<Record<string, string>>;
    readonly StopSignal?: string;
    readonly Healthcheck?: readonly string[];
  };
  readonly history: readonly { readonly created?: string; readonly created_by?: string; readonly comment?: string; readonly empty_layer?: boolean }[];
  readonly diffIds: readonly Digest[];
}

export interface LayerDescriptor {
  /** Digest of the stored layer; in a docker-archive the diffId, because nothing else is known before reading. */
  readonly digest: Digest;
  /** What the configuration claims; only a LayerReading's diffId is verified. */
  readonly diffId: Digest;
  readonly size: number;
  readonly mediaType: string;
  /** The build step that made it, from the configuration's history. */
  readonly createdBy: string | undefined;
}

/** An opened image: its documents are read and verified, its layers are not yet. Close it to remove scratch files and connections. */
export interface ImageSource extends AsyncDisposable {
  /** As named by the user, without credentials. */
  readonly reference: string;
  /** Digest of the image manifest; undefined for a docker-archive, which has none. */
  readonly digest: Digest | undefined;
  /** Digest of the configuration: Docker's image id. */
  readonly configDigest: Digest;
  readonly config: ImageConfig;
  /** `os/arch` or `os/arch/variant`. */
  readonly platform: string;
  readonly layers: readonly LayerDescriptor[];
  layerInput(index: number): LayerInput;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** `os/arch[/variant]`; without it the host's when present, else the only one there is. */
  readonly platform?: string;
  readonly limits?: Partial<ImageLimits>;
  /** Directory for spooled archives; the system's temporary directory by default. */
  readonly scratch?: string;
  readonly signal?: AbortSignal;
}

/** Opens an image wherever it is. Rejects with a Problem: `reference-needed` and `platform-needed` list the choices. */
export async function openImage(_target: ImageTarget, _options?: OpenOptions): Promise<ImageSource> {
  throw new Problem('bug', 'not built yet');
}
