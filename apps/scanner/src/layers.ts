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
      const rows = await Promise.all(Object.entries(results).map(async ([cataloger, result]) => [cataloger, await toBytes(result)] as const));
      const packed = await toBytes(reading);
      await this.db.transaction(async (tx) => {
        await tx.query('insert into layers (digest, reading) values ($1, $2) on conflict (digest) do update set used_at = now()', [reading.digest, packed]);
        for (const [cataloger, result] of rows)
          await tx.query('insert into layer_results (layer, cataloger, result) values ($1, $2, $3) on conflict do nothing', [reading.digest, cataloger, result]);
      });
    });
  }
}

const toBytes = async (value: unknown): Promise<Buffer> => pack(Buffer.from(JSON.stringify(value)));
const fromBytes = async (bytes: Buffer): Promise<unknown> => JSON.parse((await unpack(bytes, { maxOutputLength: maxUnpackedBytes })).toString('utf8'));
