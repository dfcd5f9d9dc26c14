import { quote } from '@promontory/model'
import { FunctionError, TemplateError, TemplateLimitError } from '../errors.ts'
import { HtmlContext } from '../html/context.ts'
import { show } from '../fmt/print.ts'
import { formatNode, type BranchNode, type CommandNode, type ListNode, type Node } from '../parse/nodes.ts'
import type { NumberNode, Operand, PipeNode, TemplateNode } from '../parse/nodes.ts'
import type { Tree } from '../parse/parser.ts'
import { printArgs } from './builtins.ts'
import type { FunctionTable, ParameterType, TemplateFunction } from './function.ts'
import { GoMap, GoSlice, GoStruct, isTrue, typeName, type Value } from './value.ts'

/** Bounds of one execution. */
export interface TemplateLimits {
  /** Characters (UTF-16 units) written, and in any one string that a function gives. */
  readonly outputLengthMax: number
  /** Nodes evaluated. */
  readonly stepsMax: number
  /** Nested template calls. */
  readonly depthMax: number
  /** Time of one run in ms: it holds up everything else in its thread. Usual ones take one or two. */
  readonly millisMax: number
}

export const DEFAULT_LIMITS: TemplateLimits = {
  outputLengthMax: 4 << 20,
  stepsMax: 1_000_000,
  depthMax: 200,
  millisMax: 1000,
}

/** Steps between two looks at the clock. */
const STEPS_PER_LOOK = 1024

/** Thrown by a function whose answer is not there yet; `answer` settles when it is worth running the template again. */
export class Suspended extends Error {
  readonly answer: Promise<unknown>
  constructor(answer: Promise<unknown>) {
    super('BUG: a suspended template function escaped')
    this.answer = answer
  }
}

/** A step out of a `range`. */
class LoopControl {
  readonly kind: 'break' | 'continue'
  constructor(kind: 'break' | 'continue') {
    this.kind = kind
  }
}

interface Variable {
  readonly name: string
  value: Value
}

/** No value passed on from an earlier stage of a pipeline. */
const NOTHING = Symbol('nothing')
type Final = Value | typeof NOTHING

export interface ExecutorOptions {
  readonly trees: ReadonlyMap<string, Tree>
  readonly functions: FunctionTable
  readonly html: boolean
  readonly limits: TemplateLimits
}

/** Runs one template once. */
export class Executor {
  readonly #options: ExecutorOptions
  readonly #context: HtmlContext | undefined
  #output: string[] = []
  #length = 0
  #steps = 0
  #untilMs = 0
  #depth = 0
  #tree: Tree
  #variables: Variable[] = []
  #node: Node | undefined

  constructor(options: ExecutorOptions, tree: Tree) {
    this.#options = options
    this.#tree = tree
    this.#context = options.html ? new HtmlContext() : undefined
  }

  /** @throws TemplateError with Go's text; Suspended when a function has to wait */
  run(data: Value): string {
    this.#untilMs = performance.now() + this.#options.limits.millisMax
    this.#variables = [{ name: '$', value: data }]
    this.#walkList(data, this.#tree.root)
    return this.#output.join('')
  }

  // Faults

  #fail(message: string): never {
    throw new TemplateError(this.#located(message))
  }

