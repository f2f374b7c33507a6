/** The set-up of every entry point: errors, warnings and memory pressure. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect } from 'chai';

const DIST = path.resolve(__dirname, '..', '..', 'dist');

/** Loads only this entry, then returns the error of a wrong call, and the memory of a loop that disposes nothing. */
const program = (entry: string): string => `
require(${JSON.stringify(path.join(DIST, entry))});
const { native } = require(${JSON.stringify(path.join(DIST, 'bindings', 'native'))});
const bytes = new Uint8Array(2 ** 22);
let most = 0;
for (let i = 0; i < 400; i++) {
  const owner = {};
  native.attach(native.tensor_from_bytes(bytes, 0, [2 ** 22]), owner);
  most = Math.max(most, native.allocator_stats()[0]);
}
let error;
try {
  native.parse_device('nonsense');
} catch (thrown) {
  error = thrown;
}
const [, , limit] = native.allocator_stats();
console.log(JSON.stringify({ code: error?.code, pythonType: error?.pythonType, most, limit }));
`;

describe('an entry point', () => {
  for (const entry of ['index.js', 'chai.js', 'testing/parity/run.js']) {
    it(`${entry} sets the hooks of the native side`, function () {
      this.timeout(60_000);
      const { stdout, stderr } = spawnSync(process.execPath, ['-e', program(entry)], {
        encoding: 'utf8',
      });
      expect(stderr).to.equal('');
      const found = JSON.parse(stdout);
      expect(found).to.include({ code: 'ERR_TORCH_RUNTIME', pythonType: 'RuntimeError' });
      expect(found.most).to.be.below(1.2e9); // 400 of 4 MB were made
      expect(found.limit).to.be.above(0);
    });
  }
});
