import { availableParallelism } from 'node:os';
import { readConfig } from '@plimsoll/service';
import { parseHostPairs, parseLimits } from '@plimsoll/oci';
import { z } from 'zod';

const list = z.string().default('').transform((text) => text.split(',').map((item) => item.trim()).filter(Boolean));

/** Every setting of the scanner; the defaults are safe for a stranger's images. */
export const ScannerConfig = z.object({
  /** Images read at the same time by one process; layers share the worker threads. One place more is kept for admissions. */
  PLIMSOLL_SCANNER_CONCURRENCY: z.coerce.number().int().min(1).max(32).default(2),
  /** Threads that read layers; reading is processor work, so one per core. */
  PLIMSOLL_SCANNER_WORKERS: z.coerce.number().int().min(1).max(64).default(availableParallelism()),
  /** Directories whose archives and layouts may be named as targets (`oci:/…`); none, because a caller could read the scanner's disk. */
  PLIMSOLL_SCANNER_LOCAL_ROOTS: list,
  /** Registries spoken to without TLS (`host:port`), besides those on loopback. */
  PLIMSOLL_SCANNER_PLAIN_HTTP: list,
  /** Whether registries may be at private or loopback addresses. Off, because whoever may submit an image could probe the network with it. */
  PLIMSOLL_SCANNER_PRIVATE_REGISTRIES: z.enum(['on', 'off']).default('off'),
  /** Registries and hosts asked before them, `docker.io=mirror.example,…`. */
  PLIMSOLL_SCANNER_MIRRORS: list.transform(parseHostPairs),
  /** Hosts that redirects and token servers may name even at private addresses: the object store behind a registry of the house. */
  PLIMSOLL_SCANNER_ALLOWED_HOSTS: list,
  /** Registries and hosts of other domains that may be sent their credentials to get a token, `registry.example=auth.example.org,…`. */
  PLIMSOLL_SCANNER_TOKEN_HOSTS: list.transform(parseHostPairs),
  /** Docker's config.json with the registries' credentials. */
  PLIMSOLL_SCANNER_DOCKER_CONFIG: z.string().optional(),
  /** PEM file of private certificate authorities of registries. */
  PLIMSOLL_SCANNER_REGISTRY_CA_FILE: z.string().optional(),
  /** Seconds for one image, whatever it is. */
  PLIMSOLL_SCANNER_IMAGE_SECONDS: z.coerce.number().int().min(1).default(1_800),
  /** What one image may cost, `NAME=VALUE,…`; see docs/limits.md. */
  PLIMSOLL_SCANNER_LIMITS: list.transform(parseLimits),
  /** How often outdated images are looked for: those whose layers newer catalogers have not seen. */
  PLIMSOLL_SCANNER_RESCAN_SECONDS: z.coerce.number().positive().default(60),
  /** Days after which an image that no project has, and a kept layer that no image has, are thrown away. */
  PLIMSOLL_SCANNER_KEEP_UNUSED_DAYS: z.coerce.number().min(0).default(7),
});
export type ScannerConfig = z.output<typeof ScannerConfig>;

export const scannerConfig = (): ScannerConfig => readConfig(ScannerConfig);
