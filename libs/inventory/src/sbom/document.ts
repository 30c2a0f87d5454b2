import { invalid } from '@plimsoll/problem';
import { isRecord } from '../json-file.ts';
import type { InventoryProblem } from '../model.ts';
import type { Properties } from './properties.ts';

/**
 * What a thing listed in a document is for us. `subject`: what the document describes; `system`: an operating system;
 * `group`: a lock file or the like that others are listed under; `other`: no software that versions are known of (files, data).
 */
export type Role = 'package' | 'subject' | 'system' | 'group' | 'other';

/** One thing a document lists, whatever its format. */
export interface Component {
  /** In the document: `components[3]`. */
  readonly where: string;
  readonly ref: string | undefined;
  readonly role: Role;
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly purl: string | undefined;
  readonly vendor: string | undefined;
  readonly description: string | undefined;
  readonly licences: readonly string[];
  readonly locations: readonly { readonly path: string; readonly layer?: string | undefined }[];
  readonly properties: Properties;
}

/** `from` contains or needs `to`, or (`owns`) claims its files. */
export interface Link { readonly kind: 'contains' | 'depends' | 'owns'; readonly from: string; readonly to: string }

/** A document of any format, read but not yet understood. */
export interface SbomDocument {
  readonly name: string | undefined;
  /** Tools and organisations that made it. */
  readonly makers: readonly string[];
  /** What is said of the document as a whole. */
  readonly properties: Properties;
  readonly components: readonly Component[];
  readonly links: readonly Link[];
  /** Paths of files that are listed for themselves, by their ref. */
  readonly files: ReadonlyMap<string, string>;
  /** What the reader could not use. */
  readonly problems: readonly InventoryProblem[];
  /** Where the document says of itself that parts are missing. */
  readonly incomplete: readonly string[];
}

/** A Problem of a document that cannot be read as a whole, and where it is wrong. */
export const malformed = (where: string, what: string): Error => invalid('sbom-invalid', `${where}: ${what}`);

/** A text that says something, to the last space: unlike `textOf`, for what has to come back as it was. */
export const exactText = (value: unknown): string | undefined => (typeof value === 'string' && value.trim() !== '' ? value : undefined);

/** A part that has to be an object; an absent one is empty. */
export function recordAt(value: unknown, where: string): Record<string, unknown> {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw malformed(where, 'is no object');
  return value;
}

/** A part that has to be a list; an absent one is empty. */
export function listAt(value: unknown, where: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw malformed(where, 'is no list');
  return value;
}
