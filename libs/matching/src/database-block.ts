import { type AdvisoryRecord, mayBeWrong, type Said } from './advisory-index.ts';
import { compareBytes, u16, u32 } from './bytes.ts';
import { type Decision, decide } from './decide.ts';
import { ends, statuses } from './database-format.ts';
import type { Bound, KeyedEntry, KeyedRange, KeyedVersion } from './keyed.ts';

/**
 * All entries of one name, as they lie in a leaf. Numbers are little-endian.
 *
 *     count of plain entries (4), their positions in the block (4 each), by the end of their range
 *     plain entries: text (6), kind (1), lengths of from and to (2 each), from, to
 *     the others:    text (6), status and counts (9), ranges, version hashes
 *
 * A plain entry says `affected` of one readable range, or of every version, as nearly all do; those above a version are
 * found by bisection and placed without anything being made of them.
 */
export interface BlockEntry {
  readonly entry: KeyedEntry;
  /** Where the entry's texts are. */
  readonly text: number;
}

const textSize = 6, plainHead = textSize + 1 + 2 + 2, otherHead = 1 + 4 + 4;
const everyVersion = 4;
const isWithdrawnBit = 0x80, hasVersionsBit = 0x40, nullFromBit = 0x80, nullToBit = 0x40;

export function encodeBlock(entries: readonly BlockEntry[]): Buffer {
  const plain = entries.filter(({ entry }) => isPlain(entry)).sort((a, b) => compareEnds(a.entry, b.entry)), others = entries.filter(({ entry }) => !isPlain(entry));
  const head = Buffer.allocUnsafe(4 + 4 * plain.length), parts: Buffer[] = [head];
  head.writeUInt32LE(plain.length, 0);
  let at = head.length;
  plain.forEach((one, index) => {
    const part = encodePlain(one);
    head.writeUInt32LE(at, 4 + 4 * index);
    parts.push(part);
    at += part.length;
  });
  return Buffer.concat([...parts, ...others.map(encodeOther)]);
}

const isPlain = ({ status, isWithdrawn, ranges, versions }: KeyedEntry): boolean => status === 'affected' && !isWithdrawn && versions === undefined
  && (ranges.length === 0 || (ranges.length === 1 && ranges[0]!.from !== null && ranges[0]!.to !== null));

/** Without an end comes last. */
function compareEnds({ ranges: [a] }: KeyedEntry, { ranges: [b] }: KeyedEntry): number {
  const aEnds = a !== undefined && a.end !== 'none', bEnds = b !== undefined && b.end !== 'none';
  return aEnds && bEnds ? (a.to! < b.to! ? -1 : a.to! > b.to! ? 1 : 0) : Number(bEnds) - Number(aEnds);
}

function encodePlain({ entry: { ranges: [range] }, text }: BlockEntry): Buffer {
  const from = range?.from ?? '', to = range?.to ?? '';
  const bytes = Buffer.allocUnsafe(plainHead + from.length + to.length);
  let at = bytes.writeUIntLE(text, 0, textSize);
  at = bytes.writeUInt8(range === undefined ? everyVersion : ends.indexOf(range.end), at);
  at = bytes.writeUInt16LE(from.length, at);
  at = bytes.writeUInt16LE(to.length, at);
  at += bytes.write(from, at, 'latin1');
  bytes.write(to, at, 'latin1');
  return bytes;
}

function encodeOther({ entry, text }: BlockEntry): Buffer {
  const hashes = entry.versions ?? new Uint32Array();
  const size = textSize + otherHead + entry.ranges.reduce((sum, { from, to }) => sum + 5 + (from?.length ?? 0) + (to?.length ?? 0), 0) + 4 * hashes.length;
  const bytes = Buffer.allocUnsafe(size);
  let at = bytes.writeUIntLE(text, 0, textSize);
  at = bytes.writeUInt8(statuses.indexOf(entry.status) | (entry.isWithdrawn ? isWithdrawnBit : 0) | (entry.versions === undefined ? 0 : hasVersionsBit), at);
  at = bytes.writeUInt32LE(entry.ranges.length, at);
  at = bytes.writeUInt32LE(hashes.length, at);
  for (const { from, to, end } of entry.ranges) {
    at = bytes.writeUInt8(ends.indexOf(end) | (from === null ? nullFromBit : 0) | (to === null ? nullToBit : 0), at);
    at = bytes.writeUInt16LE(from?.length ?? 0, at);
    at = bytes.writeUInt16LE(to?.length ?? 0, at);
    at += bytes.write(from ?? '', at, 'latin1');
    at += bytes.write(to ?? '', at, 'latin1');
  }
  for (const hash of hashes) at = bytes.writeUInt32LE(hash, at);
  return bytes;
}

/** An entry on its way to its block. */
export const packKeyed = (entry: KeyedEntry): Buffer => encodeOther({ entry, text: 0 });
export const unpackKeyed = (bytes: Buffer): KeyedEntry => decodeOther(bytes, 0).entry;

/** What one entry says of a version; its texts are read when asked for. */
class Answer implements Said {
  readonly decision: Decision;
  readonly #text: number;
  readonly #read: (text: number) => AdvisoryRecord;

  constructor(decision: Decision, text: number, read: (text: number) => AdvisoryRecord) {
    this.decision = decision;
    this.#text = text;
    this.#read = read;
  }

