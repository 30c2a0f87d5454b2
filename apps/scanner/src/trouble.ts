/** Something is wrong with us, not with the image: the database or the object store is away. Never counted against an image. */
export class OurTrouble extends Error {
  override readonly name = 'OurTrouble';
}

/** Marks whatever goes wrong in `work` as ours. */
export const ours = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    throw cause instanceof OurTrouble ? cause : new OurTrouble(cause instanceof Error ? cause.message : String(cause), { cause });
  }
};

/** Another reads this right now (`layer:sha256:…`): nothing is wrong, only not yet. */
export class Busy extends Error {
  override readonly name = 'Busy';
  readonly what: string;
  constructor(what: string) {
    super(`${what} is being read`);
    this.what = what;
  }
}
