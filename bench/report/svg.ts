import { median } from '../harness/stats.js';
import type { BarChart, Chart, LineChart } from './finding.js';

const WIDTH = 760;
const LABELS = 230;
const VALUES = 90;
const ROW = 30;
const colors = ['#2563eb', '#d97706', '#059669', '#7c3aed', '#dc2626', '#0891b2'];

/** A chart as an SVG that reads on a light and on a dark page. */
export function toSvg(chart: Chart): string {
  return chart.kind === 'bars' ? bars(chart) : lines(chart);
}

function bars({ title, unit, bars: all }: BarChart): string {
  const most = Math.max(...all.flatMap(({ values }) => values));
  const scale = (value: number) => (value / most) * (WIDTH - LABELS - VALUES);
  const rows = all.map(({ label, values }, at) => {
    const top = 44 + at * ROW;
    const middle = median(values);
    const dots = values.map(
      (value) =>
        `<circle cx="${px(LABELS + scale(value))}" cy="${top + 10}" r="3" fill="#111827" fill-opacity="0.55"/>`,
    );
    return [
      text(LABELS - 8, top + 14, label, 'end'),
      `<rect x="${LABELS}" y="${top}" width="${px(scale(middle))}" height="20" rx="2" fill="${label.startsWith('stepfunc') || label.startsWith('ours') ? '#2563eb' : '#94a3b8'}"/>`,
      ...dots,
      text(WIDTH - 4, top + 14, `${middle.toFixed(0)} ${unit}`, 'end'),
    ].join('');
  });
  return frame(title, 52 + all.length * ROW, rows);
}

function lines({ title, unit, xLabel, lines: all }: LineChart): string {
  const [left, top, width, height] = [56, 40, WIDTH - 76, 220];
  const points = all.flatMap((line) => line.points);
  const xMost = Math.max(...points.map(([x]) => x));
  const yMost = Math.max(...points.map(([, y]) => y));
  const x = (value: number) => px(left + (value / xMost) * width);
  const y = (value: number) => px(top + height - (value / yMost) * height);
  const drawn = all.map(
    (line, at) =>
      `<polyline fill="none" stroke="${colors[at % colors.length] ?? ''}" stroke-width="2" points="${line.points.map(([px0, py0]) => `${x(px0)},${y(py0)}`).join(' ')}"/>`,
  );
  return frame(title, top + height + 50, [
    `<path d="M${left} ${top}V${top + height}H${left + width}" fill="none" stroke="#94a3b8"/>`,
    ...drawn,
    text(left - 6, top + 6, short(yMost), 'end'),
    text(left - 6, top + height, '0', 'end'),
    text(left + width, top + height + 18, short(xMost), 'end'),
    text(left + width / 2, top + height + 36, xLabel, 'middle'),
    text(left + 8, top + 6, unit, 'start'),
  ]);
}

function frame(title: string, height: number, parts: readonly string[]): string {
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" poller="img" aria-label="${escape(title)}" font-family="system-ui, sans-serif" font-size="13">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="12" y="24" font-size="15" font-weight="600" fill="#111827">${escape(title)}</text>`,
    ...parts,
    '</svg>',
  ].join('\n')}\n`;
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}" fill="#374151">${escape(content)}</text>`;
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function short(value: number): string {
  return value >= 1_000 ? `${Math.round(value / 1_000)}k` : value.toFixed(value < 10 ? 1 : 0);
}

function escape(content: string): string {
  return content.replace(/[<>&"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
