/** Requests of one source at a time. */
const atOnce = 8;

/** Does the same work for each item, a few at a time; results in the order of the items. */
export async function inTurns<T, R>(items: readonly T[], work: (item: T, at: number) => R | Promise<R>): Promise<R[]> {
  const results: R[] = new Array<R>(items.length);
  let next = 0;
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at]!, at);
  }));
  return results;
}
