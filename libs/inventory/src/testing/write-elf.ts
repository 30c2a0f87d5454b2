/** A section or segment to write: its bytes, where they are in memory, whether they may be written there. */
export interface ElfSource { readonly name: string; readonly address: number; readonly bytes: Buffer; readonly writable?: boolean }

/** A 64-bit little-endian ELF file with one segment and one section for each part: enough for readers of build information. */
export function writeElf(parts: readonly ElfSource[], { sections = true }: { sections?: boolean } = {}): Buffer {
  const names = Buffer.from(`\0${[...parts.map(({ name }) => name), '.shstrtab'].join('\0')}\0`);
  const tables = 64 + 56 * parts.length;
  let at = Math.max(4096, tables);
  const placed = parts.map((part) => { const offset = at; at += Math.ceil(part.bytes.length / 16) * 16; return { ...part, offset }; });
  const namesAt = at, sectionsAt = at + Math.ceil(names.length / 16) * 16, count = sections ? parts.length + 2 : 0;
  const file = Buffer.alloc(sectionsAt + count * 64);
  file.write('\x7fELF', 'latin1');
  file.set([2, 1, 1], 4);
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(62, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeBigUInt64LE(BigInt(sections ? sectionsAt : 0), 40);
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(parts.length, 56);
  file.writeUInt16LE(64, 58);
  file.writeUInt16LE(count, 60);
  file.writeUInt16LE(count ? count - 1 : 0, 62);
  placed.forEach(({ address, bytes, writable, offset }, i) => {
    const header = 64 + i * 56;
    file.writeUInt32LE(1, header);
    file.writeUInt32LE(writable ? 6 : 4, header + 4);
    [offset, address, address, bytes.length, bytes.length].forEach((value, field) => file.writeBigUInt64LE(BigInt(value), header + 8 + field * 8));
    bytes.copy(file, offset);
  });
  if (!sections) return file;
  names.copy(file, namesAt);
  [...placed, { name: '.shstrtab', address: 0, bytes: names, offset: namesAt, writable: false }].forEach(({ name, address, bytes, offset, writable }, i) => {
    const header = sectionsAt + (i + 1) * 64;
    file.writeUInt32LE(names.indexOf(`\0${name}\0`) + 1, header);
    file.writeUInt32LE(1, header + 4);
    file.writeBigUInt64LE(writable ? 3n : 2n, header + 8);
    [address, offset, bytes.length].forEach((value, field) => file.writeBigUInt64LE(BigInt(value), header + 16 + field * 8));
  });
  return file;
}

const magic = Buffer.from('\xff Go buildinf:', 'latin1');
const start = Buffer.from('3077af0c9274080241e1c107e6d618e6', 'hex'), end = Buffer.from('f932433186182072008242104116d8f2', 'hex');

/** Build information as Go 1.18 and later write it. */
export function inlineBuildInfo(go: string, modules: string): Buffer {
  const text = (bytes: Buffer): Buffer => {
    const length: number[] = [];
    for (let left = bytes.length; ; left >>>= 7) { length.push(left > 127 ? (left & 127) | 128 : left); if (left <= 127) break; }
    return Buffer.concat([Buffer.from(length), bytes]);
  };
  return Buffer.concat([magic, Buffer.from([8, 2]), Buffer.alloc(16), text(Buffer.from(go)), text(Buffer.concat([start, Buffer.from(modules), end]))]);
}

/** A program as Go 1.13 to 1.17 linked it: the information points at string headers, these at read-only texts before it. */
export function pointerProgram(go: string, modules: string): Buffer {
  const version = Buffer.from(go), info = Buffer.concat([start, Buffer.from(modules), end]);
  const texts = 0x400000, data = 0x800000;
  const words = (...values: number[]): Buffer => { const bytes = Buffer.alloc(values.length * 8); values.forEach((value, i) => bytes.writeBigUInt64LE(BigInt(value), i * 8)); return bytes; };
  return writeElf([
    { name: '.rodata', address: texts, bytes: Buffer.concat([version, info]) },
    { name: '.go.buildinfo', address: data, writable: true, bytes: Buffer.concat([magic, Buffer.from([8, 0]), words(data + 32, data + 48), words(texts, version.length), words(texts + version.length, info.length)]) },
  ]);
}
