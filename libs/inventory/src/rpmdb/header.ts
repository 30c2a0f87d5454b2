/** The fields of one installed rpm package that an inventory needs (rpm docs/manual/tags.md). */
export interface RpmHeader {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly epoch: number | undefined;
  readonly arch: string | undefined;
  readonly vendor: string | undefined;
  readonly licence: string | undefined;
  /** File name of the source package: `bash-5.1.8-5.el9.src.rpm`. */
  readonly sourceRpm: string | undefined;
  readonly modularityLabel: string | undefined;
  /** Absolute paths of the files it owns. */
  readonly files: readonly string[];
}

const tags = { name: 1000, version: 1001, release: 1002, epoch: 1003, vendor: 1011, licence: 1014, arch: 1022, oldFileNames: 1027, sourceRpm: 1044, dirIndexes: 1116, baseNames: 1117, dirNames: 1118, modularityLabel: 5096 } as const;
const int32 = 4, string = 6, stringArray = 8, i18nString = 9;

/** rpm itself refuses more (lib/header.c, HEADER_TAGS_MAX); the data part is bounded by the blob we hold. */
const maxTags = 0xffff;
const maxFiles = 1_000_000;

/**
 * Reads a header as rpm stores it in its database: two big-endian counts, the index of 16-byte entries, the data
 * (rpm docs/manual/format_header.md). Throws an Error that says what is wrong; every offset is checked.
 */
export function readRpmHeader(blob: Buffer): RpmHeader {
  if (blob.length < 8) throw new Error(`a header of ${blob.length} bytes`);
  const count = blob.readUInt32BE(0), dataLength = blob.readUInt32BE(4), data = 8 + count * 16;
  if (count === 0 || count > maxTags) throw new Error(`a header with ${count} tags`);
  if (data + dataLength > blob.length) throw new Error(`a header of ${data + dataLength} bytes in ${blob.length}`);
  const end = data + dataLength;
  const index = new Map<number, { type: number; at: number; count: number }>();
  for (let at = 8; at < data; at += 16) {
    const tag = blob.readUInt32BE(at);
    if (wanted.has(tag)) index.set(tag, { type: blob.readUInt32BE(at + 4), at: data + blob.readUInt32BE(at + 8), count: blob.readUInt32BE(at + 12) });
  }
  const strings = (tag: number): string[] => {
    const entry = index.get(tag);
    if (!entry || ![string, stringArray, i18nString].includes(entry.type)) return [];
    const n = entry.type === string ? 1 : entry.count;
    if (n > maxFiles || n > end - entry.at) throw new Error(`tag ${tag} with ${n} strings`);
    const found: string[] = [];
    for (let i = 0, at = entry.at; i < n; i++) {
      const zero = at < end ? blob.indexOf(0, at) : -1;
      if (zero < 0 || zero >= end) throw new Error(`tag ${tag} runs past the header`);
      found.push(blob.toString('utf8', at, zero));
      at = zero + 1;
    }
    return found;
  };
  const numbers = (tag: number): number[] => {
    const entry = index.get(tag);
    if (!entry || entry.type !== int32) return [];
    if (entry.count > maxFiles || entry.at + entry.count * 4 > end) throw new Error(`tag ${tag} runs past the header`);
    return Array.from({ length: entry.count }, (_, i) => blob.readUInt32BE(entry.at + i * 4));
  };
  // rpm 3 and its databases print absent texts as "(none)".
  const text = (tag: number): string | undefined => strings(tag)[0] || undefined;
  const [name, version, release] = [text(tags.name), text(tags.version), text(tags.release)];
  if (!name || version === undefined || release === undefined) throw new Error(`${name ?? 'a package without a name'} has no version or release`);
  const directories = strings(tags.dirNames), places = numbers(tags.dirIndexes);
  const files = index.has(tags.baseNames) ? strings(tags.baseNames).map((base, i) => (directories[places[i] ?? -1] ?? '/') + base) : strings(tags.oldFileNames);
  return {
    name, version, release, files,
    epoch: numbers(tags.epoch)[0],
    arch: text(tags.arch),
    vendor: text(tags.vendor),
    licence: text(tags.licence),
    sourceRpm: text(tags.sourceRpm),
    modularityLabel: text(tags.modularityLabel),
  };
}

const wanted: ReadonlySet<number> = new Set(Object.values(tags));
