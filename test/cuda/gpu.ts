/** What the tests of CUDA stand on: a GPU, or else a visible reason why they are skipped. */
import torch from 'torch-losses';

const { cuda, backends } = torch;

function reason(): string {
  if (!backends.cuda.is_built()) return `libtorch ${torch.__version__} is a CPU build`;
  return 'no CUDA driver, or no device';
}

/** A suite that needs GPUs; where there are too few, one test that says why it is skipped. */
export function describeCuda(title: string, body: (this: Mocha.Suite) => void, devices = 1): void {
  const count = cuda.device_count();
  if (count >= devices) {
    describe(`CUDA: ${title}`, body);
    return;
  }
  const why = count === 0 ? reason() : `${count} of the ${devices} devices that it needs`;
  describe(`CUDA: ${title}`, () => {
    it(`SKIPPED: ${why}`); // without a function it is pending, and stands in the report
  });
}
