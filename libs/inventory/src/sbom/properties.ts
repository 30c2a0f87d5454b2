import { isRecord } from '../json-file.ts';

/** A named text, as CycloneDX writes it; names may repeat. */
export interface Property { readonly name: string; readonly value: string }

/** Our own properties begin with this. */
export const own = 'plimsoll:';

/** What a maker says beside the fields of the standard, by name. A component has a handful: a list costs a fifth of what a map does, a million times. */
export class Properties {
  readonly #list: Property[];

  constructor(list: Property[] = []) { this.#list = list; }

  add(name: string, value: string): void { this.#list.push({ name, value }); }

  /** The first of a name; undefined for none and for the empty text. */
  one(name: string): string | undefined {
    for (const property of this.#list) if (property.name === name) return property.value || undefined;
    return undefined;
  }

  all(name: string): string[] { return this.#list.flatMap((property) => (property.name === name ? [property.value] : [])); }

  /** Whether a maker has said anything: its properties share a beginning. */
  hasPrefix(prefix: string): boolean { return this.#list.some(({ name }) => name.startsWith(prefix)); }
}

/** Whether a value of unknown origin is one property. */
export const isProperty = (value: unknown): value is Property => isRecord(value) && typeof value['name'] === 'string' && typeof value['value'] === 'string';
