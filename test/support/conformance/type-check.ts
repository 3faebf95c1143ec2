import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** What a name stands for: a type, and what the names in it stand for. */
interface Meaning {
  readonly node: ts.TypeNode;
  readonly names: Names;
}
type Names = ReadonlyMap<string, Meaning>;

const NO_NAMES: Names = new Map();

/**
 * Checks values against TypeScript types while the program runs: the very texts that the generator writes as reply types,
 * with the interfaces of `reply-types.ts`. So there is no second list of shapes that could differ from what users see.
 */
export class TypeChecker {
  private readonly declarations = new Map<string, ts.InterfaceDeclaration | ts.TypeAliasDeclaration>();
  private readonly parsed = new Map<string, ts.TypeNode>();

  /** @param files with the interfaces that types may name */
  constructor(files: readonly URL[]) {
    for (const file of files) {
      const source = ts.createSourceFile(
        file.pathname,
        readFileSync(file, 'utf8'),
        ts.ScriptTarget.ES2022,
        true,
      );
      for (const statement of source.statements) {
        if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement))
          this.declarations.set(statement.name.text, statement);
      }
    }
  }

  /**
   * @param type such as `ScoredMember<T>[] | null`
   * @param text what `T` stands for
   * @returns what is wrong, or undefined.
   */
  problemOf(type: string, value: unknown, text: 'string' | 'Buffer' = 'string'): string | undefined {
    const names: Names = new Map([['T', { node: this.parse(text), names: NO_NAMES }]]);
    return this.check(this.parse(type), names, value, 'reply');
  }

  private parse(type: string): ts.TypeNode {
    let node = this.parsed.get(type);
    if (node === undefined) {
      const source = ts.createSourceFile('type.ts', `type It = ${type};`, ts.ScriptTarget.ES2022, true);
      node = (source.statements[0] as ts.TypeAliasDeclaration).type;
      this.parsed.set(type, node);
    }
    return node;
  }

  private check(node: ts.TypeNode, names: Names, value: unknown, path: string): string | undefined {
    const wrong = () => `${path} is ${describe(value)}, not ${node.getText()}`;
    if (ts.isParenthesizedTypeNode(node)) return this.check(node.type, names, value, path);
    if (ts.isUnionTypeNode(node)) {
      const problems = node.types.map((member) => this.check(member, names, value, path));
      return problems.includes(undefined) ? undefined : node.types.length > 2 ? wrong() : problems.join('; ');
    }
    if (ts.isArrayTypeNode(node)) {
      if (!Array.isArray(value)) return wrong();
      return first(value, (item, index) => this.check(node.elementType, names, item, `${path}[${index}]`));
    }
    if (ts.isTupleTypeNode(node)) {
      if (!Array.isArray(value) || value.length !== node.elements.length) return wrong();
      return first(value, (item, index) => {
        const element = node.elements[index]!;
        const type = ts.isNamedTupleMember(element) ? element.type : element;
        return this.check(type, names, item, `${path}[${index}]`);
      });
    }
    if (ts.isTypeLiteralNode(node)) return this.checkMembers([...node.members], names, value, path);
    if (ts.isTypeReferenceNode(node)) return this.checkReference(node, names, value, path);
    if (ts.isLiteralTypeNode(node)) {
      const { literal } = node;
      const expected = ts.isStringLiteral(literal)
        ? literal.text
        : ts.isNumericLiteral(literal)
          ? Number(literal.text)
          : null;
      if (expected === null && literal.kind !== ts.SyntaxKind.NullKeyword)
        throw new Error(`no check for ${node.getText()}`);
      return value === expected ? undefined : wrong();
    }
    return this.isPrimitive(node, value) ? undefined : wrong();
  }

  private isPrimitive(node: ts.TypeNode, value: unknown): boolean {
    switch (node.kind) {
      case ts.SyntaxKind.StringKeyword:
        return typeof value === 'string';
      case ts.SyntaxKind.BooleanKeyword:
        return typeof value === 'boolean';
      case ts.SyntaxKind.NumberKeyword:
        // what no number can hold exactly is a bigint
        return (
          typeof value === 'number' || (typeof value === 'bigint' && !Number.isSafeInteger(Number(value)))
        );
      default:
        throw new Error(`no check for ${node.getText()}`);
    }
  }

  private checkReference(
    node: ts.TypeReferenceNode,
    names: Names,
    value: unknown,
    path: string,
  ): string | undefined {
    const name = node.typeName.getText();
    const given = node.typeArguments ?? [];
    const meaning = names.get(name);
    if (meaning !== undefined) return this.check(meaning.node, meaning.names, value, path);
    if (name === 'Buffer')
      return Buffer.isBuffer(value) ? undefined : `${path} is ${describe(value)}, not a Buffer`;
    if (name === 'Reply') return checkReply(value, path);
    if (name === 'Record') {
      if (!isRecord(value)) return `${path} is ${describe(value)}, not ${node.getText()}`;
      return first(Object.keys(value), (key) => this.check(given[1]!, names, value[key], `${path}.${key}`));
    }
    const declaration = this.declarations.get(name);
    if (declaration === undefined) throw new Error(`no check for the type ${name}`);
    const inner = new Map<string, Meaning>();
    for (const [index, parameter] of (declaration.typeParameters ?? []).entries()) {
      const argument = given[index] ?? parameter.default;
      if (argument) inner.set(parameter.name.text, { node: argument, names: given[index] ? names : inner });
    }
    if (ts.isTypeAliasDeclaration(declaration)) return this.check(declaration.type, inner, value, path);
    return this.checkMembers(this.membersOf(declaration), inner, value, path);
  }

  private membersOf(declaration: ts.InterfaceDeclaration): ts.TypeElement[] {
    const parents = (declaration.heritageClauses ?? []).flatMap((clause) => clause.types);
    const inherited = parents.flatMap((parent) => {
      const found = this.declarations.get(parent.expression.getText());
      if (!found || !ts.isInterfaceDeclaration(found)) throw new Error(`no check for ${parent.getText()}`);
      return this.membersOf(found);
    });
    return [...inherited, ...declaration.members];
  }

  /** Every member is there and right, and nothing else is. */
  private checkMembers(
    members: ts.TypeElement[],
    names: Names,
    value: unknown,
    path: string,
  ): string | undefined {
    if (!isRecord(value)) return `${path} is ${describe(value)}, not an object`;
    const known = new Set<string>();
    let others: ts.TypeNode | undefined;
    for (const member of members) {
      if (ts.isIndexSignatureDeclaration(member)) {
        others = member.type;
        continue;
      }
      if (!ts.isPropertySignature(member)) throw new Error(`no check for ${member.getText()}`);
      const name = ts.isStringLiteral(member.name) ? member.name.text : member.name.getText();
      known.add(name);
      if (!Object.hasOwn(value, name)) {
        if (member.questionToken) continue;
        return `${path} has no ${name}`;
      }
      const problem = this.check(member.type!, names, value[name], `${path}.${name}`);
      if (problem !== undefined) return problem;
    }
    const unknown = Object.keys(value).filter((name) => !known.has(name));
    if (others !== undefined) {
      const type = others;
      return first(unknown, (name) => this.check(type, names, value[name], `${path}.${name}`));
    }
    return unknown.length > 0 ? `${path} has ${unknown.join(', ')} beyond its type` : undefined;
  }
}

function first<Item>(
  items: readonly Item[],
  check: (item: Item, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const problem = check(item, index);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]' && !(value instanceof Map);
}

/** What a decoder may make of the wire, at any depth; an error in it is one that nobody has asked for. */
function checkReply(value: unknown, path: string): string | undefined {
  if (value === null || ['string', 'number', 'bigint', 'boolean'].includes(typeof value)) return undefined;
  if (Buffer.isBuffer(value)) return undefined;
  if (Array.isArray(value)) return first(value, (item, index) => checkReply(item, `${path}[${index}]`));
  if (isRecord(value) && Object.getPrototypeOf(value) === Object.prototype)
    return first(Object.keys(value), (key) => checkReply(value[key], `${path}.${key}`));
  return `${path} is ${describe(value)}, which no reply is`;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const text = typeof value === 'bigint' ? `${value}n` : JSON.stringify(value);
  return `the ${typeof value} ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`;
}
