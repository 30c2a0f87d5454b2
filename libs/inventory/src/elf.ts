import type { Entry } from '@plimsoll/oci';
import { invalid } from '@plimsoll/problem';

/** A piece of an ELF file: where it lies in the file and in memory. */
export interface ElfPart { readonly name: string; readonly offset: number; readonly size: number; readonly address: number; readonly writable: boolean }

export interface Elf { readonly bits: 32 | 64; readonly little: boolean; readonly sections: readonly ElfPart[]; readonly segments: readonly ElfPart[] }

/**
 * Executables that may carry a list of their dependencies: files with an execute bit, told from scripts by `isElf`.
 * Small ones and scripts are looked at too: a hard link to a file nobody looked at costs a second pass over the layer.
 */
export const mayBeExecutable = (_path: string, entry: Entry): 'head' | false => ((entry.mode & 0o111) === 0 ? false : 'head');

/** Whether the file starts as an ELF executable or shared object does. */
export const isElf = (head: Buffer): boolean => head.length >= 52 && head.readUInt32BE(0) === 0x7f454c46;

/** Reads the section and segment tables (System V gABI, chapters 4 and 5). Throws Problem `elf-corrupt` when they do not fit the file. */
export function readElf(bytes: Buffer): Elf {
  const bits = bytes[4] === 2 ? 64 : 32, little = bytes[5] !== 2, wide = bits === 64;
  if (bytes.length < (wide ? 64 : 52)) throw invalid('elf-corrupt', `an ELF file of ${bytes.length} bytes`);
  const u16 = (at: number): number => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const word = (at: number): number => (wide ? Number(little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at)) : u32(at));
  const table = (what: string, offset: number, count: number, size: number, least: number): number[] => {
    if (count === 0 || offset === 0) return [];
    if (size < least || offset + count * size > bytes.length) throw invalid('elf-corrupt', `the ${what} table lies outside the file`);
    return Array.from({ length: count }, (_, i) => offset + i * size);
  };
  const segments = table('segment', word(wide ? 32 : 28), u16(wide ? 56 : 44), u16(wide ? 54 : 42), wide ? 56 : 32)
    .filter((at) => u32(at) === 1)
    .map((at) => ({ name: '', offset: word(at + (wide ? 8 : 4)), address: word(at + (wide ? 16 : 8)), size: word(at + (wide ? 32 : 16)), writable: (u32(at + (wide ? 4 : 24)) & 2) !== 0 }));
  const rows = table('section', word(wide ? 40 : 32), u16(wide ? 60 : 48), u16(wide ? 58 : 46), wide ? 64 : 40);
  const names = rows[u16(wide ? 62 : 50)];
  const [namesAt, namesSize] = names === undefined ? [0, 0] : [word(names + (wide ? 24 : 16)), word(names + (wide ? 32 : 20))];
  const sections = rows.map((at) => {
    const start = namesAt + u32(at), end = namesSize && start < namesAt + namesSize && start < bytes.length ? bytes.indexOf(0, start) : -1;
    return {
      name: end > start && end - start < 256 ? bytes.toString('latin1', start, end) : '',
      address: word(at + (wide ? 16 : 12)), offset: word(at + (wide ? 24 : 16)), size: word(at + (wide ? 32 : 20)),
      writable: (word(at + 8) & 1) !== 0,
    };
  });
  return { bits, little, sections, segments };
}

/** The bytes of a part, as far as the file holds them. */
export const bytesOf = (file: Buffer, part: ElfPart): Buffer => file.subarray(Math.min(part.offset, file.length), Math.min(part.offset + part.size, file.length));

/** The file's bytes from a memory address to the end of its segment, or undefined when nothing is loaded there. */
export function atAddress(file: Buffer, elf: Elf, address: number): Buffer | undefined {
  const part = elf.segments.find((one) => address >= one.address && address < one.address + one.size);
  return part && bytesOf(file, part).subarray(address - part.address);
}
