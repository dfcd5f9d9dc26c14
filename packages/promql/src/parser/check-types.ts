import { METRIC_NAME, quote } from '@promontory/model'
import type { AggregateExpr, BinaryExpr, Call, Expr, ValueType, VectorSelector } from './ast.ts'
import { typeOf, withoutParens } from './ast.ts'
import type { ParserState } from './parser-state.ts'
import type { Position } from './position.ts'
import { COMPARISONS, SET_OPERATORS } from './token.ts'

/** A type in the words of the documentation. */
export function documentedType(type: ValueType): string {
  if (type === 'vector') return 'instant vector'
  return type === 'matrix' ? 'range vector' : type
}

/** Checks a tree without syntax faults, and records what is wrong with it in `state`. */
export class TypeChecker {
  readonly #state: ParserState
  readonly #bytes: Uint8Array

  constructor(state: ParserState) {
    this.#state = state
    this.#bytes = new TextEncoder().encode(state.text)
  }

  check(expr: Expr): ValueType {
    switch (expr.type) {
      case 'aggregate':
        this.#aggregate(expr)
        break
      case 'binary':
        this.#binary(expr)
        break
      case 'call':
        this.#call(expr)
        break
      case 'paren':
        this.check(expr.expr)
        break
      case 'unary': {
        const type = this.check(expr.expr)
        if (type !== 'scalar' && type !== 'vector')
          this.#state.fault(
            expr.position,
            `unary expression only allowed on expressions of type scalar or instant vector, got ${quote(documentedType(type))}`,
          )
        break
      }
      case 'subquery': {
        const type = this.check(expr.expr)
        if (type !== 'vector')
          this.#state.fault(expr.position, `subquery is only allowed on instant vector, got ${type} instead`)
        break
      }
      case 'matrixSelector':
        this.check(expr.selector)
        break
      case 'vectorSelector':
        this.#selector(expr)
        break
    }
    return typeOf(expr)
  }

  #expect(expr: Expr, wanted: ValueType, context: string): void {
    const type = this.check(expr)
    if (type !== wanted)
      this.#state.fault(
        expr.position,
        `expected type ${documentedType(wanted)} in ${context}, got ${documentedType(type)}`,
      )
  }

  #aggregate({ op, expr, param }: AggregateExpr): void {
    this.#expect(expr, 'vector', 'aggregation expression')
    if (param !== undefined)
      this.#expect(param, op === 'count_values' ? 'string' : 'scalar', 'aggregation parameter')
  }

  /** Positions as Prometheus reports them: the end points at the last character, not behind it. */
  #operatorPosition({ lhs, rhs }: BinaryExpr): Position {
    const isSpace = (at: number): boolean => [32, 9, 10, 13].includes(this.#bytes[at] ?? 0)
    let { end: start } = lhs.position
    while (isSpace(start)) start++
    let end = rhs.position.start - 1
    while (isSpace(end)) end--
    return { start, end }
  }

  #binary(expr: BinaryExpr): void {
    const { op, lhs, rhs, matching, returnBool, position } = expr
    const fault = (at: Position, message: string): void => this.#state.fault(at, message)
    const left = this.check(lhs)
    const right = this.check(rhs)
    const comparison = COMPARISONS.has(op)
    if (returnBool && !comparison)
      fault(this.#operatorPosition(expr), 'bool modifier can only be used on comparison operators')
    if (comparison && !returnBool && left === 'scalar' && right === 'scalar')
      fault(this.#operatorPosition(expr), 'comparisons between scalars must use BOOL modifier')
    for (const label of matching?.on ? matching.labels : [])
      if (matching!.include.includes(label))
        fault(
          this.#operatorPosition(expr),
          `label ${quote(label)} must not occur in ON and GROUP clause at once`,
        )
    for (const [side, type] of [
      [lhs, left],
      [rhs, right],
    ] as const)
      if (type !== 'scalar' && type !== 'vector')
        fault(side.position, 'binary expression must contain only scalar and instant vector types')
    const filled = matching?.fillLeft !== undefined || matching?.fillRight !== undefined
    if (left !== 'vector' || right !== 'vector') {
      if (matching !== undefined && matching.labels.length > 0)
        fault(position, 'vector matching only allowed between instant vectors')
      if (filled) fault(position, 'filling in missing series only allowed between instant vectors')
      dropMatching(expr)
    } else if (SET_OPERATORS.has(op)) {
      if (matching!.card === 'many-to-one' || matching!.card === 'one-to-many')
        fault(position, `no grouping allowed for ${quote(op)} operation`)
      if (matching!.card !== 'many-to-many') fault(position, 'set operations must always be many-to-many')
      if (filled) fault(position, 'filling in missing series not allowed for set operators')
    }
    if ((left === 'scalar' || right === 'scalar') && SET_OPERATORS.has(op))
      fault(position, `set operator ${quote(op)} not allowed in binary scalar expression`)
  }

  #call(expr: Call): void {
    const { func, args } = expr
    this.#argumentCount(expr)
    if (func.name === 'info' && args.length > 1) this.#infoSelector(expr)
    args.forEach((arg, index) => {
      if (index >= func.argTypes.length && func.variadic === 0) return
      const wanted = func.argTypes[Math.min(index, func.argTypes.length - 1)]!
      const type =
        func.name === 'info' && index === 1 && arg.type === 'vectorSelector' ? 'vector' : this.check(arg)
      if (type !== wanted)
        this.#state.fault(
          arg.position,
          `expected type ${documentedType(wanted)} in call to function ${quote(func.name)}, got ${documentedType(type)}`,
        )
    })
  }

  #argumentCount({ func, args, position }: Call): void {
    const wanted = func.argTypes.length
    const count = args.length
    const least = func.variadic === 0 ? wanted : wanted - 1
    const most = func.variadic < 0 ? Infinity : least + func.variadic
    const call = `argument(s) in call to ${quote(func.name)}, got ${count}`
    if (func.variadic === 0) {
      if (count !== wanted) this.#state.fault(position, `expected ${wanted} ${call}`)
    } else if (count < least) this.#state.fault(position, `expected at least ${least} ${call}`)
    else if (count > most) this.#state.fault(position, `expected at most ${most} ${call}`)
  }

  /** The second argument of `info` holds label matchers, which may all match the empty string. */
  #infoSelector({ args, position }: Call): void {
    const selector = args[1]!
    const type = typeOf(selector)
    if (type !== 'vector')
      this.#state.fault(
        position,
        `expected type instant vector in call to function "info", got ${documentedType(type)}`,
      )
    if (selector.type !== 'vectorSelector')
      this.#state.fault(selector.position, 'expected label selectors only')
    else if (selector.name !== '')
      this.#state.fault(selector.position, 'expected label selectors only, got vector selector instead')
  }

  #selector({ name, matchers, position }: VectorSelector): void {
    if (name !== '') {
      // The last matcher is the one of the name before the braces.
      for (const matcher of matchers.slice(0, -1))
        if (matcher.name === METRIC_NAME)
          this.#state.fault(
            position,
            `metric name must not be set twice: ${quote(name)} or ${quote(matcher.value)}`,
          )
    } else if (matchers.every((matcher) => matcher.matchesEmpty()))
      this.#state.fault(position, 'vector selector must contain at least one non-empty matcher')
  }
}

/** Matching makes sense between vectors only; `a + 1` has none. */
function dropMatching(expr: BinaryExpr): void {
  const node = expr as { -readonly [K in keyof BinaryExpr]: BinaryExpr[K] }
  node.matching = undefined
}

/** The string of a literal argument, brackets around it ignored; undefined for anything else. */
export function stringLiteralValue(expr: Expr): string | undefined {
  const inner = withoutParens(expr)
  return inner.type === 'string' ? inner.value : undefined
}
