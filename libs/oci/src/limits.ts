/** What one layer, or one directory tree, may cost its reader. Every excess is a Problem or a named entry in `problems`. */
export interface ReadLimits {
  /** Bytes of one layer after decompression; beyond it Problem `limit-layer-bytes`. */
  readonly layerBytes: number;
  /** Uncompressed bytes per compressed byte, looked at once `ratioFrom` bytes came out; beyond it Problem `limit-ratio`. Archives of source and binaries stay under 20. */
  readonly ratio: number;
  readonly ratioFrom: number;
  /** Headers of files, directories and links in one layer; beyond it Problem `limit-entries`. */
  readonly entries: number;
  /** Bytes of one name or link target; a longer one is skipped with `limit-name`. 4096 is PATH_MAX: no kernel can open more. */
  readonly nameBytes: number;
  /** Bytes of one file handed to the visitor; a bigger one is skipped with `limit-file-bytes`. */
  readonly fileBytes: number;
  /** Bytes handed to the visitor in all; once reached, files are skipped with `limit-captured-bytes`. */
  readonly capturedBytes: number;
  /** Files handed to the visitor; once reached, further ones are skipped with `limit-files`. */
  readonly files: number;
  /** How often a layer is walked, and a file of a directory passed, for readers that go back (see PartReader); what is then left is skipped with `limit-walks`. Honest programs need 2. */
  readonly walks: number;
  /** Bytes kept to remember the layer's paths (see PathList); beyond it Problem `limit-paths`. */
  readonly pathBytes: number;
  /** Directories inside directories, for a directory tree. */
  readonly depth: number;
  /** Wall time for one layer or tree; beyond it Problem `limit-seconds`. */
  readonly seconds: number;
  /** Problems kept one by one; the rest are counted in one `limit-problems`. */
  readonly problems: number;
}

const KiB = 1024, MiB = 1024 * KiB, GiB = 1024 * MiB;

/** Defaults: far above the largest images people report (80 GB, 5 GB layers, 400,000 entries a layer), far below what hurts. */
export const defaultReadLimits: ReadLimits = {
  layerBytes: 64 * GiB,
  ratio: 200,
  ratioFrom: 1 * GiB,
  entries: 4_000_000,
  nameBytes: 4096,
  fileBytes: 256 * MiB,
  capturedBytes: 16 * GiB,
  files: 500_000,
  walks: 4,
  pathBytes: 128 * MiB,
  depth: 256,
  seconds: 900,
  problems: 100,
};

/** What an image's own documents may cost. */
export interface ImageLimits {
  /** Bytes of one manifest, index or configuration; beyond it Problem `limit-document-bytes`. Registries refuse more than 4 MiB themselves (distribution-spec, "Pushing Manifests"). */
  readonly documentBytes: number;
  /** Layers of one manifest; beyond it Problem `limit-layers`. Docker's own limit is 127. */
  readonly layers: number;
  /** Indexes inside indexes; beyond it Problem `limit-index-depth`. */
  readonly indexDepth: number;
  /** Members of an archive file (oci-archive, docker-archive) looked at; beyond it Problem `limit-archive-members`. */
  readonly archiveMembers: number;
  /** Bytes written to the scratch directory for a compressed archive or standard input; beyond it Problem `limit-spool-bytes`. */
  readonly spoolBytes: number;
  /** Uncompressed bytes per compressed byte of a compressed archive, looked at once `spoolRatioFrom` bytes came out; beyond it Problem `limit-ratio`. */
  readonly spoolRatio: number;
  readonly spoolRatioFrom: number;
}

export const defaultImageLimits: ImageLimits = {
  documentBytes: 4 * MiB,
  layers: 512,
  indexDepth: 4,
  archiveMembers: 100_000,
  spoolBytes: 64 * GiB,
  spoolRatio: 200,
  spoolRatioFrom: 1 * GiB,
};

/** One thing that could not be read, and where: a path inside the layer, or the layer's digest. Same shape as the inventory's problems. */
export interface ReadProblem {
  readonly code: string;
  readonly detail: string;
  readonly where: string;
}
