import { z } from 'zod';
import { OperatingSystem, PackageType, Secret } from './model.ts';

/** A package as one file tells of it, before anything is known of the image around. Names and versions follow `Package`. */
export const FoundPackage = z.object({
  type: PackageType,
  name: z.string(),
  version: z.string(),
  arch: z.string().optional(),
  source: z.object({ name: z.string(), version: z.string() }).optional(),
  vendor: z.string().optional(),
  module: z.string().optional(),
  licences: z.array(z.string()).optional(),
  /** Where inside the file, when it is a container: `BOOT-INF/lib/a-1.jar`. */
  inside: z.string().optional(),
});
export type FoundPackage = z.output<typeof FoundPackage>;

/** Files an operating-system package owns; only those that some cataloger may find a package in (`ownable`). */
export const OwnedFiles = z.object({ type: PackageType, name: z.string(), version: z.string().optional(), arch: z.string().optional(), paths: z.array(z.string()) });
export type OwnedFiles = z.output<typeof OwnedFiles>;

/** A file or directory whose owner, mode or name a check may judge. */
export const FileFact = z.object({
  mode: z.int(), uid: z.int(), gid: z.int(),
  directory: z.boolean().optional(),
  /** What its name says it is. */
  is: z.enum(['credential', 'leftover', 'package-cache', 'sudo']).optional(),
});
export type FileFact = z.output<typeof FileFact>;

/** Users and groups as passwd(5), group(5) and shadow(5) list them; never a hash. */
export const Accounts = z.object({
  users: z.array(z.object({ name: z.string(), uid: z.int() })).optional(),
  groups: z.array(z.object({ name: z.string(), gid: z.int() })).optional(),
  /** Users whose password is the empty one. */
  passwordless: z.array(z.string()).optional(),
});
export type Accounts = z.output<typeof Accounts>;

/** Licences of a package that a file beside its database tells; `as` names the package whose file it shares. */
export const FoundLicences = z.object({ type: PackageType, name: z.string(), licences: z.array(z.string()), as: z.string().optional() });

export const FoundSecret = Secret.pick({ rule: true, line: true, match: true });
export type FoundSecret = z.output<typeof FoundSecret>;

/** What one cataloger found in one file. */
export const Found = z.object({
  packages: z.array(FoundPackage),
  os: OperatingSystem.optional(),
  owned: z.array(OwnedFiles).optional(),
  fact: FileFact.optional(),
  accounts: Accounts.optional(),
  licences: FoundLicences.optional(),
  secrets: z.array(FoundSecret).optional(),
  /** Parts of the file that could not be read: then the inventory is partial. `inside` names the part. */
  problems: z.array(z.object({ code: z.string(), detail: z.string(), inside: z.string().optional() })).optional(),
});
export type Found = z.output<typeof Found>;
export type FoundProblem = NonNullable<Found['problems']>[number];
