/** The addon loads with a libtorch that was built without distributed: it needs no symbol of c10d to load. */
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { addonFor, findAddon } from '../../dist/bindings/libtorch/addons';
import { findLibtorch } from '../../dist/bindings/libtorch/find';

describe('the symbols of c10d', () => {
  it('are weak, each of them', () => {
    const addon = findAddon(addonFor(findLibtorch().version))!;
    const table = execFileSync('nm', ['--dynamic', '--undefined-only', addon], {
      encoding: 'utf8',
    });
    const symbols = table.split('\n').filter((line) => line.includes('c10d'));
    expect(symbols).not.to.have.lengthOf(0);
    for (const symbol of symbols) expect(symbol.trim()).to.match(/^[wv] /);
  });
});