  #located(message: string): string {
    const name = this.#tree.name
    if (this.#node === undefined) return `template: ${name}: ${message}`
    const before = this.#tree.text.slice(0, this.#node.pos)
    const lineStart = before.lastIndexOf('\n') + 1
    const line = before.split('\n').length
    const column = new TextEncoder().encode(before.slice(lineStart)).length
    const context = formatNode(this.#node)
    return `template: ${this.#tree.parseName}:${line}:${column}: executing ${quote(name)} at <${context}>: ${message}`
  }

  #at(node: Node): void {
    this.#node = node
    if (++this.#steps > this.#options.limits.stepsMax)
      throw new TemplateLimitError(this.#located(`more than ${this.#options.limits.stepsMax} steps`))
    if (this.#steps % STEPS_PER_LOOK === 0 && performance.now() > this.#untilMs)
      throw new TemplateLimitError(this.#located(this.#tooLong()))
  }

  #tooLong(): string {
    return `it runs for more than ${this.#options.limits.millisMax} ms`
  }

  #write(text: string): void {
    this.#length += text.length
    const { outputLengthMax } = this.#options.limits
    if (this.#length > outputLengthMax)
      throw new TemplateLimitError(this.#located(`output is longer than ${outputLengthMax} characters`))
    this.#output.push(text)
  }

  // Statements

  #walkList(dot: Value, list: ListNode): void {
    for (const node of list.nodes) this.#walk(dot, node)
  }

  #walk(dot: Value, node: Node): void {
    this.#at(node)
    switch (node.kind) {
      case 'text':
        this.#write(this.#context === undefined ? node.text : this.#context.literal(node.text))
        return
      case 'action':
        this.#action(dot, node.pipe)
        return
      case 'if':
      case 'with':
        this.#ifOrWith(dot, node)
        return
      case 'range':
        this.#range(dot, node)
        return
      case 'template':
        this.#call(dot, node)
        return
      case 'break':
      case 'continue':
        throw new LoopControl(node.kind)
      case 'list':
        this.#walkList(dot, node)
        return
      default:
        this.#fail(`unknown node: ${formatNode(node)}`)
    }
  }

  #action(dot: Value, pipe: PipeNode): void {
    const value = this.#pipeline(dot, pipe)
    if (pipe.declarations.length > 0) return
    this.#node = pipe
    const shown = value ?? (this.#context === undefined ? '<no value>' : '')
    this.#write(
      this.#context === undefined ? show(dereferenced(shown)) : this.#context.value(dereferenced(shown)),
    )
  }

  #ifOrWith(dot: Value, node: BranchNode): void {
    const mark = this.#variables.length
    const value = this.#pipeline(dot, node.pipe)
    if (isTrue(value)) this.#walkList(node.kind === 'with' ? value : dot, node.list)
    else if (node.elseList !== undefined) this.#walkList(dot, node.elseList)
    this.#variables.length = mark
  }

