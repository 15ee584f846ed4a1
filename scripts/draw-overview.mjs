/**
 * Draws docs/overview.svg, the picture at the top of README.md.
 *
 *     npm run draw:overview                 writes the file
 *     npm run draw:overview -- --check      fails if the file is out of date
 *
 * Boxes bring their own background, and what stands outside of them has a gray that is readable on
 * white and on black. So the picture needs to know nothing of the page around it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const WIDTH = 880;
const HEIGHT = 400;

const colors = {
  outside: '#737b85',
  box: '#f6f8fa',
  text: '#1f2328',
  faint: '#59636e',
  line: '#8c959f',
  aws: '#ffd8a8',
  component: '#b2f2bb',
  store: '#d0bfff',
  task: '#1971c2',
  poll: '#a5d8ff',
  free: '#ffffff',
};

/** Draws the picture. Pure: the same text each time. */
export function drawOverview() {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="title" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif" font-size="13">`,
    '<title id="title">Pollers take tasks from a Step Functions activity, POST them to the component, and report the responses. A lock store lets all instances share the pollers.</title>',
    `<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" fill="${colors.outside}"/></marker></defs>`,
    stepFunctions(),
    instances(),
    component(),
    lockStore(),
    arrow([204, 110], [332, 110], 'task', 'by GetActivityTask'),
    arrow([332, 174], [204, 174], 'SendTaskSuccess', 'or SendTaskFailure'),
    arrow([626, 110], [706, 110], 'POST', 'task input'),
    arrow([706, 174], [626, 174], 'response', '200: output'),
    arrow([470, 332], [470, 284], '', ''),
    text(482, 314, 'one lease a poller', colors.outside),
    '</svg>',
    '',
  ].join('\n');
}

function stepFunctions() {
  const [x, y] = [16, 52];
  const state = (at, name, fill) => [
    rect(x + 24, at, 132, 28, { fill, rx: 14 }),
    text(x + 90, at + 18, name, colors.text, 'middle'),
  ];
  const link = (from) =>
    `<path d="M${x + 90} ${from}v16" stroke="${colors.faint}" stroke-width="1.5"/>`;
  return [
    rect(x, y, 180, 206, { fill: colors.box }),
    text(x + 90, y + 24, 'AWS Step Functions', colors.text, 'middle', 600),
    ...state(y + 44, 'Split', '#ffffff'),
    link(y + 72),
    ...state(y + 88, 'Sum: activity', colors.aws),
    link(y + 116),
    ...state(y + 132, 'Done', '#ffffff'),
    text(x + 90, y + 184, 'Retry, Catch, timeouts', colors.faint, 'middle'),
  ].join('\n');
}

function instances() {
  const [x, y, width, height] = [340, 52, 262, 206];
  const slots = [
    ['task', 'task', 'task', 'poll', 'free'],
    ['poll', 'free', 'free', 'free', 'free'],
  ];
  return [
    // Further instances of the service, behind the first.
    rect(x + 16, y + 16, width, height, { fill: 'none', dashed: true }),
    rect(x + 8, y + 8, width, height, { fill: colors.box }),
    rect(x, y, width, height, { fill: colors.box }),
    text(x + width / 2, y + 24, 'Your service: stepfunc-source', colors.text, 'middle', 600),
    ...slots.map((kinds, poller) => drawPoller(x + 16, y + 44 + poller * 56, poller, kinds)),
    ...legend(x + 16, y + 168),
  ].join('\n');
}

function drawPoller(x, y, poller, kinds) {
  return [
    text(x, y + 22, `poller ${poller}`, colors.text),
    ...kinds.map((kind, slot) => drawSlot(x + 68 + slot * 33, y, 26, kind)),
  ].join('\n');
}

function drawSlot(x, y, size, kind) {
  return rect(x, y + 4, size, size, { fill: colors[kind], rx: 5 });
}

function legend(x, y) {
  const items = [
    ['task', 'task', 0],
    ['poll', 'open poll', 66],
    ['free', 'free slot', 156],
  ];
  return items.flatMap(([kind, name, at]) => [
    drawSlot(x + at, y + 2, 13, kind),
    text(x + at + 19, y + 17, name, colors.faint),
  ]);
}

function component() {
  const [x, y] = [714, 52];
  return [
    rect(x, y, 150, 206, { fill: colors.component }),
    text(x + 75, y + 24, 'Component', colors.text, 'middle', 600),
    ...['any HTTP service,', 'or a function', '', 'knows nothing of', 'Step Functions'].map(
      (line, i) => (line === '' ? '' : text(x + 75, y + 76 + i * 20, line, colors.text, 'middle')),
    ),
  ].join('\n');
}

function lockStore() {
  const [x, y, width] = [280, 336, 380];
  return [
    rect(x, y, width, 48, { fill: colors.store }),
    text(x + width / 2, y + 20, 'Lock store (optional)', colors.text, 'middle', 600),
    text(x + width / 2, y + 38, 'Redis, PostgreSQL, MySQL or DynamoDB', colors.text, 'middle'),
    text(
      470,
      24,
      'maxConcurrency: 10, concurrencyPerPoller: 5, over all instances',
      colors.outside,
      'middle',
    ),
  ].join('\n');
}

function arrow([x1, y1], [x2, y2], above, below) {
  const middle = (x1 + x2) / 2;
  return [
    `<path d="M${x1} ${y1}L${x2} ${y2}" stroke="${colors.outside}" stroke-width="2" marker-end="url(#head)"/>`,
    above === '' ? '' : text(middle, y1 - 8, above, colors.outside, 'middle'),
    below === '' ? '' : text(middle, y1 + 19, below, colors.outside, 'middle', 400, 11.5),
  ]
    .filter((line) => line !== '')
    .join('\n');
}

function rect(x, y, width, height, { fill, rx = 8, dashed = false }) {
  const dashes = dashed ? ' stroke-dasharray="5 4"' : '';
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${rx}" fill="${fill}" stroke="${colors.line}"${dashes}/>`;
}

function text(x, y, words, fill, anchor = 'start', weight = 400, size = undefined) {
  const bold = weight === 400 ? '' : ` font-weight="${weight}"`;
  const sized = size === undefined ? '' : ` font-size="${size}"`;
  const anchored = anchor === 'start' ? '' : ` text-anchor="${anchor}"`;
  return `<text x="${x}" y="${y}" fill="${fill}"${anchored}${bold}${sized}>${words}</text>`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = new URL('../docs/overview.svg', import.meta.url);
  const drawn = drawOverview();
  if (process.argv.includes('--check')) {
    if (readFileSync(file, 'utf8') !== drawn) {
      console.error('docs/overview.svg is not what is drawn now. Run: npm run draw:overview');
      process.exitCode = 1;
    }
  } else {
    writeFileSync(file, drawn);
    console.log(`Wrote ${fileURLToPath(file)}`);
  }
}