  read(): AdvisoryRecord { return this.#read(this.#text); }
}

const inRange: Decision = { state: 'affected', because: 'in-range', range: 0 };
const always: Decision = { state: 'affected', because: 'every-version', range: -1 };

/** What the entries of the block at `start` to `end` say of a version; without `all` only what may be wrong. `read` gets texts by their place. */
export function askBlock(bytes: Buffer, start: number, end: number, version: KeyedVersion, all: boolean, read: (text: number) => AdvisoryRecord): Said[] {
  const count = u32(bytes, start), said: Said[] = [];
  let at = start + 4 + 4 * count;
  const ask = ({ entry, text, next }: Decoded): number => {
    const decision = decide(entry, version);
    if (decision !== undefined && (all || mayBeWrong(decision))) said.push(new Answer(decision, text, read));
    return next;
  };
  if (all || version.key === null) for (let index = 0; index < count; index++) at = ask(decodePlain(bytes, at));
  else at = askPlain(bytes, start, count, version.key, said, read);
  while (at < end) at = ask(decodeOther(bytes, at));
  return said;
}

const scratch = new Uint8Array(8 * 1024);

/** Of plain entries only those that end above the version can hold it. Answers where the plain entries end. */
function askPlain(bytes: Buffer, start: number, count: number, key: string, said: Said[], read: (text: number) => AdvisoryRecord): number {
  const size = key.length, wanted = size > scratch.length ? new Uint8Array(size) : scratch;
  for (let index = 0; index < size; index++) wanted[index] = key.charCodeAt(index);
  let low = 0, high = count;
  while (low < high) {
    const middle = (low + high) >> 1, at = start + u32(bytes, start + 4 + 4 * middle), kind = bytes[at + textSize]!;
    const isBelow = kind !== 0 && kind !== everyVersion && compareBytes(bytes, at + plainHead + u16(bytes, at + textSize + 1), u16(bytes, at + textSize + 3), wanted, size) < 0;
    if (isBelow) low = middle + 1; else high = middle;
  }
  // Entries lie in the order of their positions; what is passed over is passed over at once.
  const first = low < count ? low : count - 1;
  let at = count === 0 ? start + 4 : start + u32(bytes, start + 4 + 4 * first);
  for (let index = first; index >= 0 && index < count; index++) {
    const kind = bytes[at + textSize]!, fromSize = u16(bytes, at + textSize + 1), toSize = u16(bytes, at + textSize + 3), next = at + plainHead + fromSize + toSize;
    const holds = index >= low && (fromSize === 0 || compareBytes(bytes, at + plainHead, fromSize, wanted, size) <= 0)
      // An end that the version is at holds it only when it is the last affected one.
      && (kind === 0 || kind === everyVersion || kind === 2 || compareBytes(bytes, at + plainHead + fromSize, toSize, wanted, size) !== 0);
    if (holds) said.push(new Answer(kind === everyVersion ? always : inRange, textAt(bytes, at), read));
    at = next;
  }
  return at;
}

const textAt = (bytes: Uint8Array, at: number): number => u32(bytes, at) + u16(bytes, at + 4) * 0x1_0000_0000;

interface Decoded extends BlockEntry { readonly next: number }

function decodePlain(bytes: Buffer, at: number): Decoded {
  const kind = bytes[at + textSize]!, fromAt = at + plainHead, toAt = fromAt + bytes.readUInt16LE(at + textSize + 1), next = toAt + bytes.readUInt16LE(at + textSize + 3);
  const ranges: KeyedRange[] = kind === everyVersion ? [] : [{ from: bytes.toString('latin1', fromAt, toAt), to: bytes.toString('latin1', toAt, next), end: ends[kind]! }];
  return { entry: { status: 'affected', isWithdrawn: false, ranges, versions: undefined }, text: textAt(bytes, at), next };
}

function decodeOther(bytes: Buffer, at: number): Decoded {
  const text = textAt(bytes, at);
  at += textSize;
  const flags = bytes.readUInt8(at), rangeCount = bytes.readUInt32LE(at + 1), hashCount = bytes.readUInt32LE(at + 5);
  at += otherHead;
  const ranges: KeyedRange[] = [];
  for (let index = 0; index < rangeCount; index++) {
    const kind = bytes.readUInt8(at), fromSize = bytes.readUInt16LE(at + 1), toSize = bytes.readUInt16LE(at + 3);
    at += 5;
    const from: Bound = (kind & nullFromBit) !== 0 ? null : bytes.toString('latin1', at, at + fromSize);
    const to: Bound = (kind & nullToBit) !== 0 ? null : bytes.toString('latin1', at + fromSize, at + fromSize + toSize);
    ranges.push({ from, to, end: ends[kind & 0x3f]! });
    at += fromSize + toSize;
  }
  let versions: Uint32Array | undefined;
  if ((flags & hasVersionsBit) !== 0) {
    versions = new Uint32Array(hashCount);
    for (let index = 0; index < hashCount; index++, at += 4) versions[index] = bytes.readUInt32LE(at);
  }
  return { entry: { status: statuses[flags & 0x0f]!, isWithdrawn: (flags & isWithdrawnBit) !== 0, ranges, versions }, text, next: at };
}

/** Places of texts and nothing else: of what is known of a CVE, of statements about it. */
export function encodeTexts(texts: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(textSize * texts.length);
  texts.forEach((text, index) => bytes.writeUIntLE(text, textSize * index, textSize));
  return bytes;
}

export function decodeTexts(bytes: Buffer, start: number, end: number): number[] {
  const texts: number[] = [];
  for (let at = start; at < end; at += textSize) texts.push(textAt(bytes, at));
  return texts;
}
