import { inputLimits } from './input.ts';

/** One field an expression may name: its CEL type, and how large its value can be at most. */
export interface Field {
  readonly type: string;
  /** Characters of a text, entries of a map or list; 1 for a scalar. */
  readonly size: number;
  /** May be missing: an expression that reads it must ask `has()` for it. */
  readonly optional: boolean;
}

const text = (size: number = inputLimits.text): Field => ({ type: 'string', size, optional: false });
const scalar = (type: string): Field => ({ type, size: 1, optional: false });
const int = scalar('int');
const bool = scalar('bool');
const optional = (field: Field): Field => ({ ...field, optional: true });
const timestamp = scalar('google.protobuf.Timestamp');
const duration = scalar('google.protobuf.Duration');

/** The types of the language. The names are those of the input's JSON; what JSON lacks is computed in facts.ts. */
export const vocabulary = {
  Image: {
    project: text(63), reference: text(inputLimits.reference), repository: text(inputLimits.reference), tag: text(inputLimits.reference),
    digest: text(71), kind: text(16), platform: text(), user: text(), runs_as_root: bool,
    created: optional(timestamp), age: optional(duration),
    labels: { type: 'map<string, string>', size: inputLimits.labels, optional: false },
  },
  Inventory: { os: scalar('OperatingSystem'), packages: int, problems: int },
  OperatingSystem: { id: text(), version_id: text(), name: text() },
  Findings: {
    total: int, by_severity: scalar('Counts'), fixable: scalar('Counts'), undetermined: int, not_covered: int,
    max_score: optional(scalar('double')),
    /** How many findings `worst` lists, and whether these are all. */
    listed: int, complete: bool,
  },
  Counts: { critical: int, high: int, medium: int, low: int, unknown: int, negligible: int },
  Finding: {
    id: text(128), severity: text(16), score: optional(scalar('double')), state: text(16),
    fix_state: text(16), fixable: bool, fixed_version: text(), kev: bool,
    package: text(512), version: text(512), purl: text(4_096),
    published: optional(timestamp), first_seen: optional(timestamp),
  },
  Revision: { number: int, published_at: optional(timestamp), age: optional(duration) },
} as const satisfies Record<string, Record<string, Field>>;

/** The variables of a rule's expressions. */
export const variables = {
  image: scalar('Image'),
  inventory: scalar('Inventory'),
  findings: scalar('Findings'),
  worst: { type: 'list<Finding>', size: inputLimits.worst, optional: false },
  revision: scalar('Revision'),
  now: timestamp,
} as const satisfies Record<string, Field>;

/** The one variable more of `about`. */
export const finding: Field = scalar('Finding');

export const fieldsOf = (type: string): Readonly<Record<string, Field>> | undefined =>
  Object.hasOwn(vocabulary, type) ? vocabulary[type as keyof typeof vocabulary] : undefined;
