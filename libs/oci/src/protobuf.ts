import { invalid } from '@plimsoll/problem';

/** The fields of one message; of a repeated one the last, as protobuf says for single ones. Absent is empty or 0. */
export interface Fields {
  bytes(field: number): Buffer;
  number(field: number): bigint;
}

const malformed = (): Error => invalid('engine-answer', 'a protobuf message that cannot be read');

/** Reads a message one level deep (protobuf.dev, "Encoding"): field numbers and wire types, no schema. */
export function fieldsOf(bytes: Buffer): Fields {
  const values = new Map<number, Buffer | bigint>();
  for (let at = 0; at < bytes.length;) {
    const [key, afterKey] = varint(bytes, at);
    const field = Number(key >> 3n);
    switch (Number(key & 7n)) {
      case 0: { const [value, end] = varint(bytes, afterKey); values.set(field, value); at = end; break; }
      case 1: at = afterKey + 8; break;
      case 5: at = afterKey + 4; break;
      case 2: {
        const [length, start] = varint(bytes, afterKey);
        const end = start + Number(length);
        if (end > bytes.length) throw malformed();
        values.set(field, bytes.subarray(start, end));
        at = end;
        break;
      }
      default: throw malformed();
    }
    if (at > bytes.length) throw malformed();
  }
  return {
    bytes: (field) => { const value = values.get(field); return value instanceof Buffer ? value : Buffer.alloc(0); },
    number: (field) => { const value = values.get(field); return typeof value === 'bigint' ? value : 0n; },
  };
}

/** Writes a message of text fields. */
export const message = (...fields: readonly (readonly [number, string])[]): Buffer =>
  Buffer.concat(fields.flatMap(([field, text]) => { const bytes = Buffer.from(text); return [writeVarint(field << 3 | 2), writeVarint(bytes.length), bytes]; }));

export const textOf = (bytes: Buffer): string => bytes.toString('utf8');

/** A size; more than JavaScript counts exactly is no size of anything. */
export const numberOf = (value: bigint): number => {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed();
  return Number(value);
};

function varint(bytes: Buffer, start: number): [bigint, number] {
  let value = 0n;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[start + i];
    if (byte === undefined) throw malformed();
    value |= BigInt(byte & 127) << BigInt(7 * i);
    if (byte < 128) return [value, start + i + 1];
  }
  throw malformed();
}

function writeVarint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push(value % 128 | 128);
  return Buffer.from([...bytes, value]);
}
