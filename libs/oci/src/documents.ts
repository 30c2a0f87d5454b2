import { invalid } from '@plimsoll/problem';
import { type Digest, parseDigest } from './digests.ts';
import type { ImageLimits } from './limits.ts';
import { compressionOf, isConfigType, isForeignLayer, isIndexType, isManifestType } from './media-types.ts';

/** The image configuration, under the names of the OCI image-spec (config.md). Fields nobody judges are dropped, wrong types refused. */
export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly variant: string | undefined;
  readonly created: string | undefined;
  readonly author: string | undefined;
  readonly config: {
    readonly User: string | undefined;
    readonly ExposedPorts: readonly string[];
    readonly Env: readonly string[];
    readonly Entrypoint: readonly string[];
    readonly Cmd: readonly string[];
    readonly Volumes: readonly string[];
    readonly WorkingDir: string | undefined;
    readonly Labels: Readonly<Record<string, string>>;
    readonly StopSignal: string | undefined;
    /** The test of Docker's HEALTHCHECK: `['CMD', …]`, `['NONE']`; empty when there is none. */
    readonly Healthcheck: readonly string[];
  };
  readonly history: readonly HistoryStep[];
  /** Digests of the uncompressed layers, lowest first. */
  readonly diffIds: readonly Digest[];
}

export interface HistoryStep {
  readonly created: string | undefined;
  readonly createdBy: string | undefined;
  readonly comment: string | undefined;
  readonly emptyLayer: boolean;
}

/** OCI image-spec descriptor.md. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  /** `os/arch` or `os/arch/variant`. */
  readonly platform: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly artifactType: string | undefined;
}

export type ImageDocument =
  | { readonly kind: 'index'; readonly manifests: readonly Descriptor[] }
  | { readonly kind: 'manifest'; readonly config: Descriptor; readonly layers: readonly Descriptor[]; readonly annotations: Readonly<Record<string, string>> };

/** Reads a manifest or an index, OCI or Docker. `where` names it in Problems `document-invalid`, `manifest-unsupported`, `not-an-image`, `layer-unsupported`, `layer-foreign`, `limit-layers`. */
export function parseImageDocument(bytes: Buffer, servedAs: string | undefined, where: string, limits: Pick<ImageLimits, 'layers'>): ImageDocument {
  const document = parseJson(bytes, where);
  const mediaType = optionalString(document, 'mediaType', where) ?? servedAs ?? '';
  if (document['schemaVersion'] === 1) throw invalid('manifest-unsupported', `${where}: a manifest of schema version 1; convert the image`);
  const isIndex = isIndexType(mediaType) || (!isManifestType(mediaType) && Array.isArray(document['manifests']));
  if (isIndex) return { kind: 'index', manifests: list(document, 'manifests', where).map((entry, i) => descriptor(entry, `${where}: manifests[${i}]`)) };
  if (!isManifestType(mediaType) && !(mediaType === '' && 'config' in document)) throw invalid('manifest-unsupported', `${where}: media type ${JSON.stringify(mediaType)} is neither a manifest nor an index`);
  const config = descriptor(document['config'], `${where}: config`);
  if (!isConfigType(config.mediaType)) throw invalid('not-an-image', `${where}: an artifact of type ${JSON.stringify(optionalString(document, 'artifactType', where) ?? config.mediaType)}, not a container image`);
  const found = list(document, 'layers', where);
  if (found.length > limits.layers) throw invalid('limit-layers', `${where}: ${found.length} layers; the limit is ${limits.layers}`);
  return { kind: 'manifest', config, annotations: stringRecord(document, 'annotations', where), layers: found.map((entry, i) => layer(entry, `${where}: layers[${i}]`)) };
}

function layer(entry: unknown, where: string): Descriptor {
  const found = descriptor(entry, where);
  if (isForeignLayer(found.mediaType)) throw invalid('layer-foreign', `${where}: a layer to be fetched from elsewhere (${found.mediaType}); such layers are not read`);
  if (compressionOf(found.mediaType) === undefined) throw invalid('layer-unsupported', `${where}: unknown layer media type ${JSON.stringify(found.mediaType)}`);
  return found;
}

