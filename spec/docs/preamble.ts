import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import type { Block } from './pages.js';
import { root } from './pages.js';

/**
 * A block may take names for granted, as `source` in a line about events. The page's file in assumed/
 * exports these, to compile the block with and to run it with. What that file has from lib is only
 * for blocks that import nothing of this package. One that does is there to be copied, and has to
 * import all that it needs.
 *
 * Returns the import that brings these names, without a line break: the block's lines keep their
 * numbers.
 */
export function preambleOf(block: Block): string {
  const name = basename(block.page, '.md');
  const file = join(root, 'spec/docs/assumed', `${name}.ts`);
  if (!existsSync(file)) return '';
  const assumed = parse(file, ts.sys.readFile(file) ?? '');
  const code = parse('block.ts', block.code);
  const declared = new Set(declaredNames(code));
  const mentioned = identifiersIn(code);
  const stands = importsOf(code).some((from) => from.startsWith('stepfunc-source'));
  const names = assumed.statements.flatMap((statement) => {
    if (ts.isImportDeclaration(statement)) return [];
    const fromLib = ts.isExportDeclaration(statement) && sourceOf(statement)?.includes('lib/');
    return fromLib === true && stands ? [] : namesIn(statement);
  });
  const wanted = names.filter((one) => mentioned.has(one) && !declared.has(one));
  return wanted.length === 0 ? '' : `import { ${wanted.join(', ')} } from './assumed/${name}.js'; `;
}

function parse(name: string, text: string): ts.SourceFile {
  return ts.createSourceFile(name, text, ts.ScriptTarget.Latest);
}

function importsOf(file: ts.SourceFile): string[] {
  return file.statements.flatMap((statement) =>
    ts.isImportDeclaration(statement) ? (sourceOf(statement) ?? []) : [],
  );
}

function sourceOf({ moduleSpecifier }: ts.ImportDeclaration | ts.ExportDeclaration) {
  return moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined;
}

/** The names of the variables that a block declares. */
export function variablesOf({ code }: Block): string[] {
  return parse('block.ts', code).statements.filter(ts.isVariableStatement).flatMap(namesIn);
}

/** Every name that is written, whatever it is the name of. */
function identifiersIn(node: ts.Node, found = new Set<string>()): Set<string> {
  if (ts.isIdentifier(node)) found.add(node.text);
  ts.forEachChild(node, (child) => void identifiersIn(child, found));
  return found;
}

function declaredNames(file: ts.SourceFile): string[] {
  return file.statements.flatMap(namesIn);
}

/** The names that a statement brings into its module, or exports from it. */
function namesIn(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => boundNames(name));
  }
  if (ts.isImportDeclaration(statement)) {
    const bindings = statement.importClause?.namedBindings;
    return bindings && ts.isNamedImports(bindings)
      ? bindings.elements.map(({ name }) => name.text)
      : [];
  }
  if (ts.isExportDeclaration(statement)) {
    const { exportClause } = statement;
    return exportClause && ts.isNamedExports(exportClause)
      ? exportClause.elements.map(({ name }) => name.text)
      : [];
  }
  const named = statement as Partial<ts.DeclarationStatement>;
  return named.name && ts.isIdentifier(named.name) ? [named.name.text] : [];
}

function boundNames(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) =>
    ts.isBindingElement(element) ? boundNames(element.name) : [],
  );
}
