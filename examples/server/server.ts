// The HTTP server: it answers predictions, and gives what clients post to the learner.
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type FastifyInstance, fastify } from 'fastify';
import torch, { nn, Tensor } from 'torch-losses';

import { createModel, type Samples, type Update } from './model';

const MAX_WAITING = 5000; // samples

const images = {
  type: 'array',
  minItems: 1,
  items: { type: 'array', minItems: 64, maxItems: 64, items: { type: 'number' } },
};
const classes = { type: 'array', items: { type: 'integer', minimum: 0, maximum: 9 } };
const schemaOf = (properties: Record<string, unknown>) => ({
  body: { type: 'object', required: Object.keys(properties), properties },
});

/**
 * Makes the server. `POST /predict` takes `{ images }` and answers `{ classes, steps }`; `POST /learn` takes `{ images,
 * classes }`; `GET /status` tells how many samples were received and learned. `close()` saves a checkpoint.
 *
 * @param directory - the folder of the checkpoints
 */
export function createServer(directory: string): FastifyInstance {
  const app = fastify();
  const model = createModel().eval();
  const learner = new Worker(join(__dirname, 'learner.mjs'), { workerData: directory });
  let received = 0;
  let learned = 0;
  let steps = 0;

  learner.on('message', (update: Update) => {
    nn.utils.vector_to_parameters(Tensor.fromShared(update.weights), model.parameters());
    ({ learned, steps } = update);
  });
  app.addHook('onReady', async () => {
    await once(learner, 'message'); // the first weights
  });
  app.addHook('onClose', async () => {
    learner.postMessage('stop');
    await once(learner, 'exit');
  });

  app.post<{ Body: Samples }>('/predict', { schema: schemaOf({ images }) }, async ({ body }) =>
    torch.tidy(() => {
      const input = torch.tensor(body.images, { dtype: torch.float32 });
      return { classes: torch.no_grad(() => model(input).argmax(1)).tolist(), steps };
    }),
  );

  app.post<{ Body: Samples }>(
    '/learn',
    { schema: schemaOf({ images, classes }) },
    async ({ body }, reply) => {
      if (body.images.length !== body.classes.length) {
        return reply.code(400).send({ message: 'there must be one class for each image' });
      }
      if (received - learned > MAX_WAITING) {
        return reply.code(503).header('retry-after', 1).send({ message: 'too many samples wait' });
      }
      received += body.classes.length;
      learner.postMessage(body);
      return reply.code(202).send({ received });
    },
  );

  app.get('/status', async () => ({ received, learned, steps }));
  return app;
}
