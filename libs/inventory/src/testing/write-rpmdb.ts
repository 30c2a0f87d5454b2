export interface RpmSource { readonly name: string; readonly version: string; readonly release: string; readonly epoch?: number; readonly arch?: string; readonly vendor?: string; readonly sourceRpm?: string; readonly module?: string; readonly files?: readonly string[]; readonly padding?: number }

/** A header as rpm keeps it in its database. `padding` makes it bigger than a database page. */
export function rpmHeader({ name, version, release, epoch, arch, vendor, sourceRpm, module, files = [], padding = 0 }: RpmSource): Buffer {
  const entries: [tag: number, type: number, count: number, data: Buffer][] = [];
  const text = (tag: number, value: string | undefined): void => { if (value !== undefined) entries.push([tag, 6, 1, Buffer.from(`${value}\0`)]); };
  text(1000, name);
  text(1001, version);
  text(1002, release);
  if (epoch !== undefined) entries.push([1003, 4, 1, numbers(epoch)]);
  if (padding) text(1005, 'x'.repeat(padding));
  text(1011, vendor);
  text(1022, arch);
  text(1044, sourceRpm);
  if (files.length) {
    const directories = [...new Set(files.map((path) => path.slice(0, path.lastIndexOf('/') + 1)))];
    entries.push([1116, 4, files.length, numbers(...files.map((path) => directories.indexOf(path.slice(0, path.lastIndexOf('/') + 1))))]);
    entries.push([1117, 8, files.length, Buffer.from(files.map((path) => `${path.slice(path.lastIndexOf('/') + 1)}\0`).join(''))]);
    entries.push([1118, 8, directories.length, Buffer.from(directories.map((path) => `${path}\0`).join(''))]);
  }
  text(5096, module);
  let offset = 0;
  const index: Buffer[] = [], data: Buffer[] = [];
  for (const [tag, type, count, bytes] of entries) {
    const gap = type === 4 ? (4 - (offset % 4)) % 4 : 0;
    offset += gap;
    index.push(numbers(tag, type, offset, count));
    data.push(Buffer.alloc(gap), bytes);
    offset += bytes.length;
  }
  return Buffer.concat([numbers(entries.length, offset), ...index, ...data]);
}

const numbers = (...values: number[]): Buffer => { const bytes = Buffer.alloc(values.length * 4); values.forEach((value, i) => bytes.writeUInt32BE(value, i * 4)); return bytes; };

/** A Packages.db of rpm's ndb format. */
export function writeNdb(blobs: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(4096);
  header.write('RpmP', 'latin1');
  header.writeUInt32LE(1, 12);
  header.writeUInt32LE(blobs.length + 1, 16);
  for (let at = 32; at < 4096; at += 16) header.write('Slot', at, 'latin1');
  let block = 256;
  const bodies = blobs.map((blob, i) => {
    const size = Math.ceil((16 + blob.length + 12) / 16) * 16, body = Buffer.alloc(size);
    body.write('BlbS', 'latin1');
    [i + 1, 0, blob.length].forEach((value, field) => body.writeUInt32LE(value, 4 + field * 4));
    blob.copy(body, 16);
    body.write('BlbE', size - 4, 'latin1');
    [i + 1, block, size / 16].forEach((value, field) => header.writeUInt32LE(value, 32 + i * 16 + 4 + field * 4));
    block += size / 16;
    return body;
  });
  return Buffer.concat([header, ...bodies]);
}

/** A Berkeley DB hash file with one bucket page for each package and its bytes in a chain of overflow pages, in either byte order. */
export function writeBdb(blobs: readonly Buffer[], { little = true, pageSize = 4096 }: { little?: boolean; pageSize?: number } = {}): Buffer {
  const u16 = (page: Buffer, value: number, at: number): void => { if (little) page.writeUInt16LE(value, at); else page.writeUInt16BE(value, at); };
  const u32 = (page: Buffer, value: number, at: number): void => { if (little) page.writeUInt32LE(value, at); else page.writeUInt32BE(value, at); };
  const pages: Buffer[] = [Buffer.alloc(pageSize)];
  const add = (type: number): { page: Buffer; number: number } => {
    const page = Buffer.alloc(pageSize), number = pages.push(page) - 1;
    u32(page, number, 8);
    page[25] = type;
    return { page, number };
  };
  blobs.forEach((blob, i) => {
    const { page } = add(13);
    u16(page, 2, 20);
    const key = pageSize - 5, data = key - 12;
    u16(page, key, 26);
    u16(page, data, 28);
    u16(page, data, 22);
    page[key] = 1;
    u32(page, i + 1, key + 1);
    page[data] = 3;
    u32(page, pages.length, data + 4);
    u32(page, blob.length, data + 8);
    for (let from = 0; from < blob.length; from += pageSize - 26) {
      const part = blob.subarray(from, from + pageSize - 26), { page: more, number } = add(7);
      u16(more, part.length, 22);
      if (from + part.length < blob.length) u32(more, number + 1, 16);
      part.copy(more, 26);
    }
  });
  const meta = pages[0]!;
  u32(meta, 0x00061561, 12);
  u32(meta, 9, 16);
  u32(meta, pageSize, 20);
  meta[25] = 8;
  u32(meta, pages.length - 1, 32);
  return Buffer.concat(pages);
}
