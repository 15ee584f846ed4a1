import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerfileParser } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import type { Typed } from './manifests.js';
import { complaintsOf } from './manifests.js';
import { readPage, root } from './pages.js';

/**
 * What is to be handed to Kubernetes, ECS and Docker, by docs/deployment.md and examples/service: each
 * has the keys and values that its kind has.
 */
const service = join(root, 'examples/service');
const read = (name: string) => readFileSync(join(service, name), 'utf8');
const { blocks } = readPage('docs/deployment.md');
const codeIn = (language: string) =>
  blocks.filter((block) => block.language === language).map(({ code }) => code);

interface Manifest {
  apiVersion: string;
  kind: string;
}

/** Manifests of Kubernetes, each with the type that it says it is of. */
const manifestsIn = (yaml: string): Typed[] =>
  parseAllDocuments(yaml).map((document) => {
    const value = document.toJS() as Manifest;
    const { apiVersion, kind: type } = value;
    const module = apiVersion === 'v1' ? 'core/v1' : apiVersion;
    return { value, type, from: `kubernetes-types/${module}` };
  });
const partOfPod = (value: object): Typed[] => [
  { value, type: 'PodSpec', from: 'kubernetes-types/core/v1', partial: true },
];
const ecsTask = (json: string): Typed[] => [
  {
    value: JSON.parse(json) as object,
    type: 'RegisterTaskDefinitionCommandInput',
    from: '@aws-sdk/client-ecs',
  },
];

const [head = '', wholePod = '', sidecar = ''] = codeIn('yaml');
const [ecsInPage = ''] = codeIn('json');
const kubernetesFile = read('deploy/kubernetes.yaml');
const ecsFile = read('deploy/ecs-task-definition.json');

const right: Record<string, Typed[]> = {
  'examples/service, Kubernetes': manifestsIn(kubernetesFile),
  'examples/service, autoscaler': manifestsIn(read('deploy/kubernetes-hpa.yaml')),
  'examples/service, ECS': ecsTask(ecsFile),
  'docs/deployment.md, Kubernetes': manifestsIn(wholePod),
  'docs/deployment.md, head': partOfPod((parse(head) as { spec: object }).spec),
  'docs/deployment.md, sidecar': partOfPod(parse(sidecar) as object),
  'docs/deployment.md, ECS': ecsTask(ecsInPage),
};

