import { expect, it } from 'vitest';
import { startComponent } from '../../demo/stage/component.js';
import { createSources } from '../../demo/stage/sources.js';
import { stateMachine } from '../../demo/stage/state-machine.js';
import { connect } from './step-functions-local.js';

it('runs split, then sum for each piece, as a state machine', async () => {
  await using local = connect();
  const component = await startComponent();
  const activityNames = { split: local.activityName('split'), sum: local.activityName('sum') };
  const { split, sum } = createSources(activityNames, component.url);
  await Promise.all([split.start(), sum.start()]);
  const arns = {
    split: split.status().activityArn ?? '',
    sum: sum.status().activityArn ?? '',
  };
  local.deleteLater(arns.split);
  local.deleteLater(arns.sum);

  const numbers = [
    ['1 2 3 4 5 6 7 8 9 10', [6, 15, 24, 10]],
    ['100', [100]],
    [Array(90).fill(1).join(' '), Array(30).fill(3)],
  ] as const;
  const executions = await Promise.all(
    numbers.map(([text]) => local.execute(stateMachine(arns), { numbers: text })),
  );
  const ended = await Promise.all(executions.map((execution) => execution.ended));
  expect(ended.map(({ status }) => status)).toEqual(numbers.map(() => 'SUCCEEDED'));
  expect(ended.map(({ output }) => JSON.parse(output ?? '') as unknown)).toEqual(
    numbers.map(([, sums]) => sums),
  );
  expect(split.status()).toMatchObject({ received: 3, succeeded: 3, failed: 0, lost: 0 });
  expect(sum.status()).toMatchObject({ received: 35, succeeded: 35, failed: 0, lost: 0 });
  await Promise.all([split.stop({ graceMs: 0 }), sum.stop({ graceMs: 0 })]);
  component.close();
});
