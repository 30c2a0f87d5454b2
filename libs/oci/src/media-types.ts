import type { Compression } from './decode.ts';

/** Every media type this library reads, by what it is. OCI image-spec media-types.md; Docker's equivalents are in its "Compatibility Matrix". */
export const mediaTypes = {
  index: ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json'],
  manifest: ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json'],
  config: ['application/vnd.oci.image.config.v1+json', 'application/vnd.docker.container.image.v1+json'],
} as const;

export const isIndexType = (mediaType: string): boolean => (mediaTypes.index as readonly string[]).includes(mediaType);
export const isManifestType = (mediaType: string): boolean => (mediaTypes.manifest as readonly string[]).includes(mediaType);
export const isConfigType = (mediaType: string): boolean => (mediaTypes.config as readonly string[]).includes(mediaType);

const layerTypes: Readonly<Record<string, Compression>> = {
  'application/vnd.oci.image.layer.v1.tar': 'none',
  'application/vnd.oci.image.layer.v1.tar+gzip': 'gzip',
  'application/vnd.oci.image.layer.v1.tar+zstd': 'zstd',
  'application/vnd.docker.image.rootfs.diff.tar': 'none',
  'application/vnd.docker.image.rootfs.diff.tar.gzip': 'gzip',
  'application/vnd.docker.image.rootfs.diff.tar.zstd': 'zstd',
  'application/vnd.docker.container.image.rootfs.diff+x-gtar': 'none',
};

/** How a layer of this media type is compressed; undefined for one that is no layer we know. */
export const compressionOf = (mediaType: string): Compression | undefined =>
  (Object.hasOwn(layerTypes, mediaType) ? layerTypes[mediaType] : undefined);

/** The media type of a layer found without one, in a docker-archive. */
export const dockerLayerType = (compression: Compression): string =>
  `application/vnd.docker.image.rootfs.diff.tar${compression === 'none' ? '' : `.${compression}`}`;

/** Layers that may not be pushed and live at other addresses: fetching those would let an image choose what this machine connects to. */
export const isForeignLayer = (mediaType: string): boolean =>
  mediaType.startsWith('application/vnd.oci.image.layer.nondistributable.') || mediaType.startsWith('application/vnd.docker.image.rootfs.foreign.');

/** What the first bytes say: a compression, or one that is known and not supported. Four bytes are enough (six for xz). */
export function sniffCompression(head: Buffer): Compression | 'bzip2' | 'xz' {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head.length >= 4) {
    const magic = head.readUInt32LE(0);
    // RFC 8878: a frame, or one of sixteen kinds of skippable frame.
    if (magic === 0xfd2fb528 || (magic & 0xfffffff0) === 0x184d2a50) return 'zstd';
    if (magic === 0x587a37fd) return 'xz';
    if (head.toString('latin1', 0, 3) === 'BZh' && head[3]! >= 49 && head[3]! <= 57) return 'bzip2';
  }
  return 'none';
}
