import { join, relative } from 'node:path';
import ts from 'typescript';
import packageJson from '../../package.json' with { type: 'json' };
import { compilerOptions, createHost } from './compile.js';
import type { Block } from './pages.js';
import { root } from './pages.js';

/** Something that a user imports, or a member of it, with what its doc comment says. */
export interface Documented {
  /** `StepFuncSourceConfig.path`. */
  name: string;
  /** `lib/source/config.ts:31`. */
  where: string;
  /** Type-only exports are not called. */
  isFunction: boolean;
  /** Something in its body, or in what that calls, throws. */
  throws: boolean;
  /** A member of an object that users pass, and may leave out. */
  isOption: boolean;
  summary: string;
  tags: { name: string; text: string }[];
}

/** The entry points of package.json's `exports`, as files of lib. */
export function entries(): string[] {
  return Object.values(packageJson.exports)
    .filter((target) => typeof target !== 'string')
    .map((target) => target.import.default.replace('./dist/esm/', 'lib/').replace(/js$/, 'ts'));
}

/** Everything that the entry points export, each once, and the members of it. */
export function readComments(): Documented[] {
  const files = entries().map((entry) => join(root, entry));
  const options = compilerOptions();
  const program = ts.createProgram(files, options, createHost(options));
  const checker = program.getTypeChecker();
  const symbols = new Set(
    files.flatMap((file) => {
      const module = checker.getSymbolAtLocation(program.getSourceFile(file) ?? missing(file));
      return checker.getExportsOfModule(module ?? missing(file)).map((one) => target(one));
    }),
  );
  const passed = passedByUsers();
  return [...symbols].flatMap((symbol) => [
    describe(symbol, symbol.name, false),
    ...membersOf(symbol).map((member) =>
      describe(
        member,
        `${symbol.name}.${member.name}`,
        (member.flags & ts.SymbolFlags.Optional) !== 0 &&
          member.declarations?.some((declaration) => passed.has(declaration)) === true,
      ),
    ),
  ]);

  function target(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  }

  /** The members of what users pass to what they call, inherited ones included. */
  function passedByUsers(): Set<ts.Node> {
    const called = [...symbols].flatMap((symbol) => [symbol, ...membersOf(symbol)]);
    return new Set(
      called
        .flatMap((symbol) => signaturesOf(symbol))
        .flatMap((signature) => signature.getParameters())
        .map((parameter) => checker.getNonNullableType(checker.getTypeOfSymbol(parameter)))
        .flatMap((type) => (type.isUnion() ? type.types : [type]))
        .filter((type) => type.getCallSignatures().length === 0)
        .flatMap((type) => checker.getPropertiesOfType(type))
        .flatMap((member) => member.declarations ?? []),
    );
  }

  /** Of functions, of methods, and of what a class is made by. */
  function signaturesOf(symbol: ts.Symbol): readonly ts.Signature[] {
    const type = checker.getTypeOfSymbol(symbol);
    return [...type.getCallSignatures(), ...type.getConstructSignatures()];
  }

  function membersOf(symbol: ts.Symbol): ts.Symbol[] {
    const declaration = symbol.declarations?.[0];
    const isType =
      declaration !== undefined &&
      (ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration));
    if (!isType) return [];
    return [...(symbol.members?.values() ?? [])].filter(
      ({ name, flags }) => !/^__|#/.test(name) && (flags & ts.SymbolFlags.TypeParameter) === 0,
    );
  }

  function describe(symbol: ts.Symbol, name: string, isOption: boolean): Documented {
    const declaration = symbol.declarations?.[0] ?? missing(name);
    const file = declaration.getSourceFile();
    const { line } = file.getLineAndCharacterOfPosition(declaration.getStart());
    const isFunction =
      (symbol.flags & ts.SymbolFlags.Function) !== 0 || ts.isMethodDeclaration(declaration);
    return {
      name,
      where: `${relative(root, file.fileName)}:${line + 1}`,
      isFunction,
      throws: isFunction && throwing(declaration, new Set()),
      isOption,
      summary: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
      tags: symbol.getJsDocTags(checker).map((tag) => ({
        name: tag.name,
        text: ts.displayPartsToString(tag.text),
      })),
    };
  }

  /** Whether a call of this function may throw or reject by a `throw` of lib's. */
  function throwing(declaration: ts.Node, seen: Set<ts.Node>): boolean {
    if (seen.has(declaration)) return false;
    seen.add(declaration);
    const body = (declaration as ts.FunctionLikeDeclaration).body;
    return body !== undefined && inside(body);

    function inside(node: ts.Node): boolean {
      if (ts.isThrowStatement(node)) return true;
      if (ts.isFunctionLike(node)) return false;
      if (ts.isTryStatement(node) && node.catchClause !== undefined) {
        return (
          inside(node.catchClause) || (node.finallyBlock && inside(node.finallyBlock)) === true
        );
      }
      if (ts.isCallExpression(node)) {
        const called = checker.getSymbolAtLocation(node.expression);
        const callee = called && target(called).declarations?.[0];
        if (callee !== undefined && ts.isFunctionDeclaration(callee) && throwing(callee, seen)) {
          return true;
        }
      }
      return ts.forEachChild(node, inside) === true;
    }
  }
}

/** The code of every `@example`, with or without a fence, as blocks of a page. */
export function readExamples(): Block[] {
  return readComments()
    .flatMap(({ where, name, tags }) =>
      tags
        .filter((tag) => tag.name === 'example')
        .map(({ text }) => ({ where: `${where} ${name}`, text: text.trim() })),
    )
    .map(({ where, text }, i) => ({
      page: 'comments.md',
      where,
      line: i + 1,
      section: '',
      language: 'ts',
      code: /^```\w*\n([^]*?)\n```$/.exec(text)?.[1] ?? text,
      elsewhere: false,
    }));
}

function missing(what: string): never {
  throw new Error(`${what} could not be compiled`);
}
