/** One option of a command. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  readonly what: string;
  /** What stands for its value in the help: `FILE`. */
  readonly value?: string;
}

export interface Parsed {
  readonly positionals: readonly string[];
  /** The value of an option; undefined when not given. */
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  flag(name: string): boolean;
}

/** A command as `run.ts` lists it: answers its exit code. */
export interface Command {
  readonly usage: string;
  readonly about: string;
  readonly options: Readonly<Record<string, Option>>;
  /** How many words besides options: at least, at most. */
  readonly words: readonly [number, number];
  run(parsed: Parsed): Promise<number>;
}

/** Options many commands share. */
export const json: Option = { type: 'boolean', what: 'print JSON' };
