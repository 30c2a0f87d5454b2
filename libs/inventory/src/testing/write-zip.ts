import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipSource { readonly name: string; readonly content: string | Buffer; readonly stored?: boolean; /** What the directory says instead of the truth. */ readonly claims?: { readonly size?: number } }

/** A zip archive in memory, with local headers, a central directory and its end. */
export function writeZip(sources: readonly ZipSource[]): Buffer {
  const parts: Buffer[] = [], directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, stored, claims } of sources) {
    const bytes = Buffer.from(content), body = stored ? bytes : deflateRawSync(bytes), label = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(stored ? 0 : 8, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(body.length, 14);
    common.writeUInt32LE(claims?.size ?? bytes.length, 18);
    common.writeUInt16LE(label.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, label, body]);
    const central = Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), common, Buffer.alloc(14), label]);
    central.writeUInt32LE(offset, 42);
    parts.push(local);
    directory.push(central);
    offset += local.length;
  }
  const table = Buffer.concat(directory), end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(sources.length, 8);
  end.writeUInt16LE(sources.length, 10);
  end.writeUInt32LE(table.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, table, end]);
}

/** A jar that is `depth` jars inside each other, with one real artifact at the bottom. */
export function nestedJar(depth: number): Buffer {
  let jar = writeZip([{ name: 'META-INF/maven/deep/deep/pom.properties', content: 'groupId=deep\nartifactId=deep\nversion=1\n' }]);
  for (let i = 0; i < depth; i++) jar = writeZip([{ name: `level-${depth - i}.jar`, content: jar, stored: true }]);
  return jar;
}
