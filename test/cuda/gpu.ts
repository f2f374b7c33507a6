/** Skips CUDA tests without a GPU, with a visible reason. */
import torch from 'torch-losses';

const { cuda, backends } = torch;

function reason(): string {
  if (!backends.cuda.is_built()) return `libtorch ${torch.__version__} is a CPU build`;
  return 'no CUDA driver, or no device';
}

/** Defines a suite that needs GPUs. If there are too few, defines one test that says why the suite is skipped. */
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
