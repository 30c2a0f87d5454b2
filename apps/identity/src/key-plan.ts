/** How long each part of a signing key's life is, in milliseconds. */
export interface RotationTimes {
  /** It signs for this long. */
  readonly lifeMs: number;
  /** It is published this long before it signs: longer than anybody keeps the key set. */
  readonly leadMs: number;
  /** It is published this long after it stopped: longer than any token it signed. */
  readonly keepMs: number;
}

export interface KeyPlan<K> {
  readonly current: K | undefined;
  /** What the key set shows, oldest first. */
  readonly published: readonly K[];
  /** Will never sign again: private half to be destroyed. */
  readonly spent: readonly K[];
  /** No living token needs it. */
  readonly gone: readonly K[];
  /** When the key to be made now should begin to sign; undefined when none is due. */
  readonly nextFrom: Date | undefined;
}

/** What to do with the keys there are, ordered by when they begin to sign. Each signs until the next begins. */
export function planKeys<K extends { readonly signsFrom: Date }>(keys: readonly K[], now: Date, { lifeMs, leadMs, keepMs }: RotationTimes): KeyPlan<K> {
  const stoppedFor = (at: number): number => now.getTime() - (keys[at + 1]?.signsFrom.getTime() ?? Infinity);
  const current = keys.findLast(({ signsFrom }) => signsFrom <= now);
  const gone = keys.filter((_key, at) => stoppedFor(at) >= keepMs);
  return {
    current,
    published: keys.filter((key) => !gone.includes(key)),
    // A login that read the key just before it stopped may still be at work: half a minute is plenty.
    spent: keys.filter((_key, at) => stoppedFor(at) >= Math.min(30_000, keepMs)),
    gone,
    nextFrom: nextFrom(keys.at(-1), current, now, lifeMs, leadMs),
  };
}

const nextFrom = <K extends { readonly signsFrom: Date }>(last: K | undefined, current: K | undefined, now: Date, lifeMs: number, leadMs: number): Date | undefined => {
  if (last === undefined || current === undefined) return now;
  if (last !== current) return undefined;   // the next one waits already
  const planned = current.signsFrom.getTime() + lifeMs, earliest = now.getTime() + leadMs;
  return earliest >= planned ? new Date(Math.max(planned, earliest)) : undefined;
};
