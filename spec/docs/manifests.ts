import { join } from 'node:path';
import ts from 'typescript';
import { root } from './pages.js';

/** A value, and the type that it should be of. */
export interface Typed {
  value: object;
  type: string;
  /** The module that has the type. */
  from: string;
  /** Whether it is a part: keys that the type needs may be absent. */
  partial?: boolean;
}

/**
 * What a compiler says of the values, a list for each, as if each were a constant of its type. It says
 * keys that the type does not have, keys that it needs, and values of another type.
 */
export function complaintsOf(values: readonly Typed[]): string[][] {
  const sources = new Map(
    values.map(({ value, type, from, partial = false }, i) => {
      const wanted = partial ? `Partial<${type}>` : type;
      const code = `export const value: ${wanted} = ${JSON.stringify(value)};`;
      const text = `import type { ${type} } from '${from}';\n${code}\n`;
      return [join(root, 'spec/docs', `manifest-${i}.ts`), text];
    }),
  );
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts'],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    strict: true,
    noEmit: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => sources.has(file) || fileExists(file);
  host.readFile = (file) => sources.get(file) ?? readFile(file);
  host.getSourceFile = (file, version) => {
    const text = sources.get(file);
    return text === undefined
      ? getSourceFile(file, version)
      : ts.createSourceFile(file, text, version);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return [...sources.keys()].map((file) =>
    program
      .getSemanticDiagnostics(program.getSourceFile(file))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  );
}
