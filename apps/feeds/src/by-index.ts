import type { EntityManager } from 'typeorm';

/**
 * Does work whose questions are all answered by an index, and makes Postgres use it. Inside the transaction of an ingest it
 * cannot know better: an analyze that runs meanwhile counts none of the rows that are not committed yet, takes a table of
 * a million for an empty one, and reads it whole for every row of the other side.
 */
export async function byIndex<T>(tx: EntityManager, work: () => Promise<T>): Promise<T> {
  await tx.query('set local enable_seqscan = off');
  const answer = await work();
  await tx.query('set local enable_seqscan = on');   // after a failure nothing more is asked of the transaction
  return answer;
}
