/** What JavaScript's callers can hand a GradScaler, and Python's cannot. */
import { expect } from 'chai';
import torch from 'torch-losses';

describe('a GradScaler', () => {
  it('refuses a state that is none, and stays as it was', () => {
    const scaler = new torch.amp.GradScaler('cpu');
    const state = scaler.state_dict();
    for (const wrong of [null, undefined, 3, { ...state, growth_interval: '2' }, { scale: 2 }]) {
      expect(() => scaler.load_state_dict(wrong as never)).to.throw(TypeError, 'state_dict');
    }
    expect(scaler.state_dict()).to.deep.equal(state);
  });
});
