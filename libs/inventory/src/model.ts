import { z } from 'zod';

/** Content address, OCI image-spec descriptor.md: `sha256:` and 64 lower-case hex digits. */
export const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
export type Digest = z.output<typeof Digest>;

/**
 * What a package is by who installed it. The names are the purl types
 * (https://github.com/package-url/purl-spec, PURL-TYPES), so that `type` and `purl` never disagree.
 */
export const PackageType = z.enum([
  'deb', 'apk', 'rpm', 'alpm', 'opkg', 'portage',
  'npm', 'pypi', 'golang', 'maven', 'gem', 'cargo', 'composer', 'nuget', 'pub', 'hex', 'swift', 'cocoapods', 'conan', 'conda', 'cran', 'hackage', 'cpan', 'bitnami', 'generic',
]);
export type PackageType = z.output<typeof PackageType>;

/** Where a package was seen: a path inside the image, without a leading slash, and the layer that put it there. */
export const Location = z.object({ path: z.string(), layer: Digest.optional() });
export type Location = z.output<typeof Location>;

/** One installed package. `(type, name, version, arch)` of an operating-system package is unique in an inventory. */
export const Package = z.object({
  purl: z.string(),
  /** The name its manager uses: `libssl3`, `@scope/name`, `org.apache:commons-io` (group:artifact), `golang.org/x/net`. PyPI names are normalised (PEP 503). */
  name: z.string(),
  /** The full version its manager uses: with epoch for deb and rpm (`1:2.3-4`), with `v` for Go modules. Empty when the file does not say. */
  version: z.string(),
  type: PackageType,
  arch: z.string().optional(),
  /** The package it was built from: dpkg `Source`, rpm `SOURCERPM`, apk `o:`. Distribution advisories speak of these. */
  source: z.object({ name: z.string(), version: z.string() }).optional(),
  /** Who made it, where the database says so (dpkg `Maintainer`, rpm `Vendor`): third-party packages are not judged by the distribution's advisories. */
  vendor: z.string().optional(),
  /** rpm `MODULARITYLABEL`: `nodejs:18:...`. */
  module: z.string().optional(),
  /** The layer that last changed it; absent outside an image. */
  layer: Digest.optional(),
  locations: z.array(Location),
  /** SPDX expressions where they parse, else the text as found. */
  licences: z.array(z.string()),
  /** purl of the operating-system package that owns its files; then that vendor's advisories judge it. */
  owner: z.string().optional(),
  /** True when it comes from a known base image. */
  base: z.boolean().optional(),
});
export type Package = z.output<typeof Package>;

/** os-release(5). `id` and `version_id` decide which advisories apply. */
export const OperatingSystem = z.object({
  id: z.string(),
  version_id: z.string().optional(),
  name: z.string(),
  codename: z.string().optional(),
  id_like: z.array(z.string()).optional(),
});
export type OperatingSystem = z.output<typeof OperatingSystem>;

/** Something that could not be read. An inventory with problems is partial, and nobody may call it clean. */
export const InventoryProblem = z.object({
  /** Stable kebab-case name, e.g. `rpmdb-unreadable`, `layer-truncated`, `limit-entries`. */
  code: z.string(),
  detail: z.string(),
  /** A path, a layer digest, or both: `sha256:… var/lib/rpm/rpmdb.sqlite`. */
  where: z.string(),
});
export type InventoryProblem = z.output<typeof InventoryProblem>;

export const Layer = z.object({
  digest: Digest,
  diff_id: Digest.optional(),
  /** Bytes as stored (compressed). */
  size: z.number().int().nonnegative(),
  media_type: z.string().optional(),
  created_by: z.string().optional(),
  /** false: read by its headers alone, as asked, or not at all; nobody compared its bytes with its digests. */
  verified: z.literal(false).optional(),
});
export type Layer = z.output<typeof Layer>;

