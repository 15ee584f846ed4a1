import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

// `npm run test:sfn-local`: the specs of this folder, against AWS's Step Functions Local, where there is one.

if (!process.env.SFN_LOCAL_URL) {
  console.log(
    [
      'SKIPPED: nothing was tested. These specs need a running Step Functions Local:',
      '  docker run -p 8083:8083 amazon/aws-stepfunctions-local',
      '  SFN_LOCAL_URL=http://127.0.0.1:8083 npm run test:sfn-local',
    ].join('\n'),
  );
} else {
  const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
  const args = [vitest, 'run', '--project', 'sfn-local', ...process.argv.slice(2)];
  spawn(process.execPath, args, { stdio: 'inherit' }).on('close', (code) => {
    process.exitCode = code ?? 1;
  });
}
