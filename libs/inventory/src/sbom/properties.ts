/** A named text, as CycloneDX writes it; names may repeat. */
export interface Property { readonly name: string; readonly value: string }

/** Our own properties begin with this. */
export const own = 'plimsoll:';

/** What a maker says beside the fields of the standard, by name. */
export class Properties {
  readonly #values = new Map<string, string[]>();

  add(name: string, value: string): void {
    const known = this.#values.get(name);
    if (known) known.push(value);
    else this.#values.set(name, [value]);
  }

  /** The first of a name; undefined for none and for the empty text. */
  one(name: string): string | undefined { return this.#values.get(name)?.[0] || undefined; }

  all(name: string): readonly string[] { return this.#values.get(name) ?? []; }

  /** Whether a maker has said anything: its properties share a beginning. */
  hasPrefix(prefix: string): boolean {
    for (const name of this.#values.keys()) if (name.startsWith(prefix)) return true;
    return false;
  }
}