  #range(dot: Value, node: BranchNode): void {
    const mark = this.#variables.length
    const value = this.#pipeline(dot, node.pipe)
    // Go evaluates the declarations without setting them; an empty range leaves nothing behind.
    let count = 0
    for (const [key, element] of this.#elements(value, node)) {
      count++
      this.#setRangeVariables(node.pipe, mark, key, element)
      const inner = this.#variables.length
      try {
        this.#walkList(element, node.list)
      } catch (thrown) {
        if (!(thrown instanceof LoopControl)) throw thrown
        if (thrown.kind === 'break') break
      } finally {
        this.#variables.length = inner
      }
    }
    this.#variables.length = mark
    if (count === 0 && node.elseList !== undefined) this.#walkList(dot, node.elseList)
  }

  #setRangeVariables(pipe: PipeNode, mark: number, key: Value, element: Value): void {
    const { declarations } = pipe
    const values = declarations.length > 1 ? [key, element] : [element]
    declarations.forEach(({ idents }, index) => {
      if (pipe.isAssign) this.#assign(idents[0]!, values[index]!)
      else this.#variables[mark + index]!.value = values[index]!
    })
  }

  *#elements(value: Value, node: BranchNode): Generator<readonly [key: Value, element: Value]> {
    if (value === null) return
    if (value instanceof GoSlice) {
      for (let i = 0; i < value.items.length; i++) yield [BigInt(i), value.items[i]!]
    } else if (value instanceof GoMap) {
      for (const key of value.sortedKeys()) yield [key, value.entries.get(key)!]
    } else if (typeof value === 'bigint') {
      for (let i = 0n; i < value; i++) {
        this.#at(node)
        yield [i, i]
      }
    } else {
      this.#node = node.pipe
      this.#fail(`range can't iterate over ${show(value)}`)
    }
  }

  #call(dot: Value, node: TemplateNode): void {
    const tree = this.#options.trees.get(node.name)
    if (tree === undefined) this.#fail(`template ${quote(node.name)} not defined`)
    const { depthMax } = this.#options.limits
    if (this.#depth >= depthMax)
      throw new TemplateLimitError(this.#located(`exceeded maximum template depth (${depthMax})`))
    const data = node.pipe === undefined ? null : this.#pipeline(dot, node.pipe)
    const saved = { tree: this.#tree, variables: this.#variables }
    this.#depth++
    this.#tree = tree
    this.#variables = [{ name: '$', value: data }]
    this.#walkList(data, tree.root)
    this.#tree = saved.tree
    this.#variables = saved.variables
    this.#depth--
  }

  // Expressions

  #pipeline(dot: Value, pipe: PipeNode): Value {
    this.#at(pipe)
    let value: Final = NOTHING
    for (const command of pipe.commands) value = this.#command(dot, command, value, pipe)
    for (const { idents } of pipe.declarations) {
      if (pipe.isAssign) this.#assign(idents[0]!, value as Value)
      else this.#variables.push({ name: idents[0]!, value: value as Value })
    }
    return value as Value
  }

  #assign(name: string, value: Value): void {
    const variable = this.#variables.findLast((entry) => entry.name === name)
    if (variable === undefined) this.#fail(`undefined variable: ${name}`)
    variable.value = value
  }

  #command(dot: Value, command: CommandNode, final: Final, pipe: PipeNode): Value {
    const first = command.args[0]!
    switch (first.kind) {
      case 'field':
        return this.#fieldNode(dot, first, command.args, final)
      case 'chain':
        return this.#chain(dot, first, command.args, final)
      case 'identifier':
        return this.#function(dot, first, command, final, pipe)
      case 'pipe':
        this.#notAFunction(command.args, final)
        return this.#pipeline(dot, first)
      case 'variable':
        return this.#variableNode(dot, first, command.args, final)
    }
    this.#at(first)
    this.#notAFunction(command.args, final)
    switch (first.kind) {
      case 'bool':
        return first.value
      case 'dot':
        return dot
      case 'nil':
        return this.#fail('nil is not a command')
      case 'number':
        return this.#constant(first)
      case 'string':
        return first.text
    }
  }

  #notAFunction(args: readonly Node[], final: Final): void {
    if (args.length > 1 || final !== NOTHING)
      this.#fail(`can't give argument to non-function ${formatNode(args[0]!)}`)
  }

  #constant(node: NumberNode): Value {
    if (node.isFloatLiteral) return node.float!
    if (node.int === undefined) this.#fail(`${node.text} overflows int`)
    return node.int
  }

  #lookUp(name: string): Value {
    const variable = this.#variables.findLast((entry) => entry.name === name)
    if (variable === undefined) this.#fail(`undefined variable: ${name}`)
    return variable.value
  }

  #variableNode(
    dot: Value,
    node: Extract<Operand, { kind: 'variable' }>,
    args: readonly (Operand | PipeNode)[],
    final: Final,
  ): Value {
    this.#at(node)
    const value = this.#lookUp(node.idents[0]!)
    if (node.idents.length > 1) return this.#fields(dot, value, node, node.idents.slice(1), args, final)
    this.#notAFunction(args, final)
    return value
  }

  #chain(
    dot: Value,
    node: Extract<Operand, { kind: 'chain' }>,
    args: readonly (Operand | PipeNode)[],
    final: Final,
  ): Value {
    this.#at(node)
    if (node.node.kind === 'nil') this.#fail(`indirection through explicit nil in ${formatNode(node)}`)
    const value = this.#argument(dot, node.node, 'any')
    return this.#fields(dot, value, node, node.fields, args, final)
  }

  #fieldNode(
    dot: Value,
    node: Extract<Operand, { kind: 'field' }>,
    args: readonly (Operand | PipeNode)[],
    final: Final,
  ): Value {
    this.#at(node)
    return this.#fields(dot, dot, node, node.idents, args, final)
  }

  #fields(
    dot: Value,
    receiver: Value,
    node: Operand,
    idents: readonly string[],
    args: readonly (Operand | PipeNode)[],
    final: Final,
  ): Value {
    let value = receiver
    for (const ident of idents.slice(0, -1)) value = this.#field(dot, ident, node, [], NOTHING, value)
    return this.#field(dot, idents.at(-1)!, node, args, final, value)
  }

  #field(
    dot: Value,
    name: string,
    node: Operand,
    args: readonly (Operand | PipeNode)[],
    final: Final,
    receiver: Value,
  ): Value {
    if (receiver === null) return null
    const method = typeof receiver === 'object' ? own(receiver.methods, name) : undefined
    if (method !== undefined) return this.#invoke(dot, method, node, name, args.slice(1), final)
    const hasArguments = args.length > 1 || final !== NOTHING
    if (receiver instanceof GoStruct && Object.hasOwn(receiver.fields, name)) {
      if (hasArguments) this.#fail(`${name} has arguments but cannot be invoked as function`)
      return receiver.fields[name]!
    }
    if (receiver instanceof GoMap) {
      if (hasArguments) this.#fail(`${name} is not a method but has arguments`)
      return receiver.entries.get(name) ?? receiver.zero
    }
    return this.#fail(`can't evaluate field ${name} in type ${typeName(receiver)}`)
  }

  #function(
    dot: Value,
    node: Extract<Operand, { kind: 'identifier' }>,
    command: CommandNode,
    final: Final,
    pipe: PipeNode,
  ): Value {
    this.#at(node)
    const name = node.ident
    const callee = own(this.#options.functions, name)
    if (callee === undefined) this.#fail(`${quote(name)} is not a defined function`)
    this.#node = command
    if (name === 'and' || name === 'or') return this.#shortCircuit(dot, name, command, final)
    if (this.#context !== undefined && (name === 'html' || name === 'urlquery')) {
      if (command !== pipe.commands.at(-1))
        this.#fail(`predefined escaper ${quote(name)} disallowed in template`)
      // The context escapes the result; doing it twice would show entities to the reader.
      if (name === 'html' || this.#context.isUrl)
        return this.#invoke(dot, PRINT_ARGUMENTS, command, name, command.args.slice(1), final)
    }
    return this.#invoke(dot, callee, command, name, command.args.slice(1), final)
  }

  #shortCircuit(dot: Value, name: 'and' | 'or', command: CommandNode, final: Final): Value {
    const args = command.args.slice(1)
    if (args.length === 0 && final === NOTHING)
      this.#fail(`wrong number of args for ${name}: want at least 1 got 0`)
    let value: Value = null
    for (const arg of args) {
      value = this.#argument(dot, arg, 'any')
      if (isTrue(value) === (name === 'or')) return value
    }
    return final === NOTHING ? value : final
  }

  #invoke(
    dot: Value,
    callee: TemplateFunction,
    node: Node,
    name: string,
    args: readonly (Operand | PipeNode)[],
    final: Final,
  ): Value {
    const { parameters, variadic } = callee
    const count = args.length + (final === NOTHING ? 0 : 1)
    if (variadic === undefined && count !== parameters.length)
      this.#fail(`wrong number of args for ${name}: want ${parameters.length} got ${count}`)
    if (variadic !== undefined && count < parameters.length)
      this.#fail(`wrong number of args for ${name}: want at least ${parameters.length} got ${count}`)
    const typeOf = (index: number): ParameterType => parameters[index] ?? variadic ?? 'any'
    const values = args.map((arg, index) => this.#argument(dot, arg, typeOf(index)))
    if (final !== NOTHING) values.push(this.#checkType(final, typeOf(args.length)))
    try {
      return this.#bounded(callee.call(...values))
    } catch (error) {
      this.#node = node
      if (error instanceof TemplateLimitError) throw new TemplateLimitError(this.#located(error.message))
      if (error instanceof FunctionError || error instanceof TemplateError)
        throw new TemplateError(this.#located(`error calling ${name}: ${error.message}`), { cause: error })
      throw error
    }
  }

  /** Strings that double in a loop must not fill the memory before they are written. */
  #bounded(value: Value): Value {
    const { outputLengthMax } = this.#options.limits
    if (typeof value === 'string' && value.length > outputLengthMax)
      throw new TemplateLimitError(`a string is longer than ${outputLengthMax} characters`)
    // A single call may take long: on long texts, or of a query.
    if (performance.now() > this.#untilMs) throw new TemplateLimitError(this.#tooLong())
    return value
  }

  #argument(dot: Value, node: Operand | PipeNode, type: ParameterType): Value {
    this.#at(node)
    switch (node.kind) {
      case 'dot':
        return this.#checkType(dot, type)
      case 'nil':
        if (['string', 'int', 'float64', 'bool'].includes(type)) this.#fail(`cannot assign nil to ${type}`)
        return null
      case 'pipe':
        return this.#checkType(this.#pipeline(dot, node), type)
      case 'field':
        return this.#checkType(this.#fieldNode(dot, node, [node], NOTHING), type)
      case 'variable':
        return this.#checkType(this.#variableNode(dot, node, [node], NOTHING), type)
      case 'chain':
        return this.#checkType(this.#chain(dot, node, [node], NOTHING), type)
      case 'identifier': {
        const command: CommandNode = { kind: 'command', pos: node.pos, args: [node] }
        const pipe: PipeNode = {
          kind: 'pipe',
          pos: node.pos,
          declarations: [],
          isAssign: false,
          commands: [command],
        }
        return this.#checkType(this.#function(dot, node, command, NOTHING, pipe), type)
      }
    }
    return this.#literal(node, type)
  }

  #literal(node: Extract<Operand, { kind: 'bool' | 'number' | 'string' }>, type: ParameterType): Value {
    const wrong = (what: string): never => this.#fail(`expected ${what}; found ${formatNode(node)}`)
    switch (type) {
      case 'any':
        return node.kind === 'number' ? this.#constant(node) : node.kind === 'bool' ? node.value : node.text
      case 'string':
        return node.kind === 'string' ? node.text : wrong('string')
      case 'bool':
        return node.kind === 'bool' ? node.value : wrong('bool')
      case 'int':
        return node.kind === 'number' && node.int !== undefined ? node.int : wrong('integer')
      case 'float64':
        return node.kind === 'number' ? node.float! : wrong('float')
    }
    return this.#fail(`can't handle ${formatNode(node)} for arg of type ${type}`)
  }

  #checkType(value: Value, type: ParameterType): Value {
    if (type === 'any') return value
    if (value === null) {
      if (/^(\*|\[\]|map\[)/.test(type)) return null
      this.#fail(`invalid value; expected ${type}`)
    }
    const actual = typeName(value)
    if (actual === type || `*${actual}` === type || actual === `*${type}`) return value
    if (value instanceof GoSlice && isSliceOf(value, type)) return value
    return this.#fail(`wrong type for value; expected ${type}; got ${actual}`)
  }
}

/** An action prints what a pointer points to. */
function dereferenced(value: Value): Value {
  return value instanceof GoStruct && value.goType.startsWith('*')
    ? new GoStruct(value.goType.slice(1), value.fields)
    : value
}

/** `template.Strings` is a `[]string` by another name. */
function isSliceOf(value: GoSlice, type: string): boolean {
  return type === '[]string' && value.goType === 'template.Strings'
}

const PRINT_ARGUMENTS: TemplateFunction = {
  parameters: [],
  variadic: 'any',
  call: (...args: Value[]) => printArgs(args),
}

function own<T>(table: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined
}
