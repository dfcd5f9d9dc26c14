import { quote } from '@promontory/model'
import { TemplateError } from '../errors.ts'
import { lex, type Token, type TokenType } from './lexer.ts'
import { parseNumber, unquote, unquoteChar } from './literals.ts'
import { formatNode, type BranchNode, type CommandNode, type ListNode, type Node } from './nodes.ts'
import type { Operand, PipeNode, TemplateNode, VariableNode } from './nodes.ts'

/** One parsed template: its own name, and the name and text of the source it was defined in. */
export interface Tree {
  readonly name: string
  readonly parseName: string
  readonly text: string
  readonly root: ListNode
}

/** Nesting of actions and brackets that we follow; deeper templates are refused. */
const NESTING_MAX = 200

/**
 * Parses one source text.
 * @param hasFunction whether an identifier names a function
 * @returns the templates it defines, the main one (named `name`) among them
 * @throws TemplateError with Go's text `template: name:line: …`
 */
export function parseTemplate(
  name: string,
  text: string,
  hasFunction: (name: string) => boolean,
): Map<string, Tree> {
  return new Parser(name, text, hasFunction).parse()
}

const OPERAND_STARTS: ReadonlySet<TokenType> = new Set<TokenType>([
  'bool', 'charConstant', 'dot', 'field', 'identifier', 'number', 'nil', 'rawString', 'string', 'variable', 'leftParen',
]) // prettier-ignore

type ListEnd = { readonly keyword: 'end' | 'else'; readonly token: Token }

class Parser {
  readonly #name: string
  readonly #text: string
  readonly #tokens: readonly Token[]
  readonly #hasFunction: (name: string) => boolean
  readonly #trees = new Map<string, Tree>()
  #at = 0
  #line = 1
  #actionLine = 0
  #variables: string[] = ['$']
  #rangeDepth = 0
  #nesting = 0

  constructor(name: string, text: string, hasFunction: (name: string) => boolean) {
    this.#name = name
    this.#text = text
    this.#hasFunction = hasFunction
    this.#tokens = lex(text)
  }

  parse(): Map<string, Tree> {
    const nodes: Node[] = []
    while (this.#peek().type !== 'eof') {
      if (this.#peek().type === 'leftDelim') {
        const start = this.#at
        this.#next()
        const token = this.#nextNonSpace()
        if (token.type === 'keyword' && token.value === 'define') {
          this.#definition()
          continue
        }
        this.#at = start
      }
      const node = this.#textOrAction()
      if ('keyword' in node) this.#fail(`unexpected {{${node.keyword}}}`)
      nodes.push(node)
    }
    this.#add(this.#name, { kind: 'list', pos: 0, nodes })
    return this.#trees
  }