/** The image an image was built on. */
export const BaseImage = z.object({
  name: z.string(),
  digest: Digest.optional(),
  /** How many of the lowest layers are its own; absent for a claim, which names none. */
  layers: z.int().positive().optional(),
  /** `registered`: a known base whose whole chain of layers is the lower part of this image. `claimed`: an annotation of the image says so (OCI image-spec annotations.md), and nobody checked. */
  told: z.enum(['registered', 'claimed']),
});
export type BaseImage = z.output<typeof BaseImage>;

/** What was looked at. */
export const Target = z.object({
  kind: z.enum(['image', 'filesystem', 'file', 'sbom']),
  /** As the user named it, without credentials. */
  reference: z.string(),
  /** Digest of the image manifest; absent for a directory. */
  digest: Digest.optional(),
  platform: z.string().optional(),
  layers: z.array(Layer),
  base: BaseImage.optional(),
});
export type Target = z.output<typeof Target>;

/** How much a secret or a problem of the configuration matters, in the words of findings. */
export const Weight = z.enum(['critical', 'high', 'medium', 'low']);
export type Weight = z.output<typeof Weight>;

/** A key, token or password where anybody who has the image can read it. The secret itself is nowhere in here. */
export const Secret = z.object({
  /** Stable kebab-case name of the rule: `aws-access-key`, `private-key`. */
  rule: z.string(),
  title: z.string(),
  severity: Weight,
  place: z.enum(['file', 'environment', 'history', 'label']),
  /** The file, or the name of the variable or label; absent in the history. */
  path: z.string().optional(),
  /** Line of the file, or step of the history, from 1. */
  line: z.int().positive().optional(),
  /** At most its edges: `AKIA…3F7Q`; of a short one nothing. */
  match: z.string(),
  layer: Digest.optional(),
  /** True when an upper layer removed or replaced the file: whoever has the image still has the secret. */
  deleted: z.boolean().optional(),
  base: z.boolean().optional(),
});
export type Secret = z.output<typeof Secret>;

/** Something about how the image was made or will run that should be otherwise. */
export const ConfigurationFinding = z.object({
  /** The field's name where there is one: `CIS-DI-0001`, `DKL-LI-0001`, else `PLM-DI-…`. */
  id: z.string(),
  severity: Weight,
  title: z.string(),
  why: z.string(),
  fix: z.string(),
  /** What it was seen by, the first 20: paths, steps of the history, names. */
  evidence: z.array(z.object({ what: z.string(), layer: Digest.optional() })),
  /** How much there is of it, the evidence left out included. */
  count: z.int().positive(),
  /** True when all of it comes from a known base image. */
  base: z.boolean().optional(),
});
export type ConfigurationFinding = z.output<typeof ConfigurationFinding>;

/** Facts of the image configuration worth judging, and what is wrong with them. Outside an image there are findings alone. */
export const Configuration = z.object({
  user: z.string().optional(),
  exposed_ports: z.array(z.string()).optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  volumes: z.array(z.string()).optional(),
  healthcheck: z.array(z.string()).optional(),
  /** Names of variables, without their values. */
  environment: z.array(z.string()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  created: z.string().optional(),
  /** Sorted by severity. Documents of before there were checks have none. */
  findings: z.array(ConfigurationFinding).default([]),
});
export type Configuration = z.output<typeof Configuration>;

/** A file of the finished image, told when asked for. */
export const FileOfImage = z.object({ path: z.string(), layer: Digest.optional() });
export type FileOfImage = z.output<typeof FileOfImage>;

/** Everything known to be inside a target. True for ever: no clock and no advisory went into it. */
export const Inventory = z.object({
  target: Target,
  os: OperatingSystem.nullable(),
  packages: z.array(Package),
  files: z.array(FileOfImage).optional(),
  /** Those of every layer, also of files that upper layers removed. */
  secrets: z.array(Secret).default([]),
  configuration: Configuration,
  problems: z.array(InventoryProblem),
});
export type Inventory = z.output<typeof Inventory>;
