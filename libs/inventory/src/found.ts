import { z } from 'zod';
import { OperatingSystem, PackageType } from './model.ts';

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

/** What one cataloger found in one file. */
export const Found = z.object({
  packages: z.array(FoundPackage),
  os: OperatingSystem.optional(),
  owned: z.array(OwnedFiles).optional(),
  /** Parts of the file that could not be read: then the inventory is partial. `inside` names the part. */
  problems: z.array(z.object({ code: z.string(), detail: z.string(), inside: z.string().optional() })).optional(),
});
export type Found = z.output<typeof Found>;
export type FoundProblem = NonNullable<Found['problems']>[number];
