import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { LayerAnalysis } from '@plimsoll/inventory';
import { DataSource } from 'typeorm';
import { ours } from './trouble.ts';

const pack = promisify(zlib.zstdCompress), unpack = promisify(zlib.zstdDecompress);
/** A layer with a million files of interest stays below it. */
const maxUnpackedBytes = 512 * 2 ** 20;

/** What was found in layers, by content, for as long as some image has them: after `keep` returns, nobody reads that layer with that cataloger again. */
@Injectable()
export class Layers {
  constructor(private readonly db: DataSource) {}

  /** Everything catalogers found in a layer so far; undefined when nobody read it. */
  analyzed(layer: string): Promise<LayerAnalysis | undefined> {
    return ours(async () => {
      const [row] = await this.db.query('select reading from layers where digest = $1', [layer]) as { reading: Buffer }[];
      if (!row) return undefined;
      const rows = await this.db.query('select cataloger, result from layer_results where layer = $1', [layer]) as { cataloger: string; result: Buffer }[];
      const results = Object.fromEntries(await Promise.all(rows.map(async ({ cataloger, result }) => [cataloger, await fromBytes(result)])));
      return LayerAnalysis.parse({ ...await fromBytes(row.reading) as object, results });
    });
  }

  /** Keeps what catalogers found in a layer, beside what others found before. */
  keep({ results, ...reading }: LayerAnalysis): Promise<void> {
    return ours(async () => {
      const found = await Promise.all(Object.values(results).map(toBytes)), packed = await toBytes(reading);
      await this.db.transaction(async (tx) => {
        await tx.query('insert into layers (digest, reading) values ($1, $2) on conflict (digest) do update set used_at = now()', [reading.digest, packed]);
        await tx.query('insert into layer_results (layer, cataloger, result) select $1, * from unnest($2::text[], $3::bytea[]) on conflict do nothing', [reading.digest, Object.keys(results), found]);
      });
    });
  }
}

/** Most catalogers find nothing in a layer, and say so in two letters: those are kept as they are. Starting to compress costs as much as compressing a megabyte. */
const worthPacking = 1024;

const toBytes = async (value: unknown): Promise<Buffer> => {
  const text = Buffer.from(JSON.stringify(value));
  return text.length < worthPacking ? text : pack(text);
};

const fromBytes = async (bytes: Buffer): Promise<unknown> =>
  JSON.parse((isPacked(bytes) ? await unpack(bytes, { maxOutputLength: maxUnpackedBytes }) : bytes).toString('utf8'));

/** By the magic number of zstd (RFC 8878, section 3.1.1), with which no JSON begins. */
const isPacked = (bytes: Buffer): boolean => bytes.length > 4 && bytes.readUInt32LE(0) === 0xfd2fb528;
