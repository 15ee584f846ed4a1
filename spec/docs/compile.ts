import { join } from 'node:path';
import ts from 'typescript';
import { isCode, moduleOf } from './module.js';
import type { Block, Page } from './pages.js';
import { root } from './pages.js';

/**
 * Compiles the code of the pages against lib, as a strict user would, each block as a module of its
 * own: see module.ts.
 */
export interface CompiledPages {
  /** One line an error: where, and what. */
  errors: string[];
  /** How many blocks were compiled. */
  blocks: number;
  /** The names of a public type's members. */
  membersOf(type: string): string[];
  /** The members of each of the types that a public type's members have. */
  membersOfMembers(type: string): Map<string, string[]>;
  /** The strings that a public type's member may be. */
  stringsOf(type: string, member: string): string[];
}

export function compilePages(pages: readonly Pick<Page, 'blocks'>[]): CompiledPages {
  const sources = new Map<string, { text: string; block: Block }>();
  for (const block of pages.flatMap(({ blocks }) => blocks).filter(isCode)) {
    const { name, text } = moduleOf(block);
    sources.set(join(root, 'spec/docs', name), { text, block });
  }

  const options = compilerOptions();
  const host = createHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => sources.has(file) || fileExists(file);
  host.readFile = (file) => sources.get(file)?.text ?? readFile(file);
  host.getSourceFile = (file, version) => {
    const source = sources.get(file);
    return source === undefined
      ? getSourceFile(file, version)
      : ts.createSourceFile(file, source.text, version);
  };
  const index = join(root, 'lib/index.ts');
  const program = ts.createProgram([...sources.keys(), index], options, host);

  const checker = program.getTypeChecker();
  const exports = new Map(exportsOf(checker, program.getSourceFile(index)));

  const errors = [...sources].flatMap(([file, { block }]) => {
    const sourceFile = program.getSourceFile(file);
    if (sourceFile === undefined) return [`${block.where}: could not be read`];
    return [
      ...[
        ...program.getSyntacticDiagnostics(sourceFile),
        ...program.getSemanticDiagnostics(sourceFile),
      ].map((diagnostic) => {
        const { line } = sourceFile.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
        const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
        return `${block.where.replace(/\d+$/, String(block.line + line))}: ${message}`;
      }),
      ...otherThanPublic(checker, exports, sourceFile).map(
        (name) => `${block.where}: type ${name} is not the one that lib/index.ts exports`,
      ),
    ];
  });

  const typeOf = (name: string) => {
    const type = exports.get(name);
    if (type === undefined) throw new Error(`lib/index.ts exports no type ${name}`);
    return type;
  };
  return {
    errors,
    blocks: sources.size,
    membersOf: (type) => memberNames(typeOf(type)),
    membersOfMembers: (type) =>
      new Map(
        typeOf(type)
          .getProperties()
          .map((member) => [member.name, memberNames(checker.getTypeOfSymbol(member))]),
      ),
    stringsOf(type, member) {
      const property = typeOf(type).getProperty(member);
      const union = property && checker.getTypeOfSymbol(property);
      return union?.isUnion()
        ? union.types.flatMap((one) => (one.isStringLiteral() ? [one.value] : []))
        : [];
    },
  };
}

/** The project's own options, less what goes beyond `strict`. */
const asUsers: ts.CompilerOptions = {
  allowJs: true,
  checkJs: true,
  noEmit: true,
  moduleDetection: ts.ModuleDetectionKind.Force,
  noUnusedLocals: false,
  noUnusedParameters: false,
  noPropertyAccessFromIndexSignature: false,
  exactOptionalPropertyTypes: false,
  noUncheckedIndexedAccess: false,
  importHelpers: false,
  // As projects of NestJS have them.
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
};

/** As a user's project has them, but of lib's sources. */
export function compilerOptions(): ts.CompilerOptions {
  return { ...projectOptions(), ...asUsers };
}

/** Each file is parsed once for all programs of this process, which have the same options. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** The files of the disk. */
export function createHost(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (file, version) => {
    if (!parsed.has(file)) parsed.set(file, getSourceFile(file, version));
    return parsed.get(file);
  };
  return host;
}

function projectOptions(): ts.CompilerOptions {
  const file = join(root, 'tsconfig.json');
  const config: unknown = ts.readConfigFile(file, ts.sys.readFile).config;
  return ts.parseJsonConfigFileContent(config, ts.sys, root, undefined, file).options;
}

function exportsOf(checker: ts.TypeChecker, file: ts.SourceFile | undefined): [string, ts.Type][] {
  const module = file && checker.getSymbolAtLocation(file);
  if (module === undefined) throw new Error('lib/index.ts could not be compiled');
  return checker.getExportsOfModule(module).map((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return [symbol.name, checker.getDeclaredTypeOfSymbol(target)];
  });
}

/** The types that a block declares under the name of a public one, though they are not the same. */
function otherThanPublic(
  checker: ts.TypeChecker,
  exports: ReadonlyMap<string, ts.Type>,
  block: ts.SourceFile,
): string[] {
  return block.statements.flatMap((statement) => {
    if (!ts.isTypeAliasDeclaration(statement) && !ts.isInterfaceDeclaration(statement)) return [];
    const { text } = statement.name;
    const exported = exports.get(text);
    if (exported === undefined) return [];
    const declared = checker.getTypeAtLocation(statement.name);
    const same =
      checker.isTypeAssignableTo(declared, exported) &&
      checker.isTypeAssignableTo(exported, declared);
    return same ? [] : [text];
  });
}

function memberNames(type: ts.Type): string[] {
  return type
    .getProperties()
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('__@'));
}
