/** The kinds of failure this house knows, and how each one travels. */
const kinds = {
  invalid:     { status: 400, retry: false },
  unauthenticated: { status: 401, retry: false },
  denied:      { status: 403, retry: false },
  missing:     { status: 404, retry: false },
  conflict:    { status: 409, retry: false },
  limited:     { status: 429, retry: true },
  bug:         { status: 500, retry: true },
  unavailable: { status: 503, retry: true },
} as const;

export type ProblemKind = keyof typeof kinds;

export const problemKinds = Object.keys(kinds) as readonly ProblemKind[];

/** One thing wrong with the input, and where: a path like `layers[3]` or `etc/os-release:4`. */
export interface ProblemDetail {
  readonly where: string;
  readonly what: string;
}

export interface ProblemJson {
  readonly kind: ProblemKind;
  readonly detail: string;
  readonly code?: string | undefined;
  readonly errors?: readonly ProblemDetail[] | undefined;
}

/**
 * A failure someone else must be able to recognise. Crosses NATS, HTTP and gRPC intact.
 * `detail` says what and where in words for people; `code` is a stable kebab-case name for programs
 * (`digest-mismatch`, `archive-truncated`), and `errors` lists the parts when there are several.
 */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly kind: ProblemKind;
  readonly detail: string;
  readonly code: string | undefined;
  readonly errors: readonly ProblemDetail[] | undefined;

  constructor(kind: ProblemKind, detail: string, more: { code?: string | undefined; errors?: readonly ProblemDetail[] | undefined; cause?: unknown } = {}) {
    super(detail, more.cause === undefined ? undefined : { cause: more.cause });
    this.kind = kind;
    this.detail = detail;
    this.code = more.code;
    this.errors = more.errors;
  }

  /** HTTP status this kind answers with (RFC 9110). */
  get status(): number { return kinds[this.kind].status; }

  /** Whether trying the same thing again later may succeed. */
  get retry(): boolean { return kinds[this.kind].retry; }

  toJSON(): ProblemJson {
    return {
      kind: this.kind, detail: this.detail,
      ...(this.code === undefined ? {} : { code: this.code }),
      ...(this.errors === undefined ? {} : { errors: this.errors }),
    };
  }

  /** Anything thrown that is not a Problem is a bug, and its text stays inside (as the cause). */
  static from(error: unknown): Problem {
    return error instanceof Problem ? error : new Problem('bug', 'unexpected failure', { cause: error });
  }

  /** Rebuilds a Problem that travelled as JSON; anything else is a bug. */
  static fromJSON(value: unknown): Problem {
    if (isProblemJson(value)) return new Problem(value.kind, value.detail, value);
    return new Problem('bug', 'unexpected failure', { cause: value });
  }
}

const isProblemJson = (value: unknown): value is ProblemJson =>
  typeof value === 'object' && value !== null
  && 'kind' in value && typeof value.kind === 'string' && Object.hasOwn(kinds, value.kind)
  && 'detail' in value && typeof value.detail === 'string';

/** Shorthand for the commonest Problem: input that cannot be read. */
export const invalid = (code: string, detail: string, cause?: unknown): Problem =>
  new Problem('invalid', detail, { code, cause });
