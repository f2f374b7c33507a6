/** Returns the index in each dimension for a position in row-major order. */
export function placeOf(position: number, shape: readonly number[]): number[] {
  let rest = position;
  const index = [...shape].reverse().map((size) => {
    const place = rest % size;
    rest = (rest - place) / size;
    return place;
  });
  return index.reverse();
}
