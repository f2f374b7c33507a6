/**
 * `doctor` runs this file in a process of its own, so that it can report a crash too: loads the package, computes a
 * loss, and prints the findings as JSON.
 */
const start = performance.now();

async function probe() {
  const torch = await import('../index.js');
  const { libtorch, native } = await import('../bindings/native/index.js');
  const loss = torch.nn.functional.mse_loss(torch.ones(2, 2), torch.zeros(2, 2)).item();
  const seconds = (performance.now() - start) / 1000;
  return {
    libtorch,
    seconds,
    loss,
    threads: torch.get_num_threads(),
    cpuCapability: native.cpu_capability(),
    cuda: torch.cuda.is_available(),
    kernels: torch.backends.kernels.states(),
  };
}

/** The findings. */
export type Probe = Awaited<ReturnType<typeof probe>>;

if (require.main === module) {
  probe().then(
    (found) => console.log(JSON.stringify(found)),
    (error: Error) => {
      console.error(error.message);
      process.exitCode = 1;
    },
  );
}