/** Reads an image configuration; Problem `document-invalid` says what is wrong with it. */
export function parseConfig(bytes: Buffer, where: string): ImageConfig {
  const document = parseJson(bytes, where);
  const run = optionalObject(document, 'config', where);
  const rootfs = object(document['rootfs'], `${where}: rootfs`);
  const history = document['history'] === undefined || document['history'] === null ? [] : list(document, 'history', where);
  const healthcheck = optionalObject(run, 'Healthcheck', where);
  return {
    architecture: optionalString(document, 'architecture', where) ?? '',
    os: optionalString(document, 'os', where) ?? '',
    variant: optionalString(document, 'variant', where),
    created: optionalString(document, 'created', where),
    author: optionalString(document, 'author', where),
    config: {
      User: optionalString(run, 'User', where),
      ExposedPorts: Object.keys(optionalObject(run, 'ExposedPorts', where)),
      Env: strings(run, 'Env', where),
      Entrypoint: strings(run, 'Entrypoint', where),
      Cmd: strings(run, 'Cmd', where),
      Volumes: Object.keys(optionalObject(run, 'Volumes', where)),
      WorkingDir: optionalString(run, 'WorkingDir', where),
      Labels: stringRecord(run, 'Labels', where),
      StopSignal: optionalString(run, 'StopSignal', where),
      Healthcheck: strings(healthcheck, 'Test', where),
    },
    history: history.map((entry, i) => historyStep(object(entry, `${where}: history[${i}]`), `${where}: history[${i}]`)),
    diffIds: list(rootfs, 'diff_ids', `${where}: rootfs`).map((entry, i) => parseDigest(entry, `${where}: rootfs.diff_ids[${i}]`)),
  };
}

const historyStep = (step: Json, where: string): HistoryStep => ({
  created: optionalString(step, 'created', where),
  createdBy: optionalString(step, 'created_by', where),
  comment: optionalString(step, 'comment', where),
  emptyLayer: step['empty_layer'] === true,
});

/** Which step of the history made which layer; nothing where the history does not add up. */
export function buildSteps({ history }: ImageConfig, layers: number): readonly (string | undefined)[] {
  const steps = history.filter((step) => !step.emptyLayer).map((step) => step.createdBy ?? step.comment);
  return steps.length === layers ? steps : [];
}

/** `os/arch[/variant]` of a configuration. */
export const platformOf = ({ os, architecture, variant }: { os: string; architecture: string; variant: string | undefined }): string =>
  `${os}/${architecture}${variant ? `/${variant}` : ''}`;

type Json = Readonly<Record<string, unknown>>;

/** A JSON object, or Problem `document-invalid`. */
export function parseJson(bytes: Buffer, where: string): Json {
  let value: unknown;
  try { value = JSON.parse(bytes.toString('utf8')); } catch (error) { throw invalid('document-invalid', `${where}: not JSON`, error); }
  return object(value, where);
}

/** A descriptor, or Problem `document-invalid` or `digest-invalid`. */
export function descriptor(value: unknown, where: string): Descriptor {
  const found = object(value, where);
  const size = found['size'];
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw wrong(`${where}.size`, 'a number of bytes');
  const platform = found['platform'] === undefined || found['platform'] === null ? undefined : object(found['platform'], `${where}.platform`);
  return {
    size,
    mediaType: optionalString(found, 'mediaType', where) ?? '',
    digest: parseDigest(found['digest'], `${where}.digest`),
    platform: platform && platformOf({ os: optionalString(platform, 'os', where) ?? '', architecture: optionalString(platform, 'architecture', where) ?? '', variant: optionalString(platform, 'variant', where) }),
    annotations: stringRecord(found, 'annotations', where),
    artifactType: optionalString(found, 'artifactType', where),
  };
}

const wrong = (where: string, expected: string) => invalid('document-invalid', `${where}: expected ${expected}`);

export function object(value: unknown, where: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(where, 'an object');
  return value as Json;
}

export function list(from: Json, key: string, where: string): readonly unknown[] {
  const value = from[key];
  if (!Array.isArray(value)) throw wrong(`${where}.${key}`, 'a list');
  return value;
}

export function optionalString(from: Json, key: string, where: string): string | undefined {
  const value = from[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw wrong(`${where}.${key}`, 'text');
  return value;
}

const optionalObject = (from: Json, key: string, where: string): Json =>
  (from[key] === undefined || from[key] === null ? {} : object(from[key], `${where}.${key}`));

export function strings(from: Json, key: string, where: string): readonly string[] {
  const value = from[key] ?? [];
  // Docker once wrote a single command as plain text.
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) throw wrong(`${where}.${key}`, 'a list of texts');
  return value as string[];
}

function stringRecord(from: Json, key: string, where: string): Readonly<Record<string, string>> {
  const record = optionalObject(from, key, where);
  if (!Object.values(record).every((value) => typeof value === 'string')) throw wrong(`${where}.${key}`, 'texts by name');
  return record as Record<string, string>;
}
