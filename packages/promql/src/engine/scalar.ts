import type { BinaryExpr, Call, Expr } from '../parser/ast.ts'
import { scalarOperator } from './binary/operator.ts'
import { ABSENT, FLOAT } from './column.ts'
import type { Evaluation } from './evaluation.ts'
import { goMax, goMin } from './go-math.ts'
import type { Grid } from './grid.ts'
import { timeAt } from './grid.ts'

/** Evaluates a scalar expression at each step. */
export function evaluateScalar(evaluation: Evaluation, expr: Expr, grid: Grid): Float64Array {
  switch (expr.type) {
    case 'number':
      return new Float64Array(grid.count).fill(expr.value)
    case 'paren':
      return evaluation.scalar(expr.expr, grid)
    case 'unary': {
      const values = evaluation.scalar(expr.expr, grid)
      return expr.op === '-' ? values.map((value) => -value) : values
    }
    case 'binary':
      return binary(evaluation, expr, grid)
    case 'call':
      return call(evaluation, expr, grid)
  }
  throw new Error(`BUG: ${expr.type} is not a scalar`)
}

function binary(evaluation: Evaluation, { op, lhs, rhs }: BinaryExpr, grid: Grid): Float64Array {
  const compute = scalarOperator(op)
  const left = evaluation.scalar(lhs, grid)
  const right = evaluation.scalar(rhs, grid)
  return left.map((value, step) => compute(value, right[step]!))
}

function call(evaluation: Evaluation, expr: Call, grid: Grid): Float64Array {
  const out = new Float64Array(grid.count)
  const choose = (pick: (a: number, b: number) => number): Float64Array => {
    const [a, b] = [evaluation.scalar(expr.args[0]!, grid), evaluation.scalar(expr.args[1]!, grid)]
    return a.map((value, step) => pick(value, b[step]!))
  }
  switch (expr.func.name) {
    case 'pi':
      return out.fill(Math.PI)
    case 'time':
      return out.map((_, step) => timeAt(grid, step) / 1000)
    case 'max_of':
      return choose(goMax)
    case 'min_of':
      return choose(goMin)
    case 'scalar':
      return onlyElement(evaluation, expr.args[0]!, grid)
  }
  throw new Error(`BUG: ${expr.func.name} is not a scalar function`)
}

/** `scalar(v)`: the value of the only float at a step, NaN when there is none or more than one. */
function onlyElement(evaluation: Evaluation, arg: Expr, grid: Grid): Float64Array {
  const out = new Float64Array(grid.count).fill(NaN)
  const found = new Uint8Array(grid.count).fill(ABSENT)
  const mark = evaluation.ledger.current
  evaluation.stream(arg, grid, ({ kinds, values }) => {
    for (let step = 0; step < grid.count; step++) {
      if (kinds[step] !== FLOAT) continue
      out[step] = found[step] === ABSENT ? values[step]! : NaN
      found[step] = FLOAT
    }
  })
  evaluation.ledger.settle(mark, 0)
  return out
}
