/**
 * Runs `work` for each element of a list, for at most `atATime` elements at the same time. The results are in the order of the
 * list.
 */
export async function mapConcurrently<T, R>(
  list: readonly T[],
  atATime: number,
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < list.length; start += atATime)
    results.push(...(await Promise.all(list.slice(start, start + atATime).map(work))));
  return results;
}
