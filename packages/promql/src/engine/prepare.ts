import type { DurationExpr, Expr, NumberLiteral, TimeModifiers } from '../parser/ast.ts'
import { children, withoutParens } from '../parser/ast.ts'
import { QueryError } from '../errors.ts'
import { goMax, goMin, goPow } from './go-math.ts'

/** What a query knows of its own times. An instant query has a step of 0. */
export interface QueryTimes {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

const LONGEST_SECONDS = 2 ** 63 / 1e9

/**
 * Fills in what depends on the query's times: `start()`, `end()`, `range()`, `step()` as functions, durations that are
 * expressions, `@ start()` and `@ end()`. Brackets around arguments go.
 * @throws QueryError (bad_data) for a duration that is out of range or not a number
 */
export function prepare(expr: Expr, times: QueryTimes): Expr {
  const inner = (part: Expr): Expr => prepare(part, times)
  const argument = (part: Expr): Expr => inner(withoutParens(part))
  switch (expr.type) {
    case 'vectorSelector':
      return { ...expr, ...fixModifiers(expr, times) }
    case 'matrixSelector': {
      const selector = { ...expr.selector, ...fixModifiers(expr.selector, times) }
      return {
        ...expr,
        selector,
        rangeMs: fixDuration(expr.rangeMs, expr.rangeExpr, times, false),
        rangeExpr: undefined,
      }
    }
    case 'subquery':
      return {
        ...expr,
        ...fixModifiers(expr, times),
        expr: inner(expr.expr),
        rangeMs: fixDuration(expr.rangeMs, expr.rangeExpr, times, false),
        rangeExpr: undefined,
        stepMs: fixDuration(expr.stepMs, expr.stepExpr, times, false),
        stepExpr: undefined,
      }
    case 'paren':
    case 'unary':
      return { ...expr, expr: inner(expr.expr) }
    case 'binary':
      return { ...expr, lhs: inner(expr.lhs), rhs: inner(expr.rhs) }
    case 'aggregate':
      return {
        ...expr,
        expr: argument(expr.expr),
        param: expr.param === undefined ? undefined : argument(expr.param),
      }
    case 'call': {
      const value = timeFunctionValue(expr.func.name, times)
      if (value !== undefined) return { type: 'number', value, duration: false, position: expr.position }
      return { ...expr, args: expr.args.map(argument) }
    }
  }
  return expr
}

function timeFunctionValue(name: string, { startMs, endMs, stepMs }: QueryTimes): number | undefined {
  if (name === 'start') return startMs / 1000
  if (name === 'end') return endMs / 1000
  if (name === 'range') return (endMs - startMs) / 1000
  if (name === 'step') return startMs === endMs ? 0 : stepMs / 1000
  return undefined
}

function fixModifiers(
  { offsetMs, offsetExpr, atMs, atBound }: TimeModifiers,
  times: QueryTimes,
): TimeModifiers {
  const bound = atBound === 'start' ? times.startMs : atBound === 'end' ? times.endMs : atMs
  return {
    offsetMs: fixDuration(offsetMs, offsetExpr, times, true),
    offsetExpr: undefined,
    atMs: bound,
    atBound: undefined,
  }
}

function fixDuration(
  literalMs: number,
  expr: DurationExpr | undefined,
  times: QueryTimes,
  negativeAllowed: boolean,
): number {
  if (expr === undefined) return literalMs
  const seconds = durationSeconds(expr, times)
  const where = `${expr.position.start}:${expr.position.end}`
  if (!Number.isFinite(seconds)) throw new QueryError('bad_data', `${where}: duration is NaN or infinite`)
  if (seconds <= 0 && !negativeAllowed)
    throw new QueryError('bad_data', `${where}: duration must be greater than 0`)
  if (Math.abs(seconds) > LONGEST_SECONDS)
    throw new QueryError('bad_data', `${where}: duration is out of range`)
  return Math.trunc(seconds * 1000)
}

function durationSeconds(expr: DurationExpr | NumberLiteral, times: QueryTimes): number {
  if (expr.type === 'number') return expr.value
  const left = expr.lhs === undefined ? 0 : durationSeconds(expr.lhs, times)
  const right = expr.rhs === undefined ? 0 : durationSeconds(expr.rhs, times)
  const where = `${expr.position.start}:${expr.position.end}`
  switch (expr.op) {
    case 'step':
      return times.stepMs / 1000
    case 'range':
      return (times.endMs - times.startMs) / 1000
    case 'min_of':
      return goMin(left, right)
    case 'max_of':
      return goMax(left, right)
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '^':
      return goPow(left, right)
    case '/':
      if (right === 0) throw new QueryError('bad_data', `${where}: division by zero`)
      return left / right
    case '%':
      if (right === 0) throw new QueryError('bad_data', `${where}: modulo by zero`)
      return left % right
  }
}

/** Functions whose value may change with the evaluation time although their arguments do not. */
const TIME_DEPENDENT: ReadonlySet<string> = new Set([
  'days_in_month', 'day_of_month', 'day_of_week', 'day_of_year', 'hour', 'minute', 'month', 'year',
  'predict_linear', 'time', 'timestamp',
]) // prettier-ignore

/** Tells which parts of a prepared tree have the same value at every step, so that one evaluation is enough. */
export class StepInvariance {
  readonly #known = new Map<Expr, boolean>()

  isInvariant(expr: Expr): boolean {
    let known = this.#known.get(expr)
    if (known === undefined) this.#known.set(expr, (known = this.#decide(expr)))
    return known
  }

  #decide(expr: Expr): boolean {
    switch (expr.type) {
      case 'number':
      case 'string':
        return true
      case 'vectorSelector':
      case 'subquery':
        return expr.atMs !== undefined
      case 'aggregate':
        return this.isInvariant(expr.expr)
      case 'call': {
        const all = expr.args.every((arg) => this.isInvariant(arg))
        if (expr.func.name === 'timestamp' && all) return expr.args[0]!.type === 'vectorSelector'
        return all && !TIME_DEPENDENT.has(expr.func.name)
      }
      case 'duration':
        return false
    }
    return children(expr).every((child) => this.isInvariant(child))
  }
}
