import { expect, it } from 'vitest';
import { readPage } from '../../docs/pages.js';
import { instruments } from '../../support/instruments.js';

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

it("docs/opentelemetry.md lists every instrument, its kind, its unit and Prometheus' name for it", () => {
  const rows = readPage('docs/opentelemetry.md')
    .table('Instruments')
    .map((cells) => {
      const [name = '', kind = '', unit, inPrometheus = ''] = cells.map((cell) =>
        cell.replaceAll('`', ''),
      );
      return { name, kind, unit, inPrometheus };
    });
  expect(rows.sort(byName)).toEqual(instruments().sort(byName));
});
