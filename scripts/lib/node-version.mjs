// Checks the version of Node. Import it first, so that the message comes before the errors of an old Node.
import { SetupError } from './advice.mjs';

const NEEDED = [20, 19];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  const { message } = new SetupError(
    `Node ${NEEDED.join('.')} or newer is needed to develop torch-losses; this is ${process.version}.`,
    'Install a newer Node, for example with `nvm install 22`, `fnm install 22` or your package manager.',
  );
  console.error(`Error: ${message}`);
  process.exit(1);
}
