/**
 * What every environment has to do with the package: run tasks through a fake Step Functions, by the
 * source's own clients and `httpInvoke`, stop, and leave nothing that keeps the process alive.
 */
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { createServer } = require('node:http');

const DEADLINE_MS = 30_000;

/** Runs the tasks with the package's exports, and with options for `httpInvoke`. Prints a line. */
module.exports = async function runTasks(exports, httpOptions = {}) {
  const { createStepFuncSource, ConfigError, httpInvoke, startFakeSfnServer } = exports;
  // Without a hold on the process, as it must not hide that something else has one.
  const deadline = setTimeout(() => fail('not done after 30 s'), DEADLINE_MS);
  deadline.unref?.();

  assert.throws(
    () => createStepFuncSource({ activityName: 'a b', path: '/' }, () => {}),
    ConfigError,
  );

  const fake = await startFakeSfnServer({ longPollMs: 200 });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SFN: fake.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'example',
    AWS_SECRET_ACCESS_KEY: 'example',
  });
  const component = createServer(answer).listen(0, '127.0.0.1');
  await once(component, 'listening');
  const url = `http://127.0.0.1:${component.address().port}`;

  const source = createStepFuncSource(
    { activityName: 'sum', path: '/step/sum', maxConcurrency: 4, concurrencyPerPoller: 2 },
    httpInvoke(url, httpOptions),
  );
  await source.start();
  const run = (input) => fake.sfn.runTask('sum', input);
  assert.deepEqual(await Promise.all([run([1, 2, 3]), run([4]), run([5, 6])]), [
    { status: 'SUCCEEDED', output: '6' },
    { status: 'SUCCEEDED', output: '4' },
    { status: 'SUCCEEDED', output: '11' },
  ]);
  const failed = await run([]);
  assert.deepEqual(failed, { status: 'FAILED', error: 'EmptyInput', cause: 'nothing – to add' });
  const { lost } = await source.stop();
  assert.equal(lost, 0);
  assert.equal(source.state, 'stopped');

  component.close();
  component.closeAllConnections?.();
  await fake.close();
  clearTimeout(deadline);
  console.log('4 tasks run');
};

/** The sum of the body's numbers, or a failure with a cause beyond latin1. */
function answer(request, response) {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    const numbers = JSON.parse(body);
    if (numbers.length > 0) response.end(String(numbers.reduce((a, b) => a + b)));
    else {
      const cause = Buffer.from('nothing – to add').toString('latin1');
      response.writeHead(422, { 'step-func-error': 'EmptyInput', 'step-func-cause': cause }).end();
    }
  });
}

function fail(why) {
  console.error(why);
  process.exit(1);
}
