import type { ImageConfig } from '@plimsoll/oci';
import type { Accounts, FileFact } from '../found.ts';
import type { BaseImage, ConfigurationFinding, Package, Secret, Weight } from '../model.ts';
import type { Step } from './steps.ts';

/** What checks look at: the finished image or root filesystem. */
export interface CheckView {
  /** Absent for a directory. */
  readonly image?: {
    readonly reference: string;
    /** Whether the reference names it in a registry. */
    readonly fromRegistry: boolean;
    readonly config: ImageConfig['config'];
    readonly steps: readonly Step[];
    readonly base?: BaseImage | undefined;
  } | undefined;
  /** Of what is visible in the end. */
  readonly files: readonly VisibleFact[];
  /** undefined where there is no such file to read. */
  readonly users: Accounts['users'];
  readonly groups: Accounts['groups'];
  readonly passwordless: readonly string[];
  readonly packages: readonly Package[];
  readonly secrets: readonly Secret[];
}

export interface VisibleFact { readonly path: string; readonly layer?: string | undefined; readonly fact: FileFact }
export type Evidence = ConfigurationFinding['evidence'][number];

/** One thing that should be otherwise. Pure: says by what it is seen, nothing when all is well. */
export interface Check {
  readonly id: string;
  readonly severity: Weight;
  readonly title: string;
  readonly why: string;
  readonly fix: string;
  readonly find: (view: CheckView) => Iterable<Evidence>;
}
