/** The index in each dimension of the element at a position. */
export function placeOf(position: number, shape: readonly number[]): number[] {
  let rest = position;
  const index = [...shape].reverse().map((size) => {
    const place = rest % size;
    rest = (rest - place) / size;
    return place;
  });
  return index.reverse();
}
