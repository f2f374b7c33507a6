/** Runs the fuzzer for a short time. `npm run fuzz` runs it longer. */
import { expect } from 'chai';

import { Fuzzer } from './calls';
import { fuzz } from './fuzz';

describe('hostile calls', () => {
  let fuzzer: Fuzzer;
  before(() => {
    fuzzer = new Fuzzer();
  });

  it('are of everything public', () => {
    const { functions, operators } = fuzzer.size;
    expect(functions).to.be.greaterThan(1000);
    expect(operators).to.be.greaterThan(1000);
  });

  it('neither crash, hang nor leak, and throw documented errors', async () => {
    const report = await fuzz({ seed: 1, calls: 1500 });
    expect(report.crashes).to.deep.equal([]);
    expect([...report.findings.values()]).to.deep.equal([]);
    expect(report.returned).to.be.greaterThan(200);
    expect(report.megabytes).to.be.lessThan(200);
    expect(report.live).to.be.lessThan(1);
    expect(report.tensors).to.be.lessThan(50);
  }).timeout(600_000);

  it('are the same for the same seed', () => {
    expect(fuzzer.batch(7, 20)).to.deep.equal(new Fuzzer().batch(7, 20));
    expect(fuzzer.batch(7, 20)).not.to.deep.equal(fuzzer.batch(8, 20));
  });
});
