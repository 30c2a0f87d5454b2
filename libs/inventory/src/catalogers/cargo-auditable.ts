import { inflateSync } from 'node:zlib';
import { invalid } from '@plimsoll/problem';
import type { Found, PartsCataloger } from '../cataloger.ts';
import { type Elf, isElf, mayBeExecutable, readElf, type Section } from '../elf.ts';
import { isRecord, parseJsonFile, textOf } from '../json-file.ts';
import { type Reading, search, slices } from '../partial-reading.ts';

const maxJson = 8 * 1024 * 1024, maxStored = 8 * 1024 * 1024;

/** Crates linked into Rust programs built with `cargo auditable`: zlib-compressed JSON in the section `.dep-v0` (rust-secure-code/cargo-auditable, PARSING.md). */
export const cargoAuditable: PartsCataloger = {
  name: 'cargo-auditable',
  version: 2,
  wants: mayBeExecutable,
  wantsHead: isElf,
  *read(size): Reading<Found> {
    const stored = yield* readList(yield* readElf(size), size);
    return { packages: stored ? cratesOf(stored) : [] };
  },
};

// Linkers put the list in front of the unwinder's table: kept on suspicion, it saves nearly every program another walk. 400 crates take 8 KB.
const suspicion = 16 * 1024;

/**
 * The section's bytes. Where it lies says the section table, which is behind it, at the end of the file, and its name is somewhere
 * behind the loaded segments: without the name nothing else is read.
 */
function* readList(elf: Elf, size: number): Reading<Buffer | undefined> {
  const guess = { offset: Math.max(0, elf.unwindTable - suspicion), size: Math.min(elf.unwindTable, suspicion) };
  const [guessed] = (yield* slices(guess)) as [Buffer];
  const section = yield* findSection(elf, size);
  if (!section) return undefined;
  if (section.size > maxStored) throw invalid('cargo-auditable-unreadable', `a list of ${section.size} bytes; up to ${maxStored} are read`);
  const at = section.offset - guess.offset;
  if (at >= 0 && at + section.size <= guessed.length) return guessed.subarray(at, at + section.size);
  return (yield* slices(section))[0];
}

function* findSection({ segments, sectionTable, sections }: Elf, size: number): Reading<Section | undefined> {
  const { offset, size: tableSize } = sectionTable, end = offset + tableSize;
  if (offset === 0 || tableSize === 0 || end > size) return undefined;
  const loaded = Math.max(0, ...segments.map((one) => one.offset + one.size));
  const before = yield* namesBetween(loaded, offset);
  // Names may stand behind the table too; without either the table is not looked at.
  if (before.length === 0 && end >= size) return undefined;
  const [table] = (yield* slices({ offset, size: tableSize })) as [Buffer];
  const names = [...before, ...yield* namesBetween(Math.max(loaded, end), size)];
  const found = sections(table);
  return found.sections.find((one) => names.includes(found.names + one.name));
}

const name = Buffer.from('.dep-v0\0');
const maxNames = 64;

/** Where the section's name stands in a part of the file; symbols and texts of debuggers may hold it as well. */
function* namesBetween(from: number, to: number): Reading<number[]> {
  const names: number[] = [];
  for (let place; names.length < maxNames && (place = yield* search({ mark: name, from, to, keep: name.length })); from = place.offset + name.length) names.push(place.offset);
  return names;
}

function cratesOf(stored: Buffer): Found['packages'] {
  let text: Buffer;
  try {
    text = inflateSync(stored, { maxOutputLength: maxJson });
  } catch (error) {
    throw invalid('cargo-auditable-unreadable', (error as Error).message);
  }
  const crates = parseJsonFile(text, 'cargo-auditable-unreadable')['packages'];
  if (!Array.isArray(crates)) throw invalid('cargo-auditable-unreadable', 'no list of packages');
  const linked = crates.filter(isRecord).filter((crate) => crate['kind'] !== 'build');
  return linked.map((crate) => ({ type: 'cargo' as const, name: textOf(crate['name']) ?? '', version: textOf(crate['version']) ?? '' })).filter((crate) => crate.name);
}
