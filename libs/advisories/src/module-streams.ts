/** Builds of a module carry the word in their release: `18.18.2-1.module_el9.2.0+36+853e48f5`. */
export const isModular = (version: string): boolean => /\.module[+_]/.test(version);

/** Streams in the title of a notice: `Moderate: python38:3.8 and python38-devel:3.8 security update`. */
const streamsIn = (title: string): readonly string[] => [...new Set(title.match(/(?<![\w:.+-])[a-z0-9][\w.+-]*:[\w.+-]*\w(?![\w:])/g) ?? [])];

/**
 * The streams that a build of a module may be of, when its notice names them in its title alone; empty when it cannot be
 * told. A module and its `-devel` twin are built once; of other modules a package must be in one, so `versions`, what
 * the notice calls repaired of this package, are not more than one.
 */
export function streamsOf(title: string, versions: Iterable<string>): readonly string[] {
  const streams = streamsIn(title), modules = new Set(streams.map((stream) => stream.replace('-devel:', ':')));
  return modules.size <= 1 || new Set(versions).size <= 1 ? streams : [];
}
