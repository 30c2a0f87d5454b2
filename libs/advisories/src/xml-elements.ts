import { invalid, Problem } from '@plimsoll/problem';
import type { FeedLimits, FeedRecord } from './feed.ts';
import { readXmlInSteps } from './xml.ts';

/** One element with everything in it. */
export class XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[] = [];
  /** Its own character data, without its children's. */
  text = '';

  constructor(name: string, attributes: Readonly<Record<string, string>>) {
    this.name = name;
    this.attributes = attributes;
  }

  /** Children of a name; with several names, children of children. */
  all(name: string, ...rest: readonly string[]): readonly XmlElement[] {
    const found = this.children.filter((child) => child.name === name);
    return rest.length === 0 ? found : found.flatMap((child) => child.all(rest[0]!, ...rest.slice(1)));
  }

  first(name: string, ...rest: readonly string[]): XmlElement | undefined { return this.all(name, ...rest)[0]; }

  /** The trimmed text of the first such child, or nothing. */
  textOf(name: string, ...rest: readonly string[]): string { return this.first(name, ...rest)?.text.trim() ?? ''; }

  attribute(name: string): string { return this.attributes[name] ?? ''; }
}

/** The elements of a name, one after another wherever they stand; of the document only one is held at a time. An element larger than a record may be is a Problem `record-too-large`. */
export async function* xmlElements(record: FeedRecord, limits: FeedLimits, name: string): AsyncGenerator<XmlElement> {
  const ready: XmlElement[] = [], open: XmlElement[] = [];
  let size = 0;
  const grow = (characters: number): void => {
    size += characters;
    if (size > limits.recordBytes) throw invalid('record-too-large', `${record.name}: an element <${name}> has more than ${limits.recordBytes} characters`);
  };
  const steps = readXmlInSteps(record, limits, {
    open(tag, attributes) {
      if (open.length === 0) {
        if (tag !== name) return;
        size = 0;
      }
      const element = new XmlElement(tag, attributes);
      grow(tag.length + 64);
      for (const key in attributes) grow(key.length + attributes[key]!.length);
      open.at(-1)?.children.push(element);
      open.push(element);
    },
    text(text) {
      const element = open.at(-1);
      if (element === undefined) return;
      grow(text.length);
      element.text += text;
    },
    close() {
      const element = open.pop();
      if (element !== undefined && open.length === 0) ready.push(element);
    },
  });
  for await (const _ of steps) {
    yield* ready;
    ready.length = 0;
  }
  yield* ready;
}

/** The whole document as one element; Problem `feed-malformed` unless it is called so. */
export async function xmlDocument(record: FeedRecord, limits: FeedLimits, name: string): Promise<XmlElement> {
  for await (const element of xmlElements(record, limits, name)) return element;
  throw new Problem('invalid', `${record.name} has no <${name}>`, { code: 'feed-malformed' });
}
