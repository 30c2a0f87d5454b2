import type { Entry } from '@plimsoll/oci';
import { invalid } from '@plimsoll/problem';
import { type Reading, slices } from './partial-reading.ts';

/** A piece of an ELF file that is loaded: where it lies in the file and in memory. */
export interface Segment { readonly offset: number; readonly size: number; readonly address: number; readonly writable: boolean }

/** A piece of an ELF file with a name, which stands in the table of names at `name`. */
export interface Section { readonly name: number; readonly offset: number; readonly size: number }

export interface Elf {
  /** In the order of the file. */
  readonly segments: readonly Segment[];
  /** Where the search table of the stack unwinder begins, 0 without one. */
  readonly unwindTable: number;
  /** Of size 0 when there is none that could be read. */
  readonly sectionTable: { readonly offset: number; readonly size: number };
  /** Takes the section table apart: the sections, and where their names begin in the file. */
  sections(table: Buffer): { readonly sections: readonly Section[]; readonly names: number };
}

/**
 * Executables that may carry a list of their dependencies: files with an execute bit, told from scripts by `isElf`.
 * Small ones and scripts are looked at too: a hard link to a file nobody looked at costs a second pass over the layer.
 */
export const mayBeExecutable = (_path: string, entry: Entry): 'head' | false => ((entry.mode & 0o111) === 0 ? false : 'head');

/** Whether the file starts as an ELF executable or shared object does. */
export const isElf = (head: Buffer): boolean => head.length >= 52 && head.readUInt32BE(0) === 0x7f454c46;

/** Reads the header and the segment table, which every linker puts behind it (System V gABI, chapters 4 and 5). Throws Problem `elf-corrupt` when they do not fit the file. */
export function* readElf(size: number): Reading<Elf> {
  const [head] = (yield* slices({ offset: 0, size: 4096 })) as [Buffer];
  const wide = head[4] === 2, headerSize = wide ? 64 : 52;
  if (head.length < headerSize) throw invalid('elf-corrupt', `an ELF file of ${head.length} bytes`);
  const read = reader(wide, head[5] !== 2);
  const at = read.word(head, wide ? 32 : 28), count = read.u16(head, wide ? 56 : 44), rowSize = read.u16(head, wide ? 54 : 42), least = wide ? 56 : 32;
  // What the kernel refuses to start (fs/binfmt_elf.c, load_elf_phdrs) need not be read.
  if (count > 0 && (rowSize !== least || count * rowSize > 65_536)) throw invalid('elf-corrupt', `a segment table of ${count} rows of ${rowSize} bytes`);
  if (count > 0 && at + count * rowSize > size) throw invalid('elf-corrupt', 'the segment table lies outside the file');
  const end = at + count * rowSize;
  const [table] = end <= head.length ? [head.subarray(at, end)] : (yield* slices({ offset: at, size: count * rowSize })) as [Buffer];
  const rows = Array.from({ length: count }, (_, i) => table.subarray(i * rowSize));
  const ofType = (type: number): Buffer[] => rows.filter((row) => read.u32(row, 0) === type);
  return {
    segments: ofType(loaded).map((row) => ({
      offset: read.word(row, wide ? 8 : 4), address: read.word(row, wide ? 16 : 8), size: read.word(row, wide ? 32 : 16), writable: (read.u32(row, wide ? 4 : 24) & 2) !== 0,
    })).sort((a, b) => a.offset - b.offset),
    unwindTable: ofType(unwinding).map((row) => read.word(row, wide ? 8 : 4))[0] ?? 0,
    sectionTable: { offset: read.word(head, wide ? 40 : 32), size: read.u16(head, wide ? 58 : 46) === sectionRow(wide) ? read.u16(head, wide ? 60 : 48) * sectionRow(wide) : 0 },
    sections: (sections) => readSections(sections, read, wide, read.u16(head, wide ? 62 : 50)),
  };
}

/** PT_LOAD and PT_GNU_EH_FRAME. */
const loaded = 1, unwinding = 0x6474e550;

const sectionRow = (wide: boolean): number => (wide ? 64 : 40);

function readSections(table: Buffer, read: Reader, wide: boolean, namesAt: number): ReturnType<Elf['sections']> {
  const sections: Section[] = [], rowSize = sectionRow(wide);
  for (let at = 0; at + rowSize <= table.length; at += rowSize) {
    sections.push({ name: read.u32(table, at), offset: read.word(table, at + (wide ? 24 : 16)), size: read.word(table, at + (wide ? 32 : 20)) });
  }
  return { sections, names: sections[namesAt]?.offset ?? 0 };
}

interface Reader { u16(bytes: Buffer, at: number): number; u32(bytes: Buffer, at: number): number; word(bytes: Buffer, at: number): number }

const reader = (wide: boolean, little: boolean): Reader => {
  const u32 = (bytes: Buffer, at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  return {
    u32,
    u16: (bytes, at) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)),
    word: (bytes, at) => (wide ? Number(little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at)) : u32(bytes, at)),
  };
};

/** Where the bytes at a memory address lie in the file, up to the end of their segment; undefined when nothing is loaded there. */
export function atAddress({ segments }: Elf, address: number): { offset: number; size: number } | undefined {
  const part = segments.find((one) => address >= one.address && address < one.address + one.size);
  return part && { offset: part.offset + (address - part.address), size: part.size - (address - part.address) };
}