/** A mistake in each, and what is said of it. */
const wrong: [string, Typed[], RegExp][] = [
  [
    'an unknown key',
    broken('readinessProbe', 'readynessProbe'),
    /"readynessProbe"' does not exist/,
  ],
  ['a list for a number', broken('maxUnavailable: 0', 'maxUnavailable: [0]'), /not assignable/],
  ['no key that must be', broken('  selector:\n    matchLabels', '  labels'), /does not exist/],
  [
    'a string for a number',
    brokenEcs('"stopTimeout": 120', '"stopTimeout": "1"'),
    /not assignable/,
  ],
  ['an unknown value', brokenEcs('"awslogs",', '"cloudwatch",'), /not assignable/],
  ['an unknown key for ECS', brokenEcs('"essential"', '"esential"'), /"esential"' does not exist/],
];

function broken(from: string, to: string): Typed[] {
  expect(kubernetesFile).toContain(from);
  return manifestsIn(kubernetesFile.replace(from, to));
}

function brokenEcs(from: string, to: string): Typed[] {
  expect(ecsFile).toContain(from);
  return ecsTask(ecsFile.replace(from, to));
}

describe('what Kubernetes and ECS get', () => {
  let complaints: Map<Typed, string[]>;
  beforeAll(() => {
    const all = [...Object.values(right), ...wrong.map(([, values]) => values)].flat();
    const found = complaintsOf(all);
    complaints = new Map(all.map((typed, i) => [typed, found[i] ?? []]));
  });
  const saidOf = (values: readonly Typed[]) =>
    values.flatMap((typed) => complaints.get(typed) ?? []);

  it.each(Object.entries(right))('is of its kind: %s', (_, values) => {
    expect(values.length).toBeGreaterThan(0);
    expect(saidOf(values)).toEqual([]);
  });

  it.each(wrong)('is seen to be wrong: %s', (_, values, complaint) => {
    expect(saidOf(values)).toEqual([expect.stringMatching(complaint)]);
  });

  it('is of the kinds that there should be', () => {
    const types = (of: string) => right[of]?.map(({ type }) => type);
    expect(types('examples/service, Kubernetes')).toEqual([
      'ServiceAccount',
      'ConfigMap',
      'Deployment',
      'Service',
      'PodDisruptionBudget',
    ]);
    expect(types('docs/deployment.md, Kubernetes')).toEqual(['Deployment', 'PodDisruptionBudget']);
  });
});

/** What the types do not know: names that have to be those of another manifest. */
it('the manifests of examples/service find each other', () => {
  const all = [...(right['examples/service, Kubernetes'] ?? [])];
  const of = (type: string) => all.find((typed) => typed.type === type)?.value;
  const { spec } = of('Deployment') as Deployment;
  const [autoscaler] = manifestsIn(read('deploy/kubernetes-hpa.yaml'));
  const { labels } = spec.template.metadata;
  expect(labels).toEqual(spec.selector.matchLabels);
  expect(of('Service')).toMatchObject({ spec: { selector: labels } });
  expect(of('PodDisruptionBudget')).toMatchObject({ spec: { selector: { matchLabels: labels } } });
  const { apiVersion, kind, metadata } = of('Deployment') as Deployment;
  expect(autoscaler?.value).toMatchObject({
    spec: { scaleTargetRef: { apiVersion, kind, name: metadata.name } },
  });

  const pod = spec.template.spec;
  expect(of('ServiceAccount')).toMatchObject({ metadata: { name: pod.serviceAccountName } });
  const [volume] = pod.volumes;
  expect(of('ConfigMap')).toMatchObject({ metadata: { name: volume?.configMap.name } });
  const [{ ports, volumeMounts, startupProbe, readinessProbe, livenessProbe }] = pod.containers;
  expect(volumeMounts).toEqual([expect.objectContaining({ name: volume?.name })]);
  const [port] = ports;
  const probes = [startupProbe, readinessProbe, livenessProbe];
  expect(probes.map(({ httpGet }) => httpGet.port)).toEqual(Array(3).fill(port?.name));
  expect(of('Service')).toMatchObject({
    spec: { ports: [{ port: port?.containerPort, targetPort: port?.name }] },
  });
});

interface Deployment extends Manifest {
  metadata: { name: string };
  spec: {
    selector: { matchLabels: object };
    template: {
      metadata: { labels: object };
      spec: {
        serviceAccountName: string;
        volumes: { name: string; configMap: { name: string } }[];
        containers: [
          {
            ports: { name: string; containerPort: number }[];
            volumeMounts: object[];
            startupProbe: Probe;
            readinessProbe: Probe;
            livenessProbe: Probe;
          },
        ];
      };
    };
  };
}
interface Probe {
  httpGet: { port: string };
}

describe('the Dockerfile', () => {
  const text = read('Dockerfile');
  const dockerfile = DockerfileParser.parse(text);

  it('is one', () => {
    expect(validate(text)).toEqual([]);
    expect(validate(text.replace('USER', 'USSR'))).toHaveLength(1);
  });

  it('copies what is there, from stages that there are', () => {
    const stages = dockerfile.getFROMs().map((from) => from.getBuildStage());
    // The copier's own `npm install` makes the lock file.
    const files = [...readdirSync(service), 'package-lock.json'];
    for (const copy of dockerfile.getCOPYs()) {
      const stage = copy.getFromFlag()?.getValue();
      const sources = copy
        .getArguments()
        .map((argument) => argument.getValue())
        .slice(0, -1);
      if (stage === undefined) expect(files).toEqual(expect.arrayContaining(sources));
      else expect(stages).toContain(stage);
    }
  });

  it('starts node itself, as a user without rights, on the port of probes and metrics', () => {
    const last = text.slice(text.lastIndexOf('FROM '));
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^EXPOSE 8081$/m);
    expect(last).toMatch(/^CMD \["node", .*"dist\/main\.js"\]$/m);
    const config = JSON.parse(read('tsconfig.build.json')) as object;
    expect(config).toMatchObject({ compilerOptions: { rootDir: 'src', outDir: 'dist' } });
    expect(existsSync(join(service, 'src/main.ts'))).toBe(true);
  });
});
