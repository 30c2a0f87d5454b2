import { createHash, randomBytes } from 'node:crypto';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { Problem } from '@plimsoll/problem';
import type { Counter } from 'prom-client';

/** OWASP Password Storage Cheat Sheet: argon2id (the library's default kind), 19 MiB, two passes, one lane. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Checks that may wait for their turn before more are turned away: at 20 ms each, some seconds. */
const maxWaiting = 200;

export interface Credential { readonly phc: string; readonly pepper: string }
export interface PasswordSettings {
  /** Goes into every hash as argon2's secret; kept out of the database. */
  readonly pepper?: Buffer | undefined;
  readonly concurrency: number;
  /** Counts checks by outcome. */
  readonly checks: Counter<'outcome'>;
}

/**
 * Hashes and checks passwords (argon2id, RFC 9106). Whoever is unknown is checked against a hash that nobody has a
 * password for, so that a name costs the same whether it exists or not.
 */
export class Passwords {
  readonly pepperId: string;
  private readonly settings: PasswordSettings;
  private readonly waiting: (() => void)[] = [];
  private running = 0;
  private nobody: Promise<Credential> | undefined;

  constructor(settings: PasswordSettings) {
    this.settings = settings;
    this.pepperId = settings.pepper === undefined ? '' : createHash('sha256').update('plimsoll pepper id\0').update(settings.pepper).digest('hex').slice(0, 16);
  }

  /** A credential under today's cost and pepper. */
  async hash(password: string): Promise<Credential> {
    return this.inTurn(async () => ({ phc: await hash(bytesOf(password), { ...cost, ...this.secret(this.pepperId) }), pepper: this.pepperId }));
  }

  /** Whether the password is right; always one check's work. False when the credential was made with a pepper we do not have. */
  async check(credential: Credential | undefined, password: string): Promise<boolean> {
    const against = credential !== undefined && this.has(credential.pepper) ? credential : await (this.nobody ??= this.hash(randomBytes(32).toString('hex')));
    const isRight = await this.inTurn(() => verify(against.phc, bytesOf(password), this.secret(against.pepper)));
    this.settings.checks.inc({ outcome: credential === undefined ? 'nobody' : isRight ? 'right' : 'wrong' });
    return isRight && against === credential;
  }

  /** Whether a credential was made with today's cost and pepper; else it is to be made again at the next login. */
  isCurrent({ phc, pepper }: Credential): boolean {
    const { memoryCost, timeCost, parallelism } = parseOptions(phc);
    return pepper === this.pepperId && memoryCost === cost.memoryCost && timeCost === cost.timeCost && parallelism === cost.parallelism;
  }

  /** Whether we hold the pepper a credential was made with. */
  has(pepper: string): boolean { return pepper === '' || pepper === this.pepperId; }

  private secret(pepper: string): { secret?: Buffer } {
    return pepper === '' ? {} : { secret: this.settings.pepper! };
  }

  /** A few at a time: each holds 19 MiB and a core, and a flood of logins must not starve everything else. */
  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.settings.concurrency) {
      if (this.waiting.length >= maxWaiting) throw new Problem('limited', 'too many people are signing in; try again shortly', { code: 'login-busy' });
      await new Promise<void>((resolve) => { this.waiting.push(resolve); });
    } else {
      this.running++;
    }
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}

/** One person's é is another's e + ´: NFKC, as NIST SP 800-63B 5.1.1.2 asks. Nothing is trimmed or cut. */
const bytesOf = (password: string): Buffer => Buffer.from(password.normalize('NFKC'));