  #add(name: string, root: ListNode): void {
    const old = this.#trees.get(name)
    if (old !== undefined && !isEmptyTree(old.root)) {
      if (isEmptyTree(root)) return
      this.#fail(`template: multiple definition of template ${quote(name)}`)
    }
    this.#trees.set(name, { name, parseName: this.#name, text: this.#text, root })
  }

  // Tokens

  #next(): Token {
    const token = this.#tokens[this.#at] ?? this.#tokens.at(-1)!
    this.#at++
    this.#line = token.line
    return token
  }

  #peek(): Token {
    const token = this.#next()
    this.#at--
    return token
  }

  #nextNonSpace(): Token {
    for (;;) {
      const token = this.#next()
      if (token.type !== 'space') return token
    }
  }

  #peekNonSpace(): Token {
    const token = this.#nextNonSpace()
    this.#at--
    return token
  }

  #fail(message: string): never {
    throw new TemplateError(`template: ${this.#name}:${this.#line}: ${message}`)
  }

  #expect(type: TokenType, context: string): Token {
    const token = this.#nextNonSpace()
    if (token.type !== type) this.#unexpected(token, context)
    return token
  }

  #unexpected(token: Token, context: string): never {
    if (token.type !== 'error') this.#fail(`unexpected ${showToken(token)} in ${context}`)
    let extra = ''
    if (this.#actionLine !== 0 && this.#actionLine !== token.line) {
      extra = ` in action started at ${this.#name}:${this.#actionLine}`
      if (token.value.endsWith(' action')) extra = extra.slice(' in action'.length)
    }
    this.#fail(token.value + extra)
  }

  // Statements

  #definition(): void {
    const context = 'define clause'
    const token = this.#nextNonSpace()
    if (token.type !== 'string' && token.type !== 'rawString') this.#unexpected(token, context)
    const name = this.#unquoted(token)
    this.#expect('rightDelim', context)
    this.#add(name, this.#body(context))
  }

  /** What stands between `define` or `block` and its `end`: its own variables, and outside any loop. */
  #body(context: string): ListNode {
    const saved = { variables: this.#variables, rangeDepth: this.#rangeDepth }
    this.#variables = ['$']
    this.#rangeDepth = 0
    const { list, end } = this.#itemList()
    if (end.keyword !== 'end') this.#fail(`unexpected {{${end.keyword}}} in ${context}`)
    this.#variables = saved.variables
    this.#rangeDepth = saved.rangeDepth
    return list
  }

  #unquoted(token: Token): string {
    return unquote(token.value) ?? this.#fail('invalid syntax')
  }

  /** Nodes up to `{{end}}` or `{{else}}`. */
  #itemList(): { list: ListNode; end: ListEnd } {
    if (++this.#nesting > NESTING_MAX) this.#fail(`nesting deeper than ${NESTING_MAX}`)
    const nodes: Node[] = []
    const pos = this.#peekNonSpace().pos
    while (this.#peekNonSpace().type !== 'eof') {
      const node = this.#textOrAction()
      if ('keyword' in node) {
        this.#nesting--
        return { list: { kind: 'list', pos, nodes }, end: node }
      }
      nodes.push(node)
    }
    return this.#fail('unexpected EOF')
  }

  #textOrAction(): Node | ListEnd {
    const token = this.#nextNonSpace()
    if (token.type === 'text') return { kind: 'text', pos: token.pos, text: token.value }
    if (token.type !== 'leftDelim') this.#unexpected(token, 'input')
    this.#actionLine = token.line
    const node = this.#action()
    this.#actionLine = 0
    return node
  }

  #action(): Node | ListEnd {
    const token = this.#nextNonSpace()
    if (token.type === 'keyword') {
      switch (token.value) {
        case 'block':
          return this.#block()
        case 'break':
        case 'continue':
          return this.#loopControl(token)
        case 'else':
          return this.#else(token)
        case 'end':
          this.#expect('rightDelim', 'end')
          return { keyword: 'end', token }
        case 'if':
        case 'range':
        case 'with':
          return this.#branch(token.value)
        case 'template':
          return this.#templateCall()
      }
    }
    this.#at--
    const pos = this.#peek().pos
    return { kind: 'action', pos, pipe: this.#pipeline('command', 'rightDelim') }
  }

  #loopControl(token: Token): Node {
    const word = token.value as 'break' | 'continue'
    const next = this.#nextNonSpace()
    if (next.type !== 'rightDelim') this.#unexpected(next, `{{${word}}}`)
    if (this.#rangeDepth === 0) this.#fail(`{{${word}}} outside {{range}}`)
    return { kind: word, pos: token.pos }
  }

  #else(token: Token): ListEnd {
    const next = this.#peekNonSpace()
    // `{{else if …}}` and `{{else with …}}` are read by the branch they belong to.
    if (next.type === 'keyword' && (next.value === 'if' || next.value === 'with'))
      return { keyword: 'else', token: next }
    this.#expect('rightDelim', 'else')
    return { keyword: 'else', token }
  }

  #branch(kind: 'if' | 'range' | 'with'): BranchNode {
    const variableCount = this.#variables.length
    const pipe = this.#pipeline(kind, 'rightDelim')
    if (kind === 'range') this.#rangeDepth++
    const { list, end } = this.#itemList()
    if (kind === 'range') this.#rangeDepth--
    const elseList = end.keyword === 'else' ? this.#elseList(kind, end.token) : undefined
    this.#variables.length = variableCount
    return { kind, pos: pipe.pos, pipe, list, elseList }
  }

  #elseList(kind: 'if' | 'range' | 'with', token: Token): ListNode {
    if (token.value === kind && kind !== 'range') {
      this.#nextNonSpace()
      return { kind: 'list', pos: token.pos, nodes: [this.#branch(kind)] }
    }
    if (token.value !== 'else') this.#unexpected(this.#nextNonSpace(), 'else')
    const { list, end } = this.#itemList()
    if (end.keyword !== 'end') this.#fail(`expected end; found {{${end.keyword}}}`)
    return list
  }

  #block(): TemplateNode {
    const context = 'block clause'
    const token = this.#nextNonSpace()
    if (token.type !== 'string' && token.type !== 'rawString') this.#unexpected(token, context)
    const name = this.#unquoted(token)
    const pipe = this.#pipeline(context, 'rightDelim')
    this.#add(name, this.#body(context))
    return { kind: 'template', pos: token.pos, name, pipe }
  }

  #templateCall(): TemplateNode {
    const context = 'template clause'
    const token = this.#nextNonSpace()
    if (token.type !== 'string' && token.type !== 'rawString') this.#unexpected(token, context)
    const name = this.#unquoted(token)
    if (this.#nextNonSpace().type === 'rightDelim')
      return { kind: 'template', pos: token.pos, name, pipe: undefined }
    this.#at--
    return { kind: 'template', pos: token.pos, name, pipe: this.#pipeline(context, 'rightDelim') }
  }

  // Expressions

  #pipeline(context: string, end: TokenType): PipeNode {
    const pos = this.#peekNonSpace().pos
    const { declarations, isAssign } = this.#declarations(context)
    const commands: CommandNode[] = []
    for (;;) {
      const token = this.#nextNonSpace()
      if (token.type === end) break
      if (!OPERAND_STARTS.has(token.type)) this.#unexpected(token, context)
      this.#at--
      commands.push(this.#command())
    }
    this.#checkPipeline(commands, context)
    return { kind: 'pipe', pos, declarations, isAssign, commands }
  }

  #declarations(context: string): { declarations: VariableNode[]; isAssign: boolean } {
    const declarations: VariableNode[] = []
    for (;;) {
      const start = this.#at
      const variable = this.#peekNonSpace()
      if (variable.type !== 'variable') return { declarations, isAssign: false }
      this.#nextNonSpace()
      const next = this.#peekNonSpace()
      const isComma = next.type === 'char' && next.value === ','
      if (next.type !== 'assign' && next.type !== 'declare' && !isComma) {
        this.#at = start
        return { declarations, isAssign: false }
      }
      this.#nextNonSpace()
      declarations.push({ kind: 'variable', pos: variable.pos, idents: [variable.value] })
      if (!isComma) {
        if (next.type === 'assign') for (const { idents } of declarations) this.#checkVariable(idents[0]!)
        else for (const { idents } of declarations) this.#variables.push(idents[0]!)
        return { declarations, isAssign: next.type === 'assign' }
      }
      if (context !== 'range' || declarations.length >= 2) this.#fail(`too many declarations in ${context}`)
      if (this.#peekNonSpace().type !== 'variable') this.#fail('range can only initialize variables')
    }
  }

  #checkVariable(name: string): void {
    if (!this.#variables.includes(name)) this.#fail(`undefined variable ${quote(name)}`)
  }

  #checkPipeline(commands: readonly CommandNode[], context: string): void {
    if (commands.length === 0) this.#fail(`missing value for ${context}`)
    commands.slice(1).forEach((command, index) => {
      if (['bool', 'dot', 'nil', 'number', 'string'].includes(command.args[0]!.kind))
        this.#fail(`non executable command in pipeline stage ${index + 2}`)
    })
  }

  #command(): CommandNode {
    const args: (Operand | PipeNode)[] = []
    const pos = this.#peekNonSpace().pos
    for (;;) {
      this.#peekNonSpace()
      const operand = this.#operand()
      if (operand !== undefined) args.push(operand)
      const token = this.#next()
      if (token.type === 'space') continue
      if (token.type === 'rightDelim' || token.type === 'rightParen') this.#at--
      else if (token.type !== 'pipe') this.#unexpected(token, 'operand')
      break
    }
    if (args.length === 0) this.#fail('empty command')
    return { kind: 'command', pos, args }
  }

  #operand(): Operand | PipeNode | undefined {
    const term = this.#term()
    if (term === undefined || this.#peek().type !== 'field') return term
    const fields: string[] = []
    const pos = this.#peek().pos
    while (this.#peek().type === 'field') fields.push(this.#next().value.slice(1))
    switch (term.kind) {
      case 'field':
      case 'variable':
        return { ...term, pos, idents: [...term.idents, ...fields] }
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        return this.#fail(`unexpected . after term ${quote(formatNode(term))}`)
      default:
        return { kind: 'chain', pos, node: term, fields }
    }
  }

  #term(): Operand | PipeNode | undefined {
    const token = this.#nextNonSpace()
    const { pos, value } = token
    switch (token.type) {
      case 'identifier':
        if (!this.#hasFunction(value)) this.#fail(`function ${quote(value)} not defined`)
        return { kind: 'identifier', pos, ident: value }
      case 'dot':
        return { kind: 'dot', pos }
      case 'nil':
        return { kind: 'nil', pos }
      case 'variable':
        this.#checkVariable(value)
        return { kind: 'variable', pos, idents: [value] }
      case 'field':
        return { kind: 'field', pos, idents: [value.slice(1)] }
      case 'bool':
        return { kind: 'bool', pos, value: value === 'true' }
      case 'number':
      case 'charConstant':
        return this.#number(token)
      case 'leftParen':
        return this.#parenthesised()
      case 'string':
      case 'rawString':
        return { kind: 'string', pos, quoted: value, text: this.#unquoted(token) }
    }
    this.#at--
    return undefined
  }

  #parenthesised(): PipeNode {
    if (++this.#nesting > NESTING_MAX) this.#fail(`nesting deeper than ${NESTING_MAX}`)
    const pipe = this.#pipeline('parenthesized pipeline', 'rightParen')
    this.#nesting--
    return pipe
  }

  #number({ type, value, pos }: Token): Operand {
    if (type === 'charConstant') {
      const code = unquoteChar(value)
      if (code === undefined) this.#fail(`malformed character constant: ${value}`)
      return { kind: 'number', pos, text: value, int: BigInt(code), float: code, isFloatLiteral: false }
    }
    const parsed = parseNumber(value)
    if (parsed === undefined) this.#fail(`illegal number syntax: ${quote(value)}`)
    const isHex = /^[+-]?0[xX]/.test(value)
    const isFloatLiteral = parsed.int === undefined || (isHex ? /[.pP]/ : /[.eEpP]/).test(value)
    return { kind: 'number', pos, text: value, int: parsed.int, float: parsed.float, isFloatLiteral }
  }
}

function isEmptyTree(list: ListNode): boolean {
  return list.nodes.every((node) => node.kind === 'text' && node.text.trim() === '')
}

function showToken(token: Token): string {
  if (token.type === 'eof') return 'EOF'
  if (token.type === 'keyword' || token.type === 'dot' || token.type === 'nil') return `<${token.value}>`
  const runes = [...token.value]
  return runes.length > 10 ? `${quote(runes.slice(0, 10).join(''))}...` : quote(token.value)
}
