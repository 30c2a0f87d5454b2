/** Random numbers from a seed (mulberry32): a run can be repeated. */
export type Random = (below: number) => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Numbers at which parsers err: ends of ranges, signs, sizes beyond any file. */
const numbers = [0, 1, 2, 7, 8, 16, 127, 128, 255, 256, 511, 512, 4095, 4096, 32767, 32768, 65535, 65536, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff];

type Mutation = (bytes: Buffer, random: Random, other: Buffer) => Buffer;

/** One line is one way to damage bytes. */
const mutations: readonly Mutation[] = [
  (bytes, random) => at(bytes, random, 1, (place) => { bytes[place]! ^= 1 << random(8); }),
  (bytes, random) => at(bytes, random, 1, (place) => { bytes[place] = random(256); }),
  (bytes, random) => at(bytes, random, 2, (place) => { const value = numbers[random(numbers.length)]! & 0xffff; if (random(2)) bytes.writeUInt16LE(value, place); else bytes.writeUInt16BE(value, place); }),
  (bytes, random) => at(bytes, random, 4, (place) => { const value = numbers[random(numbers.length)]!; if (random(2)) bytes.writeUInt32LE(value, place); else bytes.writeUInt32BE(value, place); }),
  (bytes, random) => at(bytes, random, 4, (place) => { bytes.writeUInt32LE((bytes.readUInt32LE(place) + random(33) - 16) >>> 0, place); }),
  (bytes, random) => at(bytes, random, 4, (place) => { bytes.writeUInt32BE((bytes.readUInt32BE(place) + random(33) - 16) >>> 0, place); }),
  (bytes, random) => at(bytes, random, 4, (place) => { bytes.copy(bytes, place, random(bytes.length), Math.min(bytes.length, place + 4)); }),
  (bytes, random) => bytes.subarray(0, random(bytes.length + 1)),
  (bytes, random) => { const from = random(bytes.length), to = from + random(Math.min(4096, bytes.length - from) + 1); return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]); },
  (bytes, random) => { const from = random(bytes.length), piece = bytes.subarray(from, from + random(512)), place = random(bytes.length + 1); return Buffer.concat([bytes.subarray(0, place), piece, bytes.subarray(place)]); },
  (bytes, random, other) => { const from = random(other.length), piece = other.subarray(from, from + random(1024)), place = random(bytes.length + 1); return Buffer.concat([bytes.subarray(0, place), piece, bytes.subarray(place + (random(2) ? piece.length : 0))]); },
  (bytes, random, other) => Buffer.concat([bytes.subarray(0, random(bytes.length + 1)), other.subarray(random(other.length + 1))]),
];

function at(bytes: Buffer, random: Random, size: number, change: (place: number) => void): Buffer {
  if (bytes.length >= size) change(random(bytes.length - size + 1));
  return bytes;
}

/** A damaged copy of bytes; `other` gives pieces to splice in. */
export function mutate(bytes: Buffer, other: Buffer, random: Random, largest: number): Buffer {
  let mutated: Buffer = Buffer.from(bytes);
  for (let left = 1 + random(4) * random(4); left > 0; left--) mutated = mutations[random(mutations.length)]!(mutated, random, other);
  return mutated.length > largest ? mutated.subarray(0, largest) : mutated;
}
