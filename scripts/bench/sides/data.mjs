// Generates the inputs of a case as typed arrays, for the JavaScript libraries. protocol.md has the rule.
const PRIMES = [2, 3, 5, 7, 11];
const PERIOD = 2 ** 20;

/**
 * @param {object} input an input as protocol.md describes it
 * @param {number} index its index among the inputs of the case
 * @returns {Float32Array | Int32Array} integers are int32, since no library has int64
 */
export function makeData(input, index) {
  const size = input.shape.reduce((product, length) => product * length, 1);
  const columns = input.shape.at(-1);
  if (input.labels) {
    return Int32Array.from({ length: size }, (_, i) =>
      i % columns < input.labels ? (i % columns) * 3 : -1,
    );
  }
  const factor = Math.sqrt(PRIMES[index]) % 1;
  const [low, high] = input.uniform ?? input.integers ?? [0, 1];
  const data = input.integers ? new Int32Array(size) : new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const u = (((i % PERIOD) + 1) * factor) % 1;
    const value = low + (high - low) * u;
    data[i] = input.signs ? (u < 0.5 ? -1 : 1) : input.integers ? Math.floor(value) : value;
  }
  return data;
}
