// Answers predictions over HTTP while a worker learns from what clients post. SIGTERM ends it with a checkpoint.
import { once } from 'node:events';

import { measure } from './measure.js';
import { createServer } from './server.js';

const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
const server = createServer(process.argv[2] ?? 'runs/server');
const url = await server.listen({ port: Number(process.env['PORT'] ?? 3000) });
console.log(`listening on ${url}`);
await Promise.race([measure(url), stopped]); // leave this out in a server of yours
await stopped;
await server.close();
console.log('saved a checkpoint');
